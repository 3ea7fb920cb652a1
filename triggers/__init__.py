"""What wakes the app.

environments.py   environments over HTTP
actions.py        cancel, retry, renew, delete: what API and pages do with one that is there
plans.py          dry runs
pages.py          the status pages, for people
service.py        health, and the OpenAPI document
events.py         the timer that sends lifecycle events, and who is told of them
cleanup.py        cleanup: the timer, dry runs, the last reports
drift.py          the timer that looks whether what is ready is still as planned
endpoint.py       what every endpoint has in common: correlation id, who asks, log, failures
answers.py        how answers and problems look
"""
