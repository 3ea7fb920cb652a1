"""The `isthmus` command against an HTTP server that speaks the app's contract.

lives.py    lives of environments: what the status document says at any second
server.py   the app's side of the contract, scripted
record.py   records the renderings that the tests compare (recorded/)
conftest.py the server, a terminal with a clock of its own, and the command in it
"""
