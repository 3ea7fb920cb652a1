"""Azure OpenAI's data plane through the openai SDK: who is let in, from where, to which deployment."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from localcloud.azure import LocalAzure, seed
from localcloud.fabric import Origin
from tests.localazure.direct import Direct
from tests.localazure.inprocess import Session
from tests.localazure.resources import ACCOUNT, build
from tests.localazure.world import World

ACCOUNTS = "Microsoft.CognitiveServices/accounts"
VERSION = "2024-10-21"
HOST = Origin("host")
PUBLIC = Origin("public")
QUESTION = [{"role": "user", "content": "What is Ockham's Razor? End with the code ABC-12345."}]


class _Direct(httpx2.BaseTransport):
    """What openai's client sends with, from where `origin` stands."""

    def __init__(self, direct: Direct, origin: Origin, peer: str) -> None:
        self._session = Session(direct.azure, direct.loop, origin, peer)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = dict(request.headers)
        answer = self._session.request(request.method, str(request.url), headers=headers, data=request.read())
        return httpx2.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)


class Standing:
    """The street, and clients of its model from anywhere."""

    def __init__(self, direct: Direct) -> None:
        self.direct, self.arm = direct, direct.arm()
        self.examples = build(self.arm)
        direct.advance(60)
        self.account = self.examples[ACCOUNTS][0]
        self.key = self.arm.call("POST", f"{self.account}/listKeys").json()["key1"]
        endpoint = self.examples["Microsoft.Network/privateEndpoints"][0].lower()
        self.inside = Origin("private_endpoint", endpoint_id=endpoint)

    def change(self, **properties: Any) -> None:
        path, body = self.examples[ACCOUNTS]
        self.arm.put(path, body | {"properties": body["properties"] | properties})

    def client(self, origin: Origin = HOST, peer: str = "127.0.0.1", **more: Any) -> openai.AzureOpenAI:
        more = more or {"api_key": self.key}
        http = openai.DefaultHttpxClient(transport=_Direct(self.direct, origin, peer))
        endpoint = f"https://{ACCOUNT}.openai.azure.com"
        return openai.AzureOpenAI(azure_endpoint=endpoint, api_version=VERSION, max_retries=0, http_client=http, **more)

    def ask(self, *where: Any, model: str = "chat", **more: Any) -> str:
        done = self.client(*where, **more).chat.completions.create(model=model, messages=QUESTION)  # type: ignore[arg-type]
        return str(done.choices[0].message.content)

    def refused(self, *where: Any, **more: Any) -> tuple[int, str]:
        with pytest.raises(openai.APIStatusError) as refusal:
            self.ask(*where, **more)
        body: Any = refusal.value.body
        return refusal.value.status_code, str(body["code"])


@pytest.fixture(scope="module")
def unchanged() -> Iterator[Standing]:
    with Direct() as direct:
        yield Standing(direct)


@pytest.fixture
def standing(direct: Direct) -> Standing:
    return Standing(direct)


def test_it_answers_and_says_that_it_is_no_model(unchanged: Standing) -> None:
    answer = unchanged.ask()
    assert "principle" in answer
    assert "stand-in" in answer
    assert answer.endswith("ABC-12345")


def test_the_answer_names_model_and_tokens(unchanged: Standing) -> None:
    done = unchanged.client().chat.completions.create(model="chat", messages=QUESTION)  # type: ignore[arg-type]
    assert done.model == "gpt-5-mini-2025-08-07"
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens
    assert done.choices[0].finish_reason == "stop"


def test_either_key_opens_and_a_wrong_one_does_not(unchanged: Standing) -> None:
    keys = unchanged.arm.call("POST", f"{unchanged.account}/listKeys").json()
    assert unchanged.ask(api_key=keys["key2"])
    assert unchanged.refused(api_key="wrong") == (401, "401")


def test_a_deployment_that_is_not_there_is_404(unchanged: Standing) -> None:
    assert unchanged.refused(model="nothing") == (404, "DeploymentNotFound")


def test_a_token_opens_with_the_data_role_only(standing: Standing) -> None:
    cloud, caller = standing.direct.azure.cloud, standing.direct.azure.front.directory.register("x").caller
    token = standing.direct.token("https://cognitiveservices.azure.com", caller)
    assert standing.refused(azure_ad_token=token) == (401, "PermissionDenied")
    seed.grant(cloud, caller.object_id, "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", standing.account)
    assert standing.ask(azure_ad_token=token)
    arm_token = standing.direct.token("https://management.azure.com", caller)
    assert standing.refused(azure_ad_token=arm_token) == (401, "InvalidAuthenticationTokenAudience")


