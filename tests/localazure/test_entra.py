"""Tokens: signed, for one audience, for a time; over the endpoints from which apps, people and VMs get them."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, ManagedIdentityCredential
from cryptography.hazmat.primitives.asymmetric import rsa

from localcloud.azure.entra import LIFETIME, MACHINE_LIFETIME
from localcloud.azure.identities import caller_of
from localcloud.fabric import Origin
from tests.localazure.direct import Direct
from tests.localazure.inprocess import Session
from tests.localazure.resources import build
from tests.localazure.world import World, environment

MANAGEMENT = "https://management.azure.com"


def claims(token: str) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return read


def test_a_person_s_token_is_signed_with_the_key_that_the_tenant_publishes(world: World) -> None:
    person = world.azure.administrator
    token = world.administrator().get_token(f"{MANAGEMENT}/.default").token
    url = f"https://login.microsoftonline.com/{person.tenant_id}/discovery/v2.0/keys"
    (key,) = world.send("GET", url).json()["keys"]
    public = jwt.PyJWK(key)
    read = jwt.decode(token, public, audience=MANAGEMENT, algorithms=["RS256"])
    assert (read["appid"], read["tid"]) == (person.client_id, person.tenant_id)
    assert read["exp"] - read["iat"] == LIFETIME


def test_a_wrong_secret_gets_no_token(world: World) -> None:
    person = world.azure.administrator
    credential = ClientSecretCredential(person.tenant_id, person.client_id, "wrong", **world.options())
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential.get_token(f"{MANAGEMENT}/.default")


def test_the_app_gets_its_token_from_app_service_s_endpoint(world: World) -> None:
    with environment(world.environment):
        credential = ManagedIdentityCredential(client_id=world.environment["AZURE_CLIENT_ID"])
        token = credential.get_token("https://vault.azure.net/.default").token
    read = claims(token)
    assert read["aud"] == "https://vault.azure.net"
    assert read["oid"] == world.azure.seed.identity.properties["principalId"]


def test_app_service_s_endpoint_wants_its_header(world: World) -> None:
    url = world.environment["IDENTITY_ENDPOINT"] + f"?resource={MANAGEMENT}&api-version=2019-08-01"
    answers = [
        requests.get(url, headers=headers, timeout=10, proxies={"http": ""}).status_code
        for headers in ({}, {"X-IDENTITY-HEADER": "wrong"}, {"X-IDENTITY-HEADER": world.environment["IDENTITY_HEADER"]})
    ]
    assert answers == [401, 401, 200]


def test_another_tenant_and_another_grant_are_refused(direct: Direct) -> None:
    def ask(tenant: str, **form: str) -> Any:
        url = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
        answer = direct.send("POST", url, data="&".join(f"{name}={value}" for name, value in form.items()))
        return answer.status_code, answer.json()["error"]

    own = direct.azure.cloud.tenant
    assert ask("other", grant_type="client_credentials") == (400, "invalid_request")
    assert ask(own, grant_type="password") == (400, "unauthorized_client")
    assert ask(own, grant_type="client_credentials", client_id="nobody") == (400, "unauthorized_client")


def refusal(direct: Direct, token: str | None) -> tuple[int, str]:
    headers = {} if token is None else {"Authorization": token}
    url = f"{MANAGEMENT}{direct.arm().groups}?api-version=2025-04-01"
    answer = direct.send("GET", url, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")
    return answer.status_code, answer.json()["error"]["code"]


def test_without_a_token_nobody_gets_in(direct: Direct) -> None:
    assert refusal(direct, None) == (401, "AuthenticationFailed")
    assert refusal(direct, "Basic abc") == (401, "AuthenticationFailed")


def test_a_forged_token_is_refused(direct: Direct) -> None:
    read = claims(direct.token())
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode(read, stranger, "RS256")
    unsigned = jwt.encode(read, "", "none")
    symmetric = jwt.encode(read, "a secret of somebody else's that is long enough", "HS256")
    for token in (forged, unsigned, symmetric, "not-a-token"):
        assert refusal(direct, f"Bearer {token}") == (401, "InvalidAuthenticationToken")


def test_a_token_that_was_changed_is_refused_though_the_true_one_was_seen_before(direct: Direct) -> None:
    token = direct.token()
    assert direct.arm(token).call("GET", direct.arm().groups).status_code == 200
    head, _, signature = token.split(".")
    body = json.dumps(claims(token) | {"oid": direct.azure.administrator.client_id}).encode()
    changed = f"{head}.{jwt.utils.base64url_encode(body).decode()}.{signature}"
    assert refusal(direct, f"Bearer {changed}") == (401, "InvalidAuthenticationToken")


def test_a_token_ends(direct: Direct) -> None:
    token = direct.token()
    direct.advance(MACHINE_LIFETIME - 1)
    assert direct.arm(token).call("GET", direct.arm().groups).status_code == 200
    direct.advance(1)
    assert refusal(direct, f"Bearer {token}") == (401, "ExpiredAuthenticationToken")


@pytest.mark.parametrize(
    ("url", "right", "code"),
    [
        (f"{MANAGEMENT}/subscriptions?api-version=2022-12-01", MANAGEMENT, "InvalidAuthenticationTokenAudience"),
        ("https://VAULT.vault.azure.net/secrets?api-version=7.6", "https://vault.azure.net", "Unauthorized"),
        (
            "https://STORAGE.blob.core.windows.net/isthmus?restype=container&comp=list",
            "https://storage.azure.com",
            "InvalidAuthenticationInfo",
        ),
    ],
)
def test_a_token_for_one_service_is_none_for_another(direct: Direct, url: str, right: str, code: str) -> None:
    url = url.replace("VAULT", direct.azure.seed.vault.name).replace("STORAGE", direct.azure.seed.storage.name)
    audiences = [MANAGEMENT, "https://vault.azure.net", "https://storage.azure.com"]
    for audience in audiences:
        headers = {"Authorization": f"Bearer {direct.token(audience)}", "x-ms-version": "2025-01-05"}
        answer = direct.send("GET", url, headers=headers)
        assert (answer.status_code == 401) == (audience != right)
        assert (code in answer.text) == (audience != right)


class Metadata:
    """169.254.169.254 as seen from an address in the street's network."""

    def __init__(self, direct: Direct) -> None:
        self.direct = direct
        whole = build(direct.arm())
        self.identity = direct.azure.cloud.need(whole["Microsoft.ManagedIdentity/userAssignedIdentities"][0])
        self.network = whole["Microsoft.Network/virtualNetworks"][0].lower()

    def get(self, path: str, peer: str = "10.1.0.4", **headers: str) -> Any:
        session = Session(self.direct.azure, self.direct.loop, Origin("imds", network_id=self.network), peer)
        return session.request(
            "GET", f"http://169.254.169.254/metadata/{path}", headers=headers or {"Metadata": "true"}
        )


