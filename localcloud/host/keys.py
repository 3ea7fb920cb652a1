"""Who may call: keys for functions, for the host, for extensions, and the master key; all kept in the store.

Off by default, as with Azure Functions Core Tools; `--auth` enforces them as Azure does: the key comes as the query's
`code` or as the header `x-functions-key`.
"""

from __future__ import annotations

import hmac

from aiohttp import web

from localcloud.host.app import App, Function
from localcloud.host.store import Store

MASTER, HOST, DURABLE = "_master", "default", "durabletask_extension"


class Keys:
    """The app's keys. `enforced` False: every caller may do everything."""

    def __init__(self, app: App, store: Store, enforced: bool) -> None:
        self.enforced = enforced
        self.master, self.host, self.durable = (store.key(name) for name in (MASTER, HOST, DURABLE))
        self.functions = {
            one.name: store.key(f"functions/{one.name}/{HOST}")
            for one in app.of_kind("httpTrigger")
            if level(one) != "anonymous"
        }

    def document(self) -> dict[str, object]:
        """All of them, as `--keys` prints them."""
        return {
            "masterKey": self.master,
            "functionKeys": {HOST: self.host},
            "systemKeys": {DURABLE: self.durable},
            "functions": self.functions,
        }

    def admits(self, request: web.Request, function: Function) -> bool:
        """Whether the request may call the HTTP function."""
        wanted = level(function)
        if wanted == "anonymous":
            return True
        keys = [self.master] if wanted == "admin" else [self.master, self.host, self.functions[function.name]]
        return self._has(request, keys)

    def admits_admin(self, request: web.Request) -> bool:
        """Whether the request may call /admin."""
        return self._has(request, [self.master])

    def admits_durable(self, request: web.Request) -> bool:
        """Whether the request may call the durable management API."""
        return self._has(request, [self.master, self.durable])

    def _has(self, request: web.Request, keys: list[str]) -> bool:
        if not self.enforced:
            return True
        given = request.headers.get("x-functions-key") or request.query.get("code", "")
        return any(hmac.compare_digest(given.encode(), key.encode()) for key in keys)


def level(function: Function) -> str:
    """The HTTP function's auth level: anonymous, function or admin."""
    declared = function.trigger.get("authLevel") or "function"
    return str(getattr(declared, "value", declared)).lower()
