"""Figures, as ratios of two things measured in one run on one machine.

host.py        the local Functions host against durabletask's in-memory backend: `python -m bench.host`
sides.py       both, started as processes and driven from outside
in_memory.py   the process of the in-memory backend
host_app/      the app that the Functions host runs
"""

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # before gRPC is imported: it tells of every connection that ends
