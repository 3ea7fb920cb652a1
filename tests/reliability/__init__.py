"""Nothing lost, nothing left: whatever goes wrong, an environment ends ready, or failed and cleaned.

`python -m tests.reliability` runs everything and prints the figures; `make test` runs a seeded sample.

operations   what the app asks of Azure, found out from an undisturbed life
faults       what can go wrong with each of those, and what must come of it
life         one life of an environment under some trouble, and the judgement on it
states       what the region offers changes, and VMs are not what they should be
deaths       the host dies at every point of a life
wishes       cancellations at every episode, retries after every failure
orders       people and accidents in any order, as Hypothesis draws it
trouble      other troubles: activities run twice, permissions taken away, chaos
stack        some faults on the full stack: tests/e2e/faulty.py in worlds of their own
canaries     secrets, searched for in all that a life writes down
figures      runs of many lives, and the table of what came of them
"""
