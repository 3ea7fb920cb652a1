"""Whom the app settings name for lifecycle events, and when the end of a lease is told of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from isthmus.errors import ConfigurationError
from tests.unit.samples import spec
from triggers.events import lead, receiver_of

URL = "https://ops.example/isthmus"


def test_a_request_names_its_own_receiver_and_the_settings_everybody_elses() -> None:
    own = spec(events={"url": "https://team.example/", "secret": "webhook-team"})
    assert receiver_of(own, {"ISTHMUS_EVENTS_URL": URL}) == {
        "url": "https://team.example/",
        "secret": "webhook-team",
        "named_by": "request",
    }
    assert receiver_of(spec(), {"ISTHMUS_EVENTS_URL": URL, "ISTHMUS_EVENTS_SECRET": "webhook-ops"}) == {
        "url": URL,
        "secret": "webhook-ops",
        "named_by": "settings",
    }


@pytest.mark.parametrize("environment", [{}, {"ISTHMUS_EVENTS_URL": ""}, {"ISTHMUS_EVENTS_SECRET": "webhook-ops"}])
def test_where_nobody_is_named_nobody_is_told(environment: dict[str, str]) -> None:
    assert receiver_of(spec(), environment) is None


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ISTHMUS_EVENTS_URL": "http://ops.example/"}, "url: "),
        ({"ISTHMUS_EVENTS_URL": "https://localhost/"}, "the app's own machine"),
        ({"ISTHMUS_EVENTS_URL": URL, "ISTHMUS_EVENTS_SECRET": "isthmus-demo-ticket"}, "secret: "),
    ],
)
def test_settings_that_name_no_receiver_are_said(environment: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match="ISTHMUS_EVENTS_URL and ISTHMUS_EVENTS_SECRET") as caught:
        receiver_of(spec(), environment)
    assert words in str(caught.value)


@pytest.mark.parametrize(("text", "minutes"), [(None, 60), ("", 60), ("15", 15)])
def test_the_end_of_a_lease_is_told_an_hour_before_unless_the_setting_says_else(text: str | None, minutes: int) -> None:
    environment = {} if text is None else {"ISTHMUS_EXPIRING_MINUTES": text}
    assert lead(environment) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["0", "-5", "an hour", "1.5"])
def test_what_is_no_number_of_minutes_is_said(text: str) -> None:
    with pytest.raises(ConfigurationError, match="ISTHMUS_EXPIRING_MINUTES"):
        lead({"ISTHMUS_EXPIRING_MINUTES": text})
