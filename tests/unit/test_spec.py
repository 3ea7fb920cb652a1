"""Every bad request gets every finding at once: where, what, and how to mend it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.spec import MAX_BODY, Spec, parse, recorded
from tests.unit.samples import AI, HEALTH, document, found, pointers, spec

LONG = "a" * 25


def test_a_request_with_a_name_alone_asks_for_the_walkthrough() -> None:
    asked, findings = parse(b'{"name": "demo"}')
    assert findings == []
    assert asked is not None
    assert [(corp.name, corp.role) for corp in asked.corps] == [("ai-corp", "provider"), ("health-corp", "consumer")]
    assert asked.question == "What is Ockham's Razor?"
    assert asked.tickets.source == "ockam"
    assert (asked.on_failure, asked.lease_minutes) == ("rollback", 480)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"nmae": "x"}, "/nmae"),
        ({"corps": [AI | {"rôle": 1}, HEALTH]}, "/corps/0/rôle"),
        ({"model": {"name": "m", "version": "1", "size": 3}}, "/model/size"),
        ({"tickets": {"source": "ockam", "project": "p"}}, "/tickets/project"),
        ({"name": ""}, "/name"),
        ({"name": "ab"}, "/name"),
        ({"name": LONG}, "/name"),
        ({"name": "Demo"}, "/name"),
        ({"name": "de--mo"}, "/name"),
        ({"name": "demo-"}, "/name"),
        ({"name": "-demo"}, "/name"),
        ({"name": "1demo"}, "/name"),
        ({"name": "de_mo"}, "/name"),
        ({"name": "de mo"}, "/name"),
        ({"name": "../demo"}, "/name"),
        ({"name": "demo\n"}, "/name"),
        ({"name": None}, "/name"),
        ({"name": 7}, "/name"),
        ({"corps": [AI | {"name": "A"}, HEALTH]}, "/corps/0/name"),
        ({"corps": []}, "/corps"),
        ({"corps": [AI]}, "/corps"),
        ({"corps": {}}, "/corps"),
        ({"corps": None}, "/corps"),
        ({"corps": [AI | {"role": "owner"}, HEALTH]}, "/corps/0/role"),
        ({"lease_minutes": -1}, "/lease_minutes"),
        ({"lease_minutes": 0}, "/lease_minutes"),
        ({"lease_minutes": 4}, "/lease_minutes"),
        ({"lease_minutes": 43_201}, "/lease_minutes"),
        ({"lease_minutes": "soon"}, "/lease_minutes"),
        ({"lease_minutes": 7.5}, "/lease_minutes"),
        ({"lease_minutes": float("nan")}, "/lease_minutes"),
        ({"lease_minutes": 10**400}, "/lease_minutes"),
        ({"question": ""}, "/question"),
        ({"question": "?" * 2001}, "/question"),
        ({"location": "East US"}, "/location"),
        ({"location": "../x"}, "/location"),
        ({"vm_size": "big; rm"}, "/vm_size"),
        ({"image": "RedHat:RHEL:8"}, "/image"),
        ({"image": "a:b:c:d:e"}, "/image"),
        ({"on_failure": "shrug"}, "/on_failure"),
        ({"model": {"name": "m"}}, "/model/version"),
        ({"model": {"name": "m", "version": "1", "capacity": 0}}, "/model/capacity"),
        ({"model": "gpt-4o-mini"}, "/model"),
        ({"tickets": {"source": "carrier pigeon"}}, "/tickets"),
        ({"tickets": {}}, "/tickets"),
        ({"tickets": "ockam"}, "/tickets"),
        ({"tickets": {"source": "request"}}, "/tickets/values"),
        ({"tickets": {"source": "request", "values": {"ai-corp": 5}}}, "/tickets/values/ai-corp"),
    ],
)
def test_one_wrong_field_is_found_where_it_stands(change: dict[str, Any], pointer: str) -> None:
    findings = found(document(**change))
    assert pointer in [finding.pointer for finding in findings]
    assert all(finding.detail for finding in findings)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"nmae": "x"}, "/nmae"),
        ({"name": "Demo"}, "/name"),
        ({"corps": [HEALTH, HEALTH | {"name": "other"}]}, "/corps"),
        ({"corps": [AI, HEALTH | {"role": "provider"}]}, "/corps/1/role"),
        ({"tickets": {"source": "fax"}}, "/tickets"),
        ({"tickets": {}}, "/tickets"),
        ({"model": {"name": "m"}}, "/model/version"),
        ({"corps": [AI, HEALTH | {"address_space": "10.0.0.0/30"}]}, "/corps/1/address_space"),
    ],
)
def test_a_finding_says_how_to_mend_it(change: dict[str, Any], pointer: str) -> None:
    assert all(finding.mend for finding in found(document(**change)) if finding.pointer == pointer)


def test_a_name_is_required() -> None:
    assert pointers({}) == ["/name"]


@pytest.mark.parametrize("body", [b"", b"{", b"name: demo", b"\xff\xfe\x00", b"{'name': 'demo'}", b"[" * 100_000])
def test_a_body_that_is_no_json_is_one_finding(body: bytes) -> None:
    asked, findings = parse(body)
    assert asked is None
    assert [finding.pointer for finding in findings] == [""]
    assert "not JSON" in findings[0].detail
    assert findings[0].mend


@pytest.mark.parametrize("body", [b"null", b"[]", b'"demo"', b"7", b"true"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    asked, findings = parse(body)
    assert asked is None
    assert findings


def test_where_the_json_breaks_is_told() -> None:
    assert "line 2, column 1" in parse(b'{"name":\n}')[1][0].detail


def test_a_body_larger_than_the_limit_is_not_read() -> None:
    asked, findings = parse(b'{"name": "demo", "question": "' + b"x" * MAX_BODY + b'"}')
    assert asked is None
    assert [finding.pointer for finding in findings] == [""]
    assert f"{MAX_BODY:,}" in findings[0].detail


def test_a_body_as_large_as_the_limit_is_read() -> None:
    body = b'{"name": "demo"}'
    assert parse(body + b" " * (MAX_BODY - len(body)))[0] is not None


def test_all_findings_come_at_once() -> None:
    wrong = pointers(
        {
            "name": "Demo",
            "colour": "red",
            "lease_minutes": -5,
            "tickets": {"source": "fax"},
            "corps": [AI | {"address_space": "10.0.0.0/30"}, AI | {"name": "ai-corp", "subnet": "11.0.0.0/24"}],
        }
    )
    assert {"/name", "/colour", "/lease_minutes", "/tickets"} <= set(wrong)
    assert {"/corps/0/address_space", "/corps/1/subnet", "/corps/1/role", "/corps/1/name", "/corps"} <= set(wrong)


def test_corps_are_compared_even_where_another_corp_is_wrong() -> None:
    corps = [AI, HEALTH | {"address_space": "10.0.0.0/8"}, {"name": "X"}]
    assert "/corps/1/address_space" in pointers(document(corps=corps))


@pytest.mark.parametrize("name", ["teardown", "verify", "reserve"])
def test_a_corp_can_not_bear_the_name_of_a_part_of_the_record(name: str) -> None:
    assert "/corps/1/name" in pointers(document(corps=[AI, HEALTH | {"name": name}]))


def test_two_corps_of_one_name_are_refused() -> None:
    assert pointers(document(corps=[AI, HEALTH, HEALTH])) == ["/corps/2/name"]


def test_no_provider_is_refused() -> None:
    assert pointers(document(corps=[HEALTH, HEALTH | {"name": "other-corp"}])) == ["/corps"]


def test_each_provider_too_many_is_named() -> None:
    others = [AI | {"name": f"corp-{n}"} for n in (1, 2)]
    assert pointers(document(corps=[AI, HEALTH, *others])) == ["/corps/2/role", "/corps/3/role"]


def test_a_hundred_consumers_are_taken_and_one_more_is_not() -> None:
    many = [HEALTH | {"name": f"corp-{n}"} for n in range(101)]
    assert found(document(corps=[AI, *many[:100]])) == []
    assert "/corps" in pointers(document(corps=[AI, *many]))


def test_tickets_must_be_there_for_each_corp_and_for_nobody_else() -> None:
    tickets = {"source": "request", "values": {"ai-corp": "t1", "nobody": "t2"}}
    assert pointers(document(tickets=tickets)) == ["/tickets/values/health-corp", "/tickets/values/nobody"]


def test_an_empty_ticket_is_a_missing_one() -> None:
    tickets = {"source": "request", "values": {"ai-corp": "", "health-corp": "t"}}
    assert pointers(document(tickets=tickets)) == ["/tickets/values/ai-corp"]


@pytest.mark.parametrize(
    "change",
    [
        {"tickets": {"source": "request", "values": {"ai-corp": ["CANARY"]}}},
        {"tickets": {"source": "request", "values": "CANARY"}},
        {"tickets": {"source": "request", "values": {"ai-corp": "CANARY"}}, "lease_minutes": -1},
        {"tickets": {"source": "CANARY"}},
        {"tickets": "CANARY"},
        {"tickets": {"source": "ockam", "values": {"ai-corp": "CANARY"}}},
    ],
)
def test_what_may_be_a_ticket_is_never_repeated_in_a_finding(change: dict[str, Any]) -> None:
    findings = found(document(**change))
    assert findings
    assert "CANARY" not in json.dumps([finding.as_json() for finding in findings])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"ockam": 1}, "/ockam"),
        ({"a/b": 1}, "/a~1b"),
        ({"a~b": 1}, "/a~0b"),
        ({"tickets": {"source": "request", "values": {"ockam": 5}}}, "/tickets/values/ockam"),
    ],
)
def test_pointers_are_json_pointers(change: dict[str, Any], pointer: str) -> None:
    assert pointer in pointers(document(**change))


def test_what_is_public_of_a_spec_holds_no_ticket() -> None:
    wish = spec(tickets={"source": "request", "values": {"ai-corp": "CANARY", "health-corp": "CANARY"}})
    assert "CANARY" not in json.dumps(wish.public())
    assert "CANARY" not in repr(wish) + str(wish)


@pytest.mark.parametrize(
    "wish",
    [
        spec(),
        spec(tickets={"source": "request", "values": {"ai-corp": "a", "health-corp": "b"}}),
        spec(model={"name": "m", "version": "1"}, on_failure="keep"),
    ],
)
def test_a_recorded_spec_is_the_spec_again(wish: Spec) -> None:
    assert recorded(json.loads(json.dumps(wish.public()))).digest() == wish.digest()


def test_the_digest_tells_different_requests_apart_and_leaves_tickets_aside() -> None:
    def brought(ticket: str) -> Spec:
        return spec(tickets={"source": "request", "values": {"ai-corp": ticket, "health-corp": ticket}})

    assert brought("a").digest() == brought("b").digest()
    assert len({spec().digest(), brought("a").digest(), spec(question="Why?").digest()}) == 3


def test_the_same_request_is_the_same_when_a_later_version_takes_more() -> None:
    class Later(Spec):
        more: str = "as before"

    assert Later.model_validate(document()).digest() == spec().digest()
    assert Later.model_validate(document(more="otherwise")).digest() != spec().digest()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*Spec.model_fields, "other"])


@given(st.dictionaries(FIELDS, ANYTHING, max_size=5) | ANYTHING)
def test_no_json_whatever_breaks_the_parser(request: Any) -> None:
    asked, findings = parse(json.dumps(request).encode())
    assert (asked is None) == bool(findings)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_the_parser(body: bytes) -> None:
    asked, findings = parse(body)
    assert (asked is None) == bool(findings)
