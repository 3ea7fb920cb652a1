"""The `isthmus` command: an HTTP client of the app, for people and pipelines.

main.py      the command line: every command and its options
options.py   the options that several commands have
session.py   what every command has in common: where the app is, who calls, how an end is told
terminal.py  what the command takes from its machine: screen, clock, input, browser
codes.py     the exit codes
errors.py    why a command could not do its work, drawn as one tree
request.py   a request from files: spec, name, tickets
specfile.py  a spec from YAML or JSON, with the line of everything in it
client.py    the app's HTTP contract
sending.py   one request: headers, retries, what an error answer means
watching.py  follows an environment until it has settled
shows.py     a live picture, or a line for each change
outcomes.py  a status document -> how it ended, and the exit code
words.py     durations in words
events.py    status documents -> one line for each change
picture.py   a status document -> the live picture
report.py    a settled environment -> answer, proof, error, what to do next
tables.py    plan and list, for people
__main__.py  `python -m cli`, where it is not installed
"""
