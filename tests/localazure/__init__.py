"""The local Azure, tested from outside; and the engine on which the whole app runs in one process on virtual time.

conftest        one CA; a local Azure over real connections (`world`), or in this process (`direct`)
world           a local Azure in a thread of its own, over the proxy and TLS
direct          a local Azure on virtual time in this process
inprocess       the app's SDK clients on it: everything is real but the connection
arm             ARM without an SDK: raw requests
resources       one good example of each resource type
engine          the app on it: environments asked for, run, deleted, counted
live            the engine's Functions host: orchestrators on virtual time
guests          the engine's VMs: node, client and probe
administrator   the engine's `ockam` command
"""
