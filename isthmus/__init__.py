"""What it all means: pure functions and data. No I/O, no Azure SDK, no Functions SDK.

spec.py         what a pipeline may ask for: the request, validated, every finding at once
networks.py     ranges that Azure takes; subnets and zones of the user's own
existing.py     what of a corp is there before it is built, as data and in words
tags.py         the tags of a request, and what can bear how many
graph.py        the table of step kinds: the one place that knows what exists and what needs what
names.py        the name of everything, from environment and generation
bodies.py       what each Azure resource is wanted to be: ARM request bodies
case.py         what preflight judges, and the form of what it finds
landing.py      what stands against building in subnets and zones that exist
inbound.py      what network security rules let in
preflight.py    what Azure offers, has and allows -> what stands against a plan
cost.py         a plan's steps + a table of prices (prices.json) -> what an hour and the lease cost
plan.py         spec + generation + findings -> the frozen list of steps
walk.py         which steps are due, and what came of them: the walk through a plan
wanted.py       references to other steps' outputs, hashes, and "is it as wanted?"
outcomes.py     ready, pending, failed: what an activity says of a step
codes.py        the table of error codes: what each means, what is done about it, how long, and how to mend it
errors.py       our exceptions, and an error answer -> the outcome that the table gives it
drift.py        what of an environment that differs from its plan is put right, and the walk that does it
sweep.py        what a sweep takes down, and what it leaves alone for which reason
lifecycle.py    the phases of an environment and what may follow what
events.py       lifecycle events: which arise, how they look as CloudEvents, when each is sent
receivers.py    who is told of them: which URLs are refused, how events are signed
proof.py        the checks that make an environment ready
documents.py    the types of everything that is answered
status.py       records -> the status document
timeleft.py     a status document -> how long it will still take
pages/          status document -> the page for people
openapi.py      the OpenAPI document, from the models that validate and the types of the answers
requests.py     the smaller requests beside the spec
problems.py     problem details (RFC 9457)
secretref.py    a secret that refuses to be printed or serialised
permissions.py  what the app's identity must be allowed to do, by step kind
telemetry.py    what log lines, spans and metrics are called, and what they bear
settings.py     the app settings, read once
cloudinit.py    the custom data of a VM from the files of infra/vm
"""
