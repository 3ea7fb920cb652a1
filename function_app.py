"""The only entry point: registers what the folders offer, and decides nothing."""

import azure.durable_functions as df
import azure.functions as func

from activities import registry
from orchestrators import build_corp, clean_up, provision_environment, teardown_environment
from triggers import cleanup, environments, events, pages, plans, service

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (
    environments,
    plans,
    pages,
    service,
    cleanup,
    events,
    provision_environment,
    build_corp,
    teardown_environment,
    clean_up,
    registry,
):
    app.register_functions(module.blueprint)
