"""durabletask's in-memory backend and a worker, in a process of their own; tells its address in a line of JSON."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Generator
from typing import Any

from durabletask.task import ActivityContext, OrchestrationContext, Task, when_all
from durabletask.testing import create_test_backend
from durabletask.worker import ConcurrencyOptions, TaskHubGrpcWorker

CITIES = ("Tokyo", "Seattle", "London", "Lima", "Nairobi")
CONCURRENT = 100
EVENTS_KEPT = 20_000
Steps = Generator[Task[Any], Any, Any]


def say_hello(context: ActivityContext, city: str) -> str:
    return f"Hello {city}!"


def hello_cities(context: OrchestrationContext, given: Any) -> Steps:
    greetings = []
    for city in CITIES:
        greetings.append((yield context.call_activity(say_hello, input=city)))
    return greetings


def fan_out(context: OrchestrationContext, given: int) -> Steps:
    greetings = yield when_all([context.call_activity(say_hello, input=str(n)) for n in range(given)])
    return len(greetings)


def chain(context: OrchestrationContext, given: int) -> Steps:
    for n in range(given):
        yield context.call_activity(say_hello, input=str(n))
    return given


def single(context: OrchestrationContext, given: str) -> Steps:
    return (yield context.call_activity(say_hello, input=given))


def free_port() -> int:
    """The backend does not tell which port it was given for 0."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def main() -> None:
    port = free_port()
    backend = create_test_backend(port, EVENTS_KEPT)
    address = f"127.0.0.1:{port}"
    options = ConcurrencyOptions(CONCURRENT, CONCURRENT, maximum_thread_pool_workers=CONCURRENT)
    worker = TaskHubGrpcWorker(host_address=address, concurrency_options=options)
    for orchestrator in (hello_cities, fan_out, chain, single):
        worker.add_orchestrator(orchestrator)
    worker.add_activity(say_hello)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    worker.start()  # type: ignore[no-untyped-call]
    print(json.dumps({"event": "ready", "url": address}), flush=True)
    over.wait()
    worker.stop()  # type: ignore[no-untyped-call]
    backend.stop()


if __name__ == "__main__":
    main()
