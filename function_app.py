"""The only entry point: registers what the folders offer, and decides nothing."""

import azure.durable_functions as df
import azure.functions as func

from activities import registry
from orchestrators import (
    build_corp,
    check_drift,
    clean_up,
    provision_environment,
    repair_environment,
    teardown_environment,
)
from triggers import cleanup, drift, environments, events, pages, plans, service

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (
    environments,
    plans,
    pages,
    service,
    cleanup,
    events,
    drift,
    provision_environment,
    build_corp,
    teardown_environment,
    clean_up,
    check_drift,
    repair_environment,
    registry,
):
    app.register_functions(module.blueprint)
