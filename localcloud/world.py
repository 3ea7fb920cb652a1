"""The world: Azure, networks, VMs and the Ockam project in one process, which everything in it dies with.

`python -m localcloud.world DIRECTORY --sockets PROXY,OCKAM` is started by the conductor, which made the two
listening sockets on loopback before, so that they stay reachable when this process has left for namespaces of
its own. When everything serves, it prints one JSON line: mode, control URL, and the app settings.
"""

from __future__ import annotations

import argparse
from pathlib import Path

PROJECT_NAME = "project.ockam.example"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localcloud.world", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--sockets", required=True, help="file descriptors of the two listeners: proxy,ockam")
    parser.add_argument("--mode", choices=("rootns", "userns", "loopback"))
    parser.add_argument("--speed", type=float, default=0.02)
    arguments = parser.parse_args()
    raise SystemExit(arguments)


if __name__ == "__main__":
    main()
