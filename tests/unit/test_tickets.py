"""Tickets: from the `ockam` command to the vault, and into nothing else. The command here is a small script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activities import keyvault
from activities.tickets import ensure_ticket, remove_ticket
from isthmus.secretref import Secret
from tests.unit.fakes import Cloud, records_with, request
from tests.unit.samples import plan, spec, step_of
from tests.unit.vault import Secrets

STEP = step_of(plan(), "ai-corp/ticket")
SECRET = STEP["wanted"]["secret"]
BROUGHT = step_of(
    plan(spec(tickets={"source": "request", "values": {"ai-corp": "a", "health-corp": "b"}})), "ai-corp/ticket"
)
CANARY = "74696b6574"


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud(secrets=Secrets())
    keyvault.put(cloud, SECRET, Secret("reserved"), "reserved", {})  # type: ignore[arg-type]
    return cloud


class Ockam:
    """The `ockam` on PATH: `says` goes to standard output, its words are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script("exit 0")

    def script(self, body: str) -> None:
        path = self.folder / "ockam"
        path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {self.folder}/words\n{body}\n')
        path.chmod(0o755)

    @property
    def words(self) -> list[str]:
        path = self.folder / "words"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def ockam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ockam:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Ockam(tmp_path)


def test_a_ticket_goes_from_the_command_to_the_vault_and_into_no_outcome(cloud: Cloud, ockam: Ockam) -> None:
    ockam.script(f"echo {CANARY}")
    outcome = ensure_ticket(request(STEP, cloud))
    assert outcome == {"state": "ready", "outputs": {"secret": SECRET}, "wrote": True}
    made = cloud.secrets.newest(SECRET)
    assert (made.value, made.content_type, made.enabled) == (CANARY, "ticket", True)
    assert made.expires_on is not None
    assert CANARY not in json.dumps(outcome)


def test_a_ticket_is_for_one_enrolment_of_this_end_and_relay_for_an_hour(cloud: Cloud, ockam: Ockam) -> None:
    ockam.script(f"echo {CANARY}")
    ensure_ticket(request(STEP, cloud))
    wanted = STEP["wanted"]
    assert ockam.words == [
        f"project ticket --usage-count 1 --expires-in 60m --attribute {wanted['attribute']} --relay {wanted['relay']}"
    ]


def test_an_inlet_gets_no_relay(cloud: Cloud, ockam: Ockam) -> None:
    ockam.script(f"echo {CANARY}")
    step = step_of(plan(), "health-corp/ticket")
    keyvault.put(cloud, step["wanted"]["secret"], Secret("reserved"), "reserved", {})  # type: ignore[arg-type]
    ensure_ticket(request(step, cloud))
    assert "--relay" not in ockam.words[0]


@pytest.mark.parametrize("step", [STEP, BROUGHT])
def test_a_ticket_that_is_there_is_not_issued_again(cloud: Cloud, ockam: Ockam, step: dict[str, Any]) -> None:
    keyvault.put(cloud, SECRET, Secret(CANARY), "ticket", {})  # type: ignore[arg-type]
    assert ensure_ticket(request(step, cloud)) == {"state": "ready", "outputs": {"secret": SECRET}, "wrote": False}
    assert ockam.words == []


def test_a_ticket_that_was_brought_and_is_missing_can_not_be_issued(cloud: Cloud, ockam: Ockam) -> None:
    outcome = ensure_ticket(request(BROUGHT, cloud))
    assert outcome["state"] == "failed"
    assert outcome["code"] == "TicketMissing"
    assert "new tickets" in outcome["hint"]
    assert ockam.words == []


def test_no_ticket_is_issued_without_its_reserved_place(ockam: Ockam) -> None:
    assert ensure_ticket(request(STEP, Cloud(secrets=Secrets())))["code"] == "NotReserved"  # type: ignore[typeddict-item]
    assert ockam.words == []


def test_no_ticket_is_issued_in_an_environment_that_is_being_stopped(cloud: Cloud, ockam: Ockam) -> None:
    records = records_with(phase="building", stop={"why": "delete", "detail": ""})
    assert ensure_ticket(request(STEP, cloud, records))["code"] == "Stopped"  # type: ignore[typeddict-item]
    assert ockam.words == []


@pytest.mark.parametrize("verb", [ensure_ticket, remove_ticket])
def test_a_command_that_fails_is_a_failure_with_its_words_and_never_its_output(
    cloud: Cloud, ockam: Ockam, verb: Any
) -> None:
    ockam.script(f"echo {CANARY}; echo 'not enrolled' >&2; exit 1")
    outcome = verb(request(STEP, cloud))
    assert (outcome["state"], outcome["code"], outcome["retryable"]) == ("failed", "OckamFailed", True)
    assert "not enrolled" in outcome["message"]
    assert CANARY not in json.dumps(outcome)


def test_a_command_that_is_not_there_is_said(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = ensure_ticket(request(STEP, cloud))
    assert "not on PATH" in outcome["message"]  # type: ignore[typeddict-item]


def test_a_command_that_prints_no_ticket_has_issued_none(cloud: Cloud, ockam: Ockam) -> None:
    assert ensure_ticket(request(STEP, cloud))["state"] == "failed"
    assert not keyvault.holds(cloud, SECRET, "ticket")  # type: ignore[arg-type]


MEMBERS = [
    {"identifier": "Ione", "attributes": {STEP["wanted"]["attribute"]: "true"}},
    {"identifier": "Itwo", "attributes": [f"{STEP['wanted']['attribute']}=true"]},
    {"identifier": "Ielse", "attributes": {"other": "true"}},
    {"identifier": "Inone"},
]


def test_whoever_enrolled_with_the_ticket_is_a_member_no_longer(cloud: Cloud, ockam: Ockam) -> None:
    ockam.script(f"[ $2 = list ] && cat <<'EOF'\n{json.dumps(MEMBERS)}\nEOF\nexit 0")
    assert remove_ticket(request(STEP, cloud))["state"] == "pending"
    assert ockam.words[1:] == ["project-member delete Ione", "project-member delete Itwo"]


def test_when_no_member_is_left_the_ticket_is_removed(cloud: Cloud, ockam: Ockam) -> None:
    ockam.script("[ $2 = list ] && echo '[]'; exit 0")
    assert remove_ticket(request(STEP, cloud)) == {"state": "ready", "outputs": {}, "wrote": False}


def test_members_of_tickets_that_were_brought_are_not_ours_to_remove(cloud: Cloud, ockam: Ockam) -> None:
    assert remove_ticket(request(BROUGHT, cloud))["state"] == "ready"
    assert ockam.words == []


ONE_MEMBER = f"cat <<'EOF'\n{json.dumps(MEMBERS[:1])}\nEOF"


def test_a_member_that_somebody_else_removed_meanwhile_is_no_failure(cloud: Cloud, ockam: Ockam) -> None:
    late = ockam.folder / "late"
    refused = f"[ $2 = delete ] && {{ touch {late}; echo 'Ione is not a member' >&2; exit 1; }}"
    ockam.script(f"{refused}\n[ -e {late} ] && echo '[]' && exit 0\n{ONE_MEMBER}")
    assert remove_ticket(request(STEP, cloud))["state"] == "pending"


def test_a_member_that_can_not_be_removed_is_a_failure_that_says_why(cloud: Cloud, ockam: Ockam) -> None:
    ockam.script(f"[ $2 = delete ] && {{ echo 'no right to' >&2; exit 1; }}\n{ONE_MEMBER}")
    outcome = remove_ticket(request(STEP, cloud))
    assert outcome["state"] == "failed"
    assert "no right to" in outcome["message"]
