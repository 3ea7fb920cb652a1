"""The app in Microsoft's own worker library for Python (azure-functions-runtime), as on Azure.

protocol.py  the messages between host and worker, as protobuf classes
drive.py     the worker's process: runs on a Python of its own, takes one job a line
worker.py    that process, seen from the tests
ingestion.py where Application Insights' exporter sends to
"""
