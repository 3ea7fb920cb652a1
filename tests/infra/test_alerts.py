"""Alerts and workbook ask for what the app tells, and every alert has its section in the runbook."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from isthmus.telemetry import FIELDS, METRICS
from tests.infra.bicep import INFRA
from tests.infra.deployments import of_type, the
from tests.infra.pages import DOCS, section

ALERTS = json.loads((INFRA / "alerts.json").read_text())
WORKBOOK = json.loads((INFRA / "workbook.json").read_text())
BY = {metric.name: set(metric.by) for metric in METRICS}
"""Metric -> its attributes."""


def test_every_alert_has_its_section_in_the_runbook_and_the_other_way_round() -> None:
    headings = set(re.findall(r"^## ([a-z]+(?:-[a-z]+)+)$", (DOCS / "operate.md").read_text(), re.MULTILINE))
    assert headings == {alert["name"] for alert in ALERTS}
    assert all(len(section("operate.md", name)) > 150 for name in headings)


def test_every_alert_becomes_a_rule_that_leads_to_its_section() -> None:
    rules = of_type("everything", "Microsoft.Insights/scheduledQueryRules")
    assert len(rules) == len(ALERTS)
    for alert, rule in zip(ALERTS, rules, strict=True):
        properties = rule.body["properties"]
        assert alert["meaning"] in properties["description"]
        assert f"docs/operate.md, {alert['name']}." in properties["description"]
        assert properties["scopes"] == [the("everything", "Microsoft.Insights/components").id]
        assert properties["actions"]["actionGroups"] == [the("everything", "Microsoft.Insights/actionGroups").id]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["name"])
def test_an_alert_measures_what_its_query_gives(alert: dict[str, Any]) -> None:
    last = alert["query"][-1]
    assert re.match(rf"\| (summarize|project) {alert['measure']} = ", last)
    assert seconds(alert["frequency"]) <= seconds(alert["window"])


def seconds(duration: str) -> int:
    """Of an ISO 8601 duration as the alerts have it."""
    match = re.fullmatch(r"PT(\d+)([MH])", duration)
    assert match
    return int(match[1]) * {"M": 60, "H": 3600}[match[2]]


QUERIES = {
    **{alert["name"]: "\n".join(alert["query"]) for alert in ALERTS},
    **{item["name"]: item["content"]["query"] for item in WORKBOOK["items"] if "query" in item["content"]},
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_for_what_the_app_tells(name: str) -> None:
    query = QUERIES[name]
    metrics = set(re.findall(r"'(isthmus\.[\w.]+)'", query))
    dimensions = set(re.findall(r"customDimensions\.(\w+)", query))
    assert metrics <= set(BY)
    assert dimensions <= set().union(*(BY[metric] for metric in metrics)) if metrics else dimensions <= set(FIELDS)
    assert query.split()[0] in ("customMetrics", "requests", "traces")
    assert query.count("(") == query.count(")")


def test_every_metric_is_shown_in_the_workbook() -> None:
    shown = "\n".join(item["content"].get("query", "") for item in WORKBOOK["items"])
    assert [metric for metric in BY if f"'{metric}'" not in shown] == []


def test_the_workbook_is_deployed_whole() -> None:
    data = json.loads(the("defaults", "Microsoft.Insights/workbooks").body["properties"]["serializedData"])
    assert data["items"] == WORKBOOK["items"]
    assert data["fallbackResourceIds"] == [the("defaults", "Microsoft.Insights/components").id]
