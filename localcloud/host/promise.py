"""A deterministic future and coroutine runner: nothing happens but what a history event makes happen."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any


class Promise:
    """Settled once, with a value or an exception; callbacks run at once, in order."""

    def __init__(self) -> None:
        self.settled = False
        self.error: Exception | None = None
        self.value: Any = None
        self._callbacks: list[Callable[[], None]] = []

    def settle(self, value: Any = None, error: Exception | None = None) -> None:
        if self.settled:
            return
        self.settled, self.value, self.error = True, value, error
        for callback in self._callbacks:
            callback()

    def then(self, callback: Callable[[], None]) -> None:
        if self.settled:
            callback()
        else:
            self._callbacks.append(callback)

    def __await__(self) -> Generator[Promise, None, Any]:
        if not self.settled:
            yield self
        if self.error is not None:
            raise self.error
        return self.value


def kept(value: Any = None) -> Promise:
    """A promise that is settled already."""
    promise = Promise()
    promise.settle(value)
    return promise


def spawn(coroutine: Coroutine[Promise, None, Any]) -> Promise:
    """Runs the coroutine as far as it goes now, and further whenever what it waits for settles."""
    outcome = Promise()

    def step() -> None:
        try:
            coroutine.send(None).then(step)
        except StopIteration as stop:
            outcome.settle(stop.value)
        except Exception as error:
            outcome.settle(error=error)

    step()
    return outcome


def when_all(promises: Sequence[Promise]) -> Promise:
    """Waits for every one, then fails with the first failure, as .NET's WhenAll does."""
    outcome, left = Promise(), len(promises)
    if not promises:
        return kept()

    def one_settled() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            outcome.settle(error=next((p.error for p in promises if p.error), None))

    for promise in promises:
        promise.then(one_settled)
    return outcome


def when_any(promises: Sequence[Promise]) -> Promise:
    """Settles with the first one that does; never fails."""
    if not promises:
        return kept()
    outcome = Promise()
    for promise in promises:
        promise.then(outcome.settle)
    return outcome
