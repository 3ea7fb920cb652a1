"""Azure OpenAI's data plane: who may ask a model, from where, and its answer."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Mapping

from localcloud.azure import cognitive, ids, latencies
from localcloud.azure.answers import Answerer, Messages
from localcloud.azure.entra import Directory
from localcloud.azure.errors import NotFound, Refusal
from localcloud.azure.model import Answer, Cloud, Json, Resource
from localcloud.fabric import Origin

COMPLETIONS = re.compile(r"^/openai/(?:v1|deployments/(?P<deployment>[^/]+))/chat/completions/?$")
DATA_ACTION = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action"
CLOSED = "Public access is disabled. Please configure private endpoint."


def admit(cloud: Cloud, account: Resource, origin: Origin, peer: str) -> None:
    """By where the call comes from. Raises Refusal 403."""
    if origin.kind == "private_endpoint":
        endpoint = cloud.get(origin.endpoint_id or "")
        connection = endpoint.private["connection"] if endpoint else {}
        if ids.key(connection.get("target", "")) == account.key and connection.get("status") == "Approved":
            return
        raise Refusal(403, "AccessDenied", CLOSED)
    if account.properties["publicNetworkAccess"] == "Disabled":
        raise Refusal(403, "AccessDenied", CLOSED)
    rules = account.properties["networkAcls"]
    if rules["defaultAction"] == "Deny" and not _is_listed(peer, rules["ipRules"]):
        raise Refusal(403, "AccessDenied", "Access denied due to Virtual Network/Firewall rules.")


def _is_listed(peer: str, rules: list[Json]) -> bool:
    try:
        address = ipaddress.ip_address(peer)
        return any(address in ipaddress.ip_network(rule["value"], strict=False) for rule in rules)
    except ValueError:
        return False


def authenticate(cloud: Cloud, directory: Directory, account: Resource, headers: Mapping[str, str]) -> None:
    """An account key or a token whose principal has the data role. Raises Refusal 401."""
    key = headers.get("api-key")
    if key is not None and not account.properties.get("disableLocalAuth"):
        if any(hmac.compare_digest(key.encode(), known.encode()) for known in account.private["keys"]):
            return
    elif "Authorization" in headers:
        caller = directory.caller(headers["Authorization"], "cognitive")
        if cloud.access.allowed(caller, DATA_ACTION, account.id, data=True):
            return
        raise Refusal(
            401,
            "PermissionDenied",
            f"The principal `{caller.object_id}` lacks the required data action `{DATA_ACTION}` to perform `POST "
            "/openai/deployments/{deployment-id}/chat/completions` operation.",
        )
    raise Refusal(
        401,
        "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource.",
    )


async def complete(
    cloud: Cloud, account: Resource, path: str, query: Mapping[str, str], body: object, answer: Answerer
) -> Answer:
    """POST .../chat/completions, admitted and authenticated."""
    match = COMPLETIONS.match(path)
    if not match or (match["deployment"] and "api-version" not in query):
        raise NotFound("404", "Resource not found")
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        raise Refusal(400, "invalid_request_error", "'messages' is a required property")
    if body.get("stream"):
        raise Refusal(400, "unsupported_value", "The local stand-in does not stream.")
    deployment = _deployment(cloud, account, match["deployment"] or str(body.get("model", "")))
    messages: Messages = body["messages"]
    text = await answer(messages)
    asked = sum(len(str(message.get("content") or "").split()) for message in messages)
    said = len(text.split())
    return Answer(
        200,
        {
            "id": f"chatcmpl-{cloud.uuid()}",
            "object": "chat.completion",
            "created": int(cloud.clock.now()),
            "model": f"{deployment.properties['model']['name']}-{deployment.properties['model']['version']}",
            "system_fingerprint": "local-stand-in",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "logprobs": None,
                    "message": {"role": "assistant", "content": text, "refusal": None},
                }
            ],
            "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
        },
    )


def _deployment(cloud: Cloud, account: Resource, name: str) -> Resource:
    found = cloud.get(f"{account.id}/deployments/{name}")
    warming = cloud.latency(latencies.DEPLOYMENT_WARMING)
    if found is None or found.settled is None or cloud.clock.now() < found.settled + warming:
        raise NotFound(
            "DeploymentNotFound",
            "The API deployment for this resource does not exist. If you created the deployment within the last 5 "
            "minutes, please wait a moment and try again.",
        )
    return found


def account_of(cloud: Cloud, host: str) -> Resource:
    found = cognitive.account_of_host(cloud, host)
    if found is None:
        raise NotFound("404", "Resource not found")
    return found
