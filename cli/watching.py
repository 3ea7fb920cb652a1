"""Follows an environment until it has settled: polite to the app, patient with the network, never past its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from cli.client import App
from cli.errors import TimedOutError
from cli.outcomes import Outcome, Settled
from cli.sending import Answer, BusyError, pause_after
from cli.terminal import Terminal

LOOK_EVERY = 5.0
"""Seconds between looks where the app did not say."""
TICK = 1.0
"""Seconds between two drawings of the clock."""
PATIENCE = timedelta(minutes=5)
"""For so long nobody may answer before the wait is given up."""
GRACE = timedelta(seconds=60)
"""For so long an end that was there before the request is taken for the old one."""


class Shows(Protocol):
    """Somebody who is told what is seen. `now` is the app's clock."""

    def see(self, status: Mapping[str, Any], now: datetime) -> None: ...
    def tick(self, now: datetime) -> None: ...
    def trouble(self, what: str) -> None: ...


class Watch:
    """One life of one environment. `before`: its status when something was asked of it, for what had settled then."""

    def __init__(
        self,
        app: App,
        terminal: Terminal,
        life: tuple[str, str | None],
        shows: Shows,
        timeout: timedelta,
        before: Mapping[str, Any] | None = None,
    ) -> None:
        self._app, self._terminal, self._life, self._shows = app, terminal, life, shows
        self._began = terminal.now()
        self._deadline = self._began + timeout
        self._stale = _essence(before)
        self._ahead = timedelta()
        self._etag: str | None = None
        self.status: dict[str, Any] = {}

    def until(self, settled: Settled) -> Outcome:
        """Looks until it has settled; `status` is the last document. Raises TimedOutError, RefusedError,
        UnreachableError."""
        while True:
            answer = self._look()
            if answer.body is not None:
                self.status, self._etag = answer.body, answer.etag
                self._shows.see(self.status, self._now())
            outcome = settled(self.status) if self.status and not self._is_old() else None
            if outcome is not None:
                return outcome
            self._pause(answer.retry_after if answer.retry_after is not None else LOOK_EVERY)

    def _look(self) -> Answer:
        since, attempt = self._terminal.now(), 0
        while True:
            try:
                answer = self._app.status(*self._life, self._etag, tries=1)
            except BusyError as busy:
                attempt += 1
                if self._terminal.now() - since > PATIENCE:
                    raise
                self._shows.trouble(busy.title)
                self._pause(pause_after(busy, attempt))
                continue
            if answer.date:
                self._ahead = answer.date - self._terminal.now()
            return answer

    def _is_old(self) -> bool:
        fresh = _essence(self.status) != self._stale
        return not fresh and self._terminal.now() - self._began < GRACE

    def _now(self) -> datetime:
        return self._terminal.now() + self._ahead

    def _pause(self, seconds: float) -> None:
        until = min(self._terminal.now() + timedelta(seconds=seconds), self._deadline)
        while (left := (until - self._terminal.now()).total_seconds()) > 0:
            self._terminal.pause(min(left, TICK))
            self._shows.tick(self._now())
        if self._terminal.now() >= self._deadline:
            minutes = (self._deadline - self._began).total_seconds() / 60
            name = self._life[0]
            raise TimedOutError(
                f"{name} has not settled within {minutes:g} minutes",
                f"It goes on. Look: isthmus status {name} --wait; give up: isthmus cancel {name}",
                self.status,
            )


def _essence(status: Mapping[str, Any] | None) -> Any:
    """What changes when something new happens to an environment."""
    if not status:
        return None
    steps = [(step["state"], step.get("ended")) for corp in status.get("corps", ()) for step in corp["steps"]]
    return status["phase"], status.get("attempt"), status.get("teardown"), steps