def test_a_vm_gets_a_token_of_the_identity_that_it_bears(direct: Direct) -> None:
    metadata = Metadata(direct)
    client = metadata.identity.properties["clientId"]
    where = "identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net"
    answer = metadata.get(f"{where}&client_id={client}").json()
    assert (answer["client_id"], answer["resource"], answer["token_type"]) == (
        client,
        "https://vault.azure.net",
        "Bearer",
    )
    caller = direct.azure.front.directory.caller(f"Bearer {answer['access_token']}", "vault")
    assert caller == caller_of(metadata.identity)
    assert metadata.get(where).json()["client_id"] == client  # the only one there is need not be named


def test_the_metadata_address_wants_its_header_a_resource_and_a_known_caller(direct: Direct) -> None:
    metadata = Metadata(direct)
    where = "identity/oauth2/token?api-version=2018-02-01"
    vault = f"{where}&resource=https://vault.azure.net"
    assert metadata.get(vault, Accept="*/*").status_code == 400
    assert metadata.get(where).status_code == 400
    assert metadata.get(f"{vault}&client_id=another").json()["error_description"] == "Identity not found"
    assert metadata.get(vault, peer="10.1.0.99").status_code == 400
    assert metadata.get("nothing").status_code == 404


def test_the_metadata_address_knows_the_machine(direct: Direct) -> None:
    compute = Metadata(direct).get("instance?api-version=2021-02-01").json()["compute"]
    assert (compute["name"], compute["resourceGroupName"], compute["location"]) == ("vm", "street", "eastus")
