"""`python -m localcloud demo` and `python -m localcloud up`."""

from __future__ import annotations

import argparse
import signal
import sys

from rich.console import Console

from localcloud.conductor import LocalCloud, StartError
from localcloud.demo import FAILED, INTERRUPTED, OK, SPEC, demo


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="Isthmus on the local cloud.")
    parser.add_argument("command", choices=("demo", "up"), help="run the main job and end, or stay up")
    parser.add_argument(
        "--mode", choices=("rootns", "userns", "loopback"), help="a lesser network than this machine allows"
    )
    parser.add_argument("--speed", type=float, default=0.02, help="seconds for one typical second of Azure (0.02)")
    parser.add_argument("--port", type=int, default=7071, help="port of the app, for `up` (7071)")
    arguments = parser.parse_args()
    # Being told to end is like Ctrl-C: whatever was started is ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console()
    if arguments.command == "demo":
        return demo(arguments.mode, arguments.speed, console)
    return up(arguments.mode, arguments.speed, arguments.port, console)


def up(mode: str | None, speed: float, port: int, console: Console) -> int:
    """Leaves everything running until Ctrl-C, and says how to call it."""
    try:
        with LocalCloud(mode=mode, speed=speed, port=port, tell=lambda line: console.print(f"[dim]{line}[/]")) as cloud:
            one = f"{cloud.url}/api/environments/{SPEC['name']}"
            lines = (
                ("build", f'curl -X POST {cloud.url}/api/environments -d \'{{"name": "{SPEC["name"]}"}}\''),
                ("status", f"curl {one}"),
                ("delete", f"curl -X DELETE {one}"),
                ("orchestrations", f"curl '{cloud.url}/runtime/webhooks/durabletask/instances'"),
                ("census", f"curl {cloud.control}/localcloud/census"),
            )
            for what, line in lines:
                console.print(f"[bold]{what:<15}[/] {line}", highlight=False, soft_wrap=True)
            console.print(f"[dim]logs in {cloud.directory}; Ctrl-C ends everything[/]", soft_wrap=True)
            signal.pause()
            return OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except StartError as error:
        console.print(str(error))
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
