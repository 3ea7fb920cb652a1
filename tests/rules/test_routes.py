"""What the app serves over HTTP and what its OpenAPI document tells are the same."""

from __future__ import annotations

from isthmus.openapi import OPERATIONS
from tests.rules.indexed import indexed


def test_the_openapi_document_names_every_route_and_no_other() -> None:
    triggers = [function.trigger for function in indexed().of_kind("httpTrigger")]
    served = {
        (str(method).lower(), f"/api/{trigger['route']}") for trigger in triggers for method in trigger["methods"]
    }
    assert served == {(operation.method, operation.path) for operation in OPERATIONS}
