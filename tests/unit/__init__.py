"""Fast tests of meaning (isthmus), of activities on fakes, and of orchestrators driven by replay.

samples.py    a spec, a plan, a site to begin from
fakes.py      the façade of activities/cloud.py and the records' container, in memory
vault.py      a Key Vault in memory
driver.py     runs orchestrators as the host does, with a virtual clock and given activities
actors.py     activities that succeed, fail, wait or break as a test says
record.py     records the histories that test_histories.py replays: `python -m tests.unit.record`
"""
