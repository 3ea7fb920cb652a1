"""What happens in which order: deterministic, no I/O, each a page.

walking.py                 rounds of short activities and one timer: how a Walk is gone through
provision_environment.py   plan -> reserve secrets -> build every corp at once -> verify -> ready
build_corp.py              one corp's resources, everything at the same time that does not need each other
teardown_environment.py    access out, groups deleted, purge, secrets, and a look that nothing is left
check_drift.py             looks at every environment that is ready
repair_environment.py      puts right what drifted, and verifies again
clean_up.py                takes down what has expired or was left behind, and reports
"""
