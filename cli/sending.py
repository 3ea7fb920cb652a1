"""One request to the app: where it goes, what it bears, when it is tried again, what an error answer means.

A key or token goes to the host that was named and to no other: redirects are not followed, and URLs out of answers
are never called.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

import httpx

from cli.errors import RefusedError, UnreachableError, UsageError
from cli.terminal import Terminal
from isthmus.problems import Finding

TRIES = 4
BUSY = frozenset({429, 502, 503, 504})
"""Worth another try: throttled, or an app that is just starting. Every call of the contract may be made twice."""
LONGEST_PAUSE = 60.0
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
VISIBLE = range(0x21, 0x7F)


@dataclass(frozen=True)
class Connection:
    """Where the app is and who calls. `entra`: the resource that a token is asked for."""

    url: str
    key: str | None = None
    entra: str | None = None


@dataclass(frozen=True)
class Answer:
    """`body`: the JSON document; None for 304. `retry_after`: seconds. `date`: the app's clock."""

    status: int
    body: Any
    etag: str | None
    retry_after: float | None
    date: datetime | None


class BusyError(UnreachableError):
    """It may be there in a moment: no connection, throttled, or starting. `retry_after`: seconds, if it said."""

    def __init__(self, title: str, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(title, detail)
        self.retry_after = retry_after


class Sender:
    """Sends requests. Raises UsageError for a connection that can't be meant."""

    def __init__(self, connection: Connection, terminal: Terminal) -> None:
        self._connection, self._terminal = connection, terminal
        self.base = _base(connection.url)
        local = _is_local(self.base.host)
        if self.base.scheme == "http" and not local and (connection.key or connection.entra):
            raise UsageError("a key or token is not sent over plain http", "Use https, or an app on this machine.")
        self._key = _word(connection.key, "the key")
        # Whatever proxy the machine has set must not see calls to the machine itself. Without TLS there is nothing to
        # verify, and the loading of certificates is a good part of a short command.
        self._http = httpx.Client(timeout=TIMEOUT, verify=self.base.scheme == "https", trust_env=not local)

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        tries: int = TRIES,
    ) -> Answer:
        """The answer to a request. Raises RefusedError, UnreachableError, and BusyError once `tries` are used up."""
        for attempt in range(1, tries + 1):
            try:
                return self._once(method, path, body, query or {}, headers or {})
            except BusyError as busy:
                # Where nobody listens, a second later nobody listens either: that is told at once.
                if attempt == tries or busy.status == 0:
                    raise
                self._terminal.pause(pause_after(busy, attempt))
        raise AssertionError("at least one try")

    def link(self, path: str, *, with_key: bool = False) -> str:
        """A URL of the app."""
        query = f"?{urlencode({'code': self._key})}" if with_key and self._key else ""
        return f"{str(self.base).rstrip('/')}{path}{query}"

    def _once(self, method: str, path: str, body: Any, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        sent = {"Accept": "application/json", **self._who(), **headers}
        if content is not None:
            sent["Content-Type"] = "application/json"
        try:
            answer = self._http.request(method, self.link(path), content=content, params=query or None, headers=sent)
        except httpx.TransportError as error:
            raise BusyError(f"no answer from {self.base}", _why(error)) from None
        return _read(answer, self.base)

    def _who(self) -> dict[str, str]:
        headers = {"x-functions-key": self._key} if self._key else {}
        if self._connection.entra:
            headers["Authorization"] = f"Bearer {_word(self._terminal.token(self._connection.entra), 'the token')}"
        return headers


def pause_after(busy: BusyError, attempt: int) -> float:
    """Seconds until the next try: what the app said, else twice as long each time."""
    return min(busy.retry_after if busy.retry_after is not None else 2.0**attempt, LONGEST_PAUSE)


def _base(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise UsageError("the app's URL is not an http or https URL", "Such as https://NAME.azurewebsites.net")
    if url.userinfo or url.query or url.fragment:
        raise UsageError("the app's URL must be bare", "Put a key into ISTHMUS_KEY, not into the URL.")
    return url


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _word(text: str | None, what: str) -> str:
    """A header's value without the line end that files and secret stores like to add. Never repeated in an error."""
    word = (text or "").strip()
    if any(ord(letter) not in VISIBLE for letter in word):
        raise UsageError(f"{what} holds characters that no key has")
    return word


def _why(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "It did not answer in time."
    return f"{type(error).__name__}: {error}. Is it running? Its URL is --url or ISTHMUS_URL."


def _read(answer: httpx.Response, base: httpx.URL) -> Answer:
    status, retry_after = answer.status_code, _seconds(answer.headers.get("Retry-After"))
    body = None if status == httpx.codes.NOT_MODIFIED else _json(answer)
    if status in BUSY:
        busy = BusyError(f"{base} is busy or starting (HTTP {status})", _said(body), retry_after)
        busy.status, busy.correlation_id = status, answer.headers.get("X-Correlation-Id")
        raise busy
    if status == httpx.codes.NOT_MODIFIED or (answer.is_success and isinstance(body, dict)):
        return Answer(status, body, answer.headers.get("ETag"), retry_after, _date(answer.headers.get("Date")))
    error = _error(status, body, base)
    error.correlation_id = answer.headers.get("X-Correlation-Id")
    raise error


def _error(status: int, body: Any, base: httpx.URL) -> RefusedError | UnreachableError:
    if status in (401, 403):
        error = UnreachableError(
            f"{base} does not let you in (HTTP {status})",
            "Set ISTHMUS_KEY to a function key of the app, or sign in with --entra RESOURCE.",
        )
    elif 400 <= status < 500 and isinstance(body, dict) and body.get("title"):
        findings = [
            Finding(str(one.get("pointer", "")), str(one.get("detail", "")), str(one.get("mend") or ""))
            for one in body.get("errors") or ()
        ]
        return RefusedError(str(body["title"]), _said(body), findings, body, status)
    else:
        error = UnreachableError(
            f"{base} did not answer as the app does (HTTP {status})", _said(body) or "Is this the URL of the app?"
        )
    error.status = status
    return error


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _said(body: Any) -> str:
    return str(body.get("detail") or body.get("title") or "") if isinstance(body, dict) else ""


def _seconds(text: str | None) -> float | None:
    """Of Retry-After in its form of seconds; the app and Azure's front door send no other."""
    return float(text) if text and text.isascii() and text.isdigit() else None


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except ValueError:
        return None
