"""ARM of a running local cloud as the app's identity sees it, over the proxy: for what a platform team made before."""

from __future__ import annotations

from functools import partial
from typing import Any

import requests

from localcloud.conductor import LocalCloud
from tests.e2e.environment import until
from tests.localazure.arm import Arm

SECONDS = 30.0


def arm(cloud: LocalCloud) -> Arm:
    assert cloud.world is not None
    settings: dict[str, str] = cloud.world.ready["settings"]
    options: dict[str, Any] = {
        "proxies": {"https": settings["HTTPS_PROXY"]},
        "verify": settings["REQUESTS_CA_BUNDLE"],
        "timeout": SECONDS,
    }

    def send(method: str, url: str, **more: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, url, **options | more)

    query = {
        "resource": "https://management.azure.com",
        "api-version": "2019-08-01",
        "client_id": settings["AZURE_CLIENT_ID"],
    }
    headers = {"X-IDENTITY-HEADER": settings["IDENTITY_HEADER"]}
    answer = send("GET", settings["IDENTITY_ENDPOINT"], params=query, headers=headers)
    return Arm(send, partial(until, pause=0.02), settings["AZURE_SUBSCRIPTION_ID"], answer.json()["access_token"])