def test_keys_can_be_switched_off(standing: Standing) -> None:
    standing.change(disableLocalAuth=True)
    assert standing.refused() == (401, "401")


def test_without_public_access_only_the_private_endpoint_leads_in(standing: Standing) -> None:
    standing.change(publicNetworkAccess="Disabled")
    for origin in (HOST, PUBLIC):
        with pytest.raises(openai.PermissionDeniedError, match="Public access is disabled"):
            standing.ask(origin)
    assert standing.ask(standing.inside)
    assert standing.refused(Origin("private_endpoint", endpoint_id="/another")) == (403, "AccessDenied")


def test_a_wrong_key_is_refused_at_the_private_endpoint_too(unchanged: Standing) -> None:
    assert unchanged.refused(unchanged.inside, api_key="wrong") == (401, "401")


def test_network_rules_let_in_the_addresses_that_they_list(standing: Standing) -> None:
    rules = {"defaultAction": "Deny", "ipRules": [{"value": "198.18.7.0/24"}]}
    standing.change(networkAcls=rules)
    assert standing.ask(PUBLIC, "198.18.7.9")
    assert standing.refused(PUBLIC, "198.18.8.9") == (403, "AccessDenied")
    assert standing.ask(standing.inside, "10.1.0.4")


def test_a_fresh_deployment_is_not_found_at_first(standing: Standing) -> None:
    path, body = standing.examples[f"{ACCOUNTS}/deployments"]
    standing.arm.put(path.replace("/chat", "/fresh"), body)
    assert standing.refused(model="fresh") == (404, "DeploymentNotFound")
    standing.direct.advance(20)
    assert standing.ask(model="fresh")


def test_after_the_account_s_end_its_name_answers_to_nobody(standing: Standing) -> None:
    standing.arm.call("DELETE", standing.examples["Microsoft.Network/privateEndpoints"][0])
    standing.direct.advance(60)
    standing.arm.delete(standing.examples[f"{ACCOUNTS}/deployments"][0])
    standing.arm.delete(standing.account)
    assert standing.refused() == (404, "404")


def test_what_is_no_question_is_refused_in_the_service_s_words(unchanged: Standing) -> None:
    url = f"https://{ACCOUNT}.openai.azure.com/openai/deployments/chat/chat/completions"
    headers = {"api-key": unchanged.key}

    def post(url: str, body: Any) -> tuple[int, str]:
        answer = unchanged.direct.send("POST", url, json=body, headers=headers)
        return answer.status_code, answer.json()["error"]["code"]

    versioned = f"{url}?api-version={VERSION}"
    assert post(versioned, {"prompt": "x"}) == (400, "invalid_request_error")
    assert post(versioned, {"messages": QUESTION, "stream": True}) == (400, "unsupported_value")
    assert post(url, {"messages": QUESTION}) == (404, "404")


def test_the_v1_paths_name_the_deployment_as_the_model(unchanged: Standing) -> None:
    base = f"https://{ACCOUNT}.openai.azure.com/openai/v1/"
    headers = {"api-key": unchanged.key}
    question = {"model": "chat", "messages": QUESTION}
    answer = unchanged.direct.send("POST", f"{base}chat/completions", json=question, headers=headers)
    assert answer.status_code == 200


def test_words_can_come_from_elsewhere() -> None:
    async def elsewhere(messages: Any) -> str:
        return f"asked of {len(messages)}"

    with Direct() as direct:
        direct.azure.front.answer = elsewhere
        assert Standing(direct).ask() == "asked of 1"


def test_it_answers_over_a_real_connection(world: World) -> None:
    azure: LocalAzure = world.azure
    assert azure.resolve(f"{ACCOUNT}.openai.azure.com") is None
    build(world.arm())
    key = world.arm().call("POST", f"{world.arm().groups}/street/providers/{ACCOUNTS}/{ACCOUNT}/listKeys").json()
    trust = ssl.create_default_context(cafile=str(world.certificates.authority))
    http = openai.DefaultHttpxClient(proxy=world.url, verify=trust)
    with openai.AzureOpenAI(
        azure_endpoint=f"https://{ACCOUNT}.openai.azure.com",
        api_key=key["key1"],
        api_version=VERSION,
        http_client=http,
        max_retries=5,
    ) as client:
        done = client.chat.completions.create(model="chat", messages=QUESTION)  # type: ignore[arg-type]
    assert "ABC-12345" in str(done.choices[0].message.content)
