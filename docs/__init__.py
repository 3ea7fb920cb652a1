"""Pages for people, some of them generated.

generate.py    writes what follows from the tables: `python -m docs.generate` (`make docs`)
resources.md   generated: what an environment is made of, from isthmus/graph.py
roles.py       what the app's identity may do: the page, and the definitions for the Azure CLI and Bicep
role.json      generated: the role definitions of the app's identity, from isthmus/permissions.py
existing-roles.json   generated: roles for what a request brings along (a subnet, a DNS zone)
../infra/roles.json   generated: the same and Azure's own roles, as Bicep loads them
role.md        generated: the same, step by step
errors.md      generated: error codes, what they mean and how to mend them, from isthmus/codes.py
reliability.md what goes wrong in the tests, what must hold, and the figures of a run
request.md     generated: what may stand in a request, field by field
settings.md    generated: the app settings
telemetry.md   generated: logs, traces and metrics, from isthmus/telemetry.py
markup.py      Markdown of the generated pages
scale.py       counts what an environment needs, and holds Azure's limits against it
scale.md       generated: what one deployment holds
../infra/host.scheduler.json   generated: host.json for the Durable Task Scheduler
landing-zones.md   subnets, ways out and DNS zones that exist already; tags
cost.md        the estimate of every plan, and its prices
drift.md       what is looked at once an environment is ready, and what of it is put right
cleanup.md     what sweeps take down, what they never touch, and what they report
localcloud.md  generated: what the local cloud offers, from localcloud/azure/
"""
