"""What touches the world: one module per Azure service, each call short and idempotent.

cloud.py              the one façade: credential, clients, one request at a time, errors as outcomes
arm.py                ensure and remove for anything that ARM keeps
resources.py          resource groups
network.py            NSG, public IP, NAT gateway, virtual network, interface, private endpoint, DNS zone group
privatedns.py         private DNS zone and its link
identities.py         user-assigned identities
authorization.py      role assignments on single secrets
compute.py            virtual machines and managed run commands
cognitiveservices.py  Azure OpenAI account and model deployment
keyvault.py           secrets: reserved places, tickets handed in, the API key
ockam.py              the `ockam` command, and as whom it runs
tickets.py            Ockam enrolment tickets and members
verification.py       the proof
preflight.py          looks at what Azure offers, has and allows, all at once
landing.py            looks at subnets and zones that exist already
prices.py             the table of prices that is deployed with the app
planning.py           the plan, to be shown or kept
records.py            the records: one blob per life of an environment, per part of it, per pending operation
outbox.py             sends lifecycle events: at least once, in order
web.py                requests to addresses that somebody named, not into our own surroundings
bookkeeping.py        what the orchestrators write down: phases, progress
steps.py              what every step's activity is given
cleanup.py            what has expired or was left behind; what is forgotten; the report of a sweep
drift.py              looks whether what stands is as planned, and what came of putting it right
telemetry.py          log lines, spans and metrics, all with the same fields
registry.py           the table: step kind -> ensure and remove; registers every activity
"""
