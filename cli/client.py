"""The app's HTTP contract, one method for each call."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from cli.sending import Answer, Sender

ENVIRONMENTS = "/api/environments"
PAGE = 100


class App:
    """The app behind a Sender. Every method raises RefusedError and UnreachableError."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def plan(self, spec: Any) -> dict[str, Any]:
        return self._body("POST", "/api/plans", spec)

    def create(self, spec: Any, key: str) -> dict[str, Any]:
        """`key`: the same for every try, so that trying again asks for nothing new. The Durable Functions URLs of
        the answer bear a key of their own; they are left out, and so are in no log."""
        accepted = self._sender.send("POST", ENVIRONMENTS, spec, headers={"Idempotency-Key": key}).body
        return {name: value for name, value in accepted.items() if name != "durable"}

    def status(
        self, name: str, generation: str | None = None, etag: str | None = None, tries: int | None = None
    ) -> Answer:
        """The status document; with an `etag` that still holds, an answer 304 without one."""
        query = {"generation": generation} if generation else {}
        headers = {"If-None-Match": etag} if etag else {}
        more = {} if tries is None else {"tries": tries}
        return self._sender.send("GET", _path(name), query=query, headers=headers, **more)

    def environments(self, phase: str | None, prefix: str | None, most: int) -> list[dict[str, Any]]:
        """Up to `most` environments, page after page."""
        query = {key: value for key, value in (("phase", phase), ("prefix", prefix)) if value}
        found: list[dict[str, Any]] = []
        while len(found) < most:
            body = self._body("GET", ENVIRONMENTS, query=query | {"top": str(min(PAGE, most - len(found)))})
            found += body["environments"]
            if not body.get("next"):
                break
            query["after"] = str(body["next"])
        return found[:most]

    def cancel(self, name: str) -> dict[str, Any]:
        return self._body("POST", _path(name, "cancel"))

    def retry(self, name: str, tickets: Any) -> dict[str, Any]:
        return self._body("POST", _path(name, "retry"), {"tickets": tickets} if tickets else None)

    def renew(self, name: str, minutes: int | None) -> dict[str, Any]:
        return self._body("POST", _path(name, "renew"), {"lease_minutes": minutes} if minutes else None)

    def delete(self, name: str) -> dict[str, Any]:
        return self._body("DELETE", _path(name))

    def page(self, name: str | None, *, with_key: bool = False) -> str:
        """The status page's URL; with the key only for a browser, which can't send it in any other way."""
        return self._sender.link(_path(name, "page") if name else f"{ENVIRONMENTS}/page", with_key=with_key)

    def _body(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = self._sender.send(method, path, body, query).body
        return answer


def _path(name: str, verb: str = "") -> str:
    return f"{ENVIRONMENTS}/{quote(name, safe='')}{'/' + verb if verb else ''}"
