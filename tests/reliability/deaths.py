"""The host dies: around every request to Azure and after every episode of a life, which ends by a delete or a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from localcloud.azure.front import Incoming
from localcloud.azure.model import Answer
from tests.localazure.engine import Engine
from tests.localazure.live import HostDiedError
from tests.reliability.life import Judgement, through
from tests.reliability.operations import Ending, rehearsal


@dataclass(frozen=True)
class Death:
    """The host dies at the app's n-th request to Azure: before it is carried out, or before its result is recorded."""

    request: int
    after: bool
    ending: Ending = "delete"

    def __str__(self) -> str:
        return f"death {'after' if self.after else 'before'} request {self.request}, {self.ending}"

    def live(self) -> Judgement:
        def arrange(engine: Engine) -> None:
            seen = 0

            def around(incoming: Incoming, serve: Callable[[], Answer]) -> Answer:
                nonlocal seen
                seen += 1
                if seen != self.request:
                    return serve()
                if self.after:
                    serve()
                raise HostDiedError

            engine.session.around = around

        return through(str(self), arrange, ending=self.ending)


@dataclass(frozen=True)
class Between:
    """The host dies when its n-th episode is committed: what it had given out is carried out and never heard of."""

    episode: int
    ending: Ending = "delete"

    def __str__(self) -> str:
        return f"death after episode {self.episode}, {self.ending}"

    def live(self) -> Judgement:
        def arrange(engine: Engine) -> None:
            def after(number: int) -> None:
                if number == self.episode:
                    engine.hub.die()

            engine.hub.after_episode = after

        return through(str(self), arrange, ending=self.ending)


def deaths() -> Iterator[Death | Between]:
    """Every point in an undisturbed life, and every point in the other way to end it."""
    requests = [("delete", number) for number in range(1, rehearsal("delete").requests + 1)]
    swept = rehearsal("sweep")
    requests += [("sweep", number) for number in range(swept.ready_requests + 1, swept.requests + 1)]
    for ending, number in requests:
        yield from (Death(number, False, ending), Death(number, True, ending))  # type: ignore[arg-type]
    yield from (Between(number) for number in range(1, rehearsal("delete").episodes + 1))
    yield from (Between(number, "sweep") for number in range(swept.ready_episodes + 1, swept.episodes + 1))
