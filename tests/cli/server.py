"""The app's side of the contract, scripted: a real HTTP server in a thread.

A test says what each environment's life is and at which second each look finds it; what was sent is kept.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from activities.prices import prices
from isthmus.cost import estimate
from isthmus.problems import CONTENT_TYPE
from isthmus.spec import parse
from tests.cli.lives import Life, at
from tests.unit import samples

CORRELATION = "c0ffee"
DURABLE_KEY = "durable-key-that-nobody-may-print"


@dataclass(frozen=True)
class Seen:
    """One request as it came. Header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Script:
    """A life, and the seconds at which looks find it; the last one stays."""

    life: Life
    moments: deque[float]

    def look(self) -> tuple[float, dict[str, Any]]:
        now = self.moments.popleft() if len(self.moments) > 1 else self.moments[0]
        return now, self.life.status(now)


def problem(status: int, kind: str, title: str, detail: str, errors: Iterable[dict[str, str]] = ()) -> Reply:
    body: dict[str, Any] = {"type": f"urn:isthmus:problem:{kind}", "title": title, "status": status, "detail": detail}
    return Reply(status, body | ({"errors": found} if (found := list(errors)) else {}))


class Server:
    """`next`: replies that come before anything else, in their order. `pages`: what stands at other paths.
    `reborn`: the life that a creation begins.
    `key`: what a caller must bring."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.scripts: dict[str, Script] = {}
        self.next: deque[Reply] = deque()
        self.pages: dict[str, Reply] = {}
        self.reborn: dict[str, Life] = {}
        self.plan_ok = True
        self.taken = False
        self.key: str | None = None
        self.retry_after = "3"
        self.now = samples.REQUESTED
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def play(self, life: Life, *moments: float) -> None:
        """Looks at the environment find it at these seconds of its life; by default at its beginning and its end."""
        self.scripts[life.name] = Script(life, deque(moments or (0, life.over + 60)))

    def sent(self, method: str) -> list[Seen]:
        return [one for one in self.seen if one.method == method]

    def answer(self, seen: Seen) -> Reply:
        if self.next:
            return self.next.popleft()
        if seen.path in self.pages:
            return self.pages[seen.path]
        if self.key and seen.headers.get("x-functions-key") != self.key:
            return Reply(401)
        match [part for part in seen.path.split("/") if part]:
            case ["api", "plans"]:
                return self._plan(seen)
            case ["api", "environments"]:
                return self._create(seen) if seen.method == "POST" else self._list(seen)
            case ["api", "environments", name, *verb]:
                return self._one(seen, name, verb[0] if verb else "")
        return Reply(404)

    def _create(self, seen: Seen) -> Reply:
        spec, findings = parse(seen.body)
        if spec is None:
            errors = [one.as_json() for one in findings]
            return problem(400, "bad-request", "The request can't be carried out", "nothing was started.", errors)
        if self.taken:
            return problem(409, "name-taken", "The name is taken", f"{spec.name} exists with another specification.")
        if spec.name in self.reborn:
            self.play(self.reborn[spec.name])
        body = {
            "name": spec.name,
            "generation": samples.GENERATION,
            "phase": "requested",
            "status_url": f"http://elsewhere.invalid/api/environments/{spec.name}",
            "page_url": f"{self.url}/api/environments/{spec.name}/page",
            "durable": {"statusQueryGetUri": f"{self.url}/runtime/x?code={DURABLE_KEY}"},
        }
        return Reply(202, body, {"Retry-After": self.retry_after})

    def _plan(self, seen: Seen) -> Reply:
        spec, findings = parse(seen.body)
        if spec is None:
            errors = [one.as_json() for one in findings]
            return problem(400, "bad-request", "The request can't be carried out", "nothing was started.", errors)
        plan = samples.plan(spec)
        quota = {"severity": "error", "check": "vcpu_quota", "detail": "4 of 2 cores.", "mend": "Ask for more."}
        wants = ("id", "kind", "corp", "stage", "typical", "resource")
        steps = [{key: step[key] for key in wants} | {"title": step["kind"], "exists": False} for step in plan["steps"]]
        facts = {key: plan[key] for key in ("location", "estimate_seconds", "critical_path")}
        return Reply(
            200,
            facts
            | {"ok": self.plan_ok, "name": spec.name, "model": plan["model"] | {"retires": "2027-03-31"}}
            | {
                "steps": steps,
                "cost": estimate(spec, plan["steps"], prices()),
                "findings": [] if self.plan_ok else [quota],
            },
        )

    def _list(self, seen: Seen) -> Reply:
        names = sorted(name for name in self.scripts if name.startswith(seen.query.get("prefix", "")))
        begin = names.index(seen.query["after"]) + 1 if "after" in seen.query else 0
        page = names[begin : begin + int(seen.query["top"])]
        rows = [self._row(self.scripts[name]) for name in page]
        more = page[-1] if begin + len(page) < len(names) else None
        wanted = seen.query.get("phase")
        return Reply(200, {"environments": [r for r in rows if wanted in (None, r["phase"])], "next": more})

    def _row(self, script: Script) -> dict[str, Any]:
        _, status = script.look()
        same = ("name", "generation", "phase", "requested_at", "expires_at", "updated_at", "progress")
        return {key: status[key] for key in same} | {
            "proof": status["proof"]["result"] if status["proof"] else None,
            "error_code": status["error"]["code"] if status["error"] else None,
            "status_url": f"{self.url}/api/environments/{status['name']}",
        }

    def _one(self, seen: Seen, name: str, verb: str) -> Reply:
        script = self.scripts.get(name)
        if script is None:
            return problem(
                404, "no-such-environment", "No such environment", f"There is no environment named {name!r}."
            )
        match seen.method, verb:
            case "GET", "":
                return self._status(seen, script)
            case ("DELETE", "") | ("POST", "cancel" | "retry"):
                return Reply(202, {"name": name, "generation": samples.GENERATION}, {"Retry-After": self.retry_after})
            case "POST", "renew":
                return Reply(200, {"expires_at": at(3600)})
        return Reply(405)

    def _status(self, seen: Seen, script: Script) -> Reply:
        second, document = script.look()
        self.now = samples.REQUESTED + timedelta(seconds=second)
        etag = f'"{hash(json.dumps(document))}"'
        headers = {"ETag": etag}
        if document["phase"] not in ("ready", "failed", "gone"):
            headers["Retry-After"] = self.retry_after
        return Reply(304, None, headers) if seen.headers.get("if-none-match") == etag else Reply(200, document, headers)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _take(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, url.path, dict(parse_qsl(url.query)), headers, body)
                server.seen.append(seen)
                self._give(server.answer(seen))

            def _give(self, reply: Reply) -> None:
                data = b"" if reply.body is None else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                kind = CONTENT_TYPE if reply.status >= 400 else "application/json"
                for name, value in {"Content-Type": kind, "X-Correlation-Id": CORRELATION, **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = _take

            def date_time_string(self, timestamp: float | None = None) -> str:
                """The app's clock is the life's; nobody else's need agree with it."""
                return format_datetime(server.now, usegmt=True)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
