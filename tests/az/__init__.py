"""The stock Azure CLI on a local Azure in which the app has built an environment: `make check-az`, on demand.

command.py  `az` in a configuration of its own
served.py   a life on virtual time, whose Azure then answers over real connections
"""
