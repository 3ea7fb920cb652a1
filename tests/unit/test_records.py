"""Records: conditional writes, of two that race the second reads again; and the bookkeeping over them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.bookkeeping import ask_for_stop, begin_teardown, save_progress, set_phase
from activities.outbox import Sender
from activities.records import RACES, Records
from isthmus.errors import RecordConflictError
from isthmus.outcomes import failed
from tests.unit.fakes import Cloud, Container, records_with
from tests.unit.samples import LIFE, REQUESTED, plan, record

ERROR = failed("QuotaExceeded", "no more", request_id="r-1")


def test_the_first_to_claim_a_name_has_it_and_the_second_is_told_who() -> None:
    records = Records(Container())
    assert records.claim("demo", "aaaaaa", None) == "aaaaaa"
    assert records.claim("demo", "bbbbbb", None) == "aaaaaa"
    assert records.bearer("demo") == "aaaaaa"


def test_a_name_goes_to_a_new_life_when_the_old_one_is_named() -> None:
    records = Records(Container())
    records.claim("demo", "aaaaaa", None)
    assert records.claim("demo", "bbbbbb", "aaaaaa") == "bbbbbb"
    assert records.claim("demo", "cccccc", "aaaaaa") == "bbbbbb"


@pytest.mark.parametrize("before", [None, "oooooo"])
def test_of_two_claims_that_race_both_are_told_the_same(before: str | None) -> None:
    container = Container()
    records, other = Records(container), Records(container)
    if before:
        records.claim("demo", before, None)

    def quicker(name: str) -> None:
        container.before_write = lambda name: None
        other.claim("demo", "bbbbbb", before)

    container.before_write = quicker
    assert records.claim("demo", "aaaaaa", before) == "bbbbbb"


def test_a_container_that_is_missing_is_made() -> None:
    container = Container()
    container.exists = False
    records = Records(container)
    assert records.names() == []
    assert records.bearer("demo") is None
    assert records.claim("demo", "aaaaaa", None) == "aaaaaa"
    assert records.names() == ["demo"]


def test_a_life_has_one_record_and_its_first_stays() -> None:
    records = Records(Container())
    assert records.create(LIFE, record())
    assert not records.create(LIFE, record(phase="ready"))
    document = records.load(LIFE)
    assert document is not None
    assert document["phase"] == "requested"


def test_a_change_that_races_is_made_on_what_the_other_wrote() -> None:
    records = records_with()
    container = records._container

    def quicker(name: str) -> None:
        container.before_write = lambda name: None
        records.change(LIFE, lambda document: document | {"attempt": 7})

    container.before_write = quicker
    changed = records.change(LIFE, lambda document: document | {"error": "x"})
    assert changed is not None
    assert (changed["attempt"], changed["error"]) == (7, "x")


def test_a_record_that_never_holds_still_is_a_conflict_and_no_endless_loop() -> None:
    records = records_with()
    container = records._container
    tries = []

    def quicker(name: str) -> None:
        tries.append(name)
        container.blobs[name] = (container.blobs[name][0], f'"else-{len(tries)}"')

    container.before_write = quicker
    with pytest.raises(RecordConflictError):
        records.change(LIFE, lambda document: document | {"error": "x"})
    assert len(tries) == RACES


def test_a_change_that_changes_nothing_writes_nothing() -> None:
    records = records_with()
    before = dict(records._container.blobs)
    records.change(LIFE, lambda document: document)
    assert records._container.blobs == before


def test_there_is_nothing_to_change_without_a_record() -> None:
    assert Records(Container()).change(LIFE, lambda document: document | {"x": 1}) is None


def test_parts_are_kept_each_under_its_name() -> None:
    records = records_with()
    records.save_part(LIFE, "ai-corp", [{"id": "a"}])
    records.save_part(LIFE, "ai-corp", [{"id": "b"}])
    records.save_part(("demo", "zzzzzz"), "ai-corp", [{"id": "c"}])
    assert records.parts(LIFE) == {"ai-corp": [{"id": "b"}]}


def test_an_operation_is_kept_until_it_is_forgotten_and_forgetting_twice_is_fine() -> None:
    records = records_with()
    assert records.operation(LIFE, "a/b") is None
    records.keep_operation(LIFE, "a/b", "https://x", "ensure")
    assert records.operation(LIFE, "a/b") == {"url": "https://x", "verb": "ensure"}
    records.forget_operation(LIFE, "a/b")
    records.forget_operation(LIFE, "a/b")
    assert records.operation(LIFE, "a/b") is None


STOP = {"why": "delete", "detail": ""}


@pytest.mark.parametrize(
    ("now", "stop", "wish", "then"),
    [
        ("requested", None, "planning", "planning"),
        ("building", None, "verifying", "verifying"),
        ("verifying", None, "ready", "ready"),
        ("building", STOP, "verifying", "building"),
        ("verifying", STOP, "ready", "verifying"),
        ("building", STOP, "failed", "failed"),
        ("deleting", STOP, "gone", "gone"),
        ("gone", None, "failed", "gone"),
        ("deleting", None, "ready", "deleting"),
        ("requested", None, "ready", "requested"),
    ],
)
def test_a_phase_is_entered_if_it_may_follow_and_nobody_asked_for_the_end(
    now: str, stop: Any, wish: str, then: str
) -> None:
    records = records_with(phase=now, stop=stop)
    assert set_phase(records, LIFE, wish, {"error": ERROR}) == {"phase": then, "stop": stop}
    document = records.load(LIFE)
    assert document is not None
    assert document["error"] == (ERROR if then == wish else None)


def test_a_phase_of_a_life_without_a_record_is_a_stop() -> None:
    told = set_phase(Records(Container()), LIFE, "planning", {})
    assert told["phase"] is None
    assert told["stop"]["why"] == "lost"


@pytest.mark.parametrize(
    ("held", "why", "stands"),
    [
        (None, "failure", "failure"),
        (None, "delete", "delete"),
        ("failure", "delete", "delete"),
        ("failure", "lease", "lease"),
        ("failure", "failure", "failure"),
        ("delete", "failure", "delete"),
        ("delete", "lease", "delete"),
        ("lease", "delete", "lease"),
    ],
)
def test_a_persons_wish_or_the_leases_end_stands_over_a_failure(held: str | None, why: Any, stands: str) -> None:
    stop = {"why": held, "detail": "first"} if held else None
    document = ask_for_stop(records_with(phase="building", stop=stop), LIFE, why, "second")
    assert document is not None
    assert document["stop"]["why"] == stands


@pytest.mark.parametrize(
    ("phase", "why", "asked"),
    [
        ("ready", "delete", True),
        ("failed", "delete", True),
        ("ready", "lease", True),
        ("deleting", "delete", False),
        ("gone", "delete", False),
        ("ready", "failure", False),
        ("failed", "failure", False),
    ],
)
def test_an_end_can_be_asked_for_until_it_has_begun_and_a_failure_ends_only_what_is_built(
    phase: str, why: Any, asked: bool
) -> None:
    document = ask_for_stop(records_with(phase=phase), LIFE, why, "x")
    assert document is not None
    assert bool(document["stop"]) is asked


@pytest.mark.parametrize(("part", "stopped"), [("ai-corp", True), ("verify", True), ("teardown", False)])
def test_a_failed_step_stops_what_is_built_beside_it_and_no_teardown(part: str, stopped: bool) -> None:
    records = records_with(phase="building")
    told = save_progress(records, LIFE, part, [{"id": "a", "state": "ready"}, {"id": "b", "state": "failed"}])
    assert bool(told["stop"]) is stopped
    assert [line["id"] for line in records.parts(LIFE)[part]] == ["a", "b"]


def test_saving_progress_tells_of_a_stop_that_somebody_asked_for() -> None:
    records = records_with(phase="building", stop=STOP)
    assert save_progress(records, LIFE, "ai-corp", [{"id": "a", "state": "ready"}]) == {"stop": STOP}


def begin(records: Records, why: str = "", found_at: str = "2026-05-04T20:00:10+00:00", **settings: Any) -> Any:
    cloud = Cloud()
    cloud.settings = replace(cloud.settings, **settings)
    return begin_teardown(cloud, records, LIFE, why, found_at)  # type: ignore[arg-type]


@pytest.mark.parametrize("phase", ["requested", "building", "ready", "failed", "deleting"])
def test_a_teardown_begins_with_the_recorded_plan_whatever_the_phase(phase: str) -> None:
    records = records_with(phase=phase, plan=plan())
    assert begin(records) == {"plan": plan(), "tries": 0}
    document = records.load(LIFE)
    assert document is not None
    assert document["phase"] == "deleting"


def test_a_life_that_had_no_plan_yet_is_taken_down_by_the_same_names() -> None:
    found = begin(records_with(phase="failed"))["plan"]

    def named(whole: dict[str, Any]) -> set[Any]:
        return {(step["id"], step["wanted"].get("secret")) for step in whole["steps"]}

    assert named(found) == named(plan())
    assert found["corps"] == plan()["corps"]


def test_there_is_nothing_to_take_down_of_what_is_gone_or_was_never_there() -> None:
    assert begin(records_with(phase="gone", plan=plan())) == {"plan": None, "phase": "gone"}
    assert begin(Records(Container())) == {"plan": None, "phase": "gone"}


def test_whoever_renewed_a_lease_before_the_teardown_began_has_saved_it() -> None:
    records = records_with(phase="ready", plan=plan(), expires_at="2026-05-04T20:00:11Z")
    assert begin(records, "lease") == {"plan": None, "phase": "ready"}
    records = records_with(phase="ready", plan=plan(), expires_at="2026-05-04T20:00:10Z")
    assert begin(records, "lease")["plan"] == plan()
    document = records.load(LIFE)
    assert document is not None
    assert document["stop"] == {"why": "lease", "detail": "its lease ended"}


def test_what_comes_to_light_after_the_end_is_taken_down_and_nothing_else_of_what_is_gone() -> None:
    assert begin(records_with(phase="gone", plan=plan()), "lease")["plan"] is None
    assert begin(records_with(phase="gone", plan=plan()), "again")["plan"] is None
    assert begin(records_with(phase="gone", plan=plan()), "leftovers")["plan"] == plan()


@pytest.mark.parametrize("cleanup", ["off", "dry-run"])
def test_a_sweep_that_was_switched_off_meanwhile_begins_no_teardown_and_a_delete_does(cleanup: str) -> None:
    records = records_with(phase="ready", plan=plan())
    assert begin(records, "lease", cleanup=cleanup) == {"plan": None, "phase": "ready"}
    assert begin(records, cleanup=cleanup)["plan"] == plan()


def test_the_tries_of_a_teardown_are_counted() -> None:
    teardown = {"left": ["x"], "error": None, "steps": 9, "tries": 3, "next_try": None}
    assert begin(records_with(phase="failed", plan=plan(), teardown=teardown), "again")["tries"] == 3


FORGOTTEN = ("demo", "abc234")


def whole(container: Container) -> Records:
    """Two lives of one name, the first of which is over, and a life of another name."""
    records = Records(container)
    for life in (FORGOTTEN, ("demo", "def567"), ("other", "abc234")):
        records.create(life, record(environment=life[0], generation=life[1], phase="gone"))
        records.save_part(life, "ai-corp", [])
        records.keep_operation(life, "ai-corp/virtual_network", "https://x", "ensure")
        records.keep_promise(f"key of {'/'.join(life)}", "digest", life)
    return records


def test_a_life_that_is_forgotten_leaves_nothing_but_its_name_s_pointer() -> None:
    container = Container()
    records = whole(container)
    records.claim("demo", "abc234", None)
    records.break_promises([FORGOTTEN])
    records.forget(FORGOTTEN)
    assert records.lives() == [("demo", "def567"), ("other", "abc234")]
    assert [name for name in container.blobs if "abc234" in name and "other" not in name] == []
    assert records.bearer("demo") == "abc234"
    assert records.is_forgotten(FORGOTTEN)
    assert records.promise("key of demo/def567")


def test_the_pointer_of_a_newer_life_is_not_touched() -> None:
    records = whole(Container())
    records.claim("demo", "def567", None)
    records.forget(FORGOTTEN)
    assert not records.is_forgotten(("demo", "def567"))
    assert records.is_forgotten(FORGOTTEN), "somebody else bears its name"


def test_a_life_that_is_just_being_asked_for_is_not_taken_for_a_forgotten_one() -> None:
    records = Records(Container())
    records.claim("demo", "abc234", None)
    assert not records.is_forgotten(FORGOTTEN)


@pytest.mark.parametrize("deaths", [0, 1, 2])
def test_whoever_dies_while_forgetting_is_followed_by_somebody_who_finds_the_record(deaths: int) -> None:
    container = Container()
    records, delete, done = whole(container), container.delete_blob, list[str]()
    records.claim("demo", "abc234", None)

    def dies(name: str) -> None:
        if len(done) == deaths:
            raise RuntimeError("died")
        done.append(name)
        delete(name)

    container.delete_blob = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(RuntimeError):
        records.forget(FORGOTTEN)
    assert FORGOTTEN in records.lives()
    assert records.is_forgotten(FORGOTTEN)
    container.delete_blob = delete  # type: ignore[method-assign]
    records.forget(FORGOTTEN)
    assert FORGOTTEN not in records.lives()


def test_reports_of_sweeps_are_kept_the_newest_first_and_forgotten_in_time() -> None:
    records = Records(Container())
    for day in ("02", "01", "03"):
        records.save_sweep({"began_at": f"2026-05-{day}T00:00:00Z"})
    assert [report["began_at"][8:10] for report in records.sweeps(2)] == ["03", "02"]
    records.forget_sweeps(datetime(2026, 5, 2, tzinfo=UTC))
    assert [report["began_at"][8:10] for report in records.sweeps(9)] == ["03", "02"]


def test_the_first_report_of_all_makes_the_container() -> None:
    container = Container()
    container.exists = False
    records = Records(container)
    assert records.sweeps(9) == []
    records.save_sweep({"began_at": "2026-05-02T00:00:00Z"})
    assert len(records.sweeps(9)) == 1


def test_a_change_bears_the_date_of_the_clock_that_was_given() -> None:
    records = Records(Container(), lambda: datetime(2030, 1, 1, tzinfo=UTC))
    records.create(LIFE, record())
    changed = records.change(LIFE, lambda document: document | {"phase": "planning"})
    assert changed is not None
    assert changed["updated_at"] == "2030-01-01T00:00:00Z"


RECEIVER = {"url": "https://hooks.example/", "secret": "webhook-signing", "named_by": "settings"}
LATER = REQUESTED + timedelta(days=1)


def test_an_event_is_written_with_its_change_and_its_reminder_before() -> None:
    container = Container()
    written: list[str] = []
    container.before_write = written.append
    records = Records(container)
    records.create(LIFE, record(receiver=RECEIVER))
    assert written == [f"reminders/00000000T000000/{'/'.join(LIFE)}", f"lives/{'/'.join(LIFE)}/record.json"]
    assert [entry["kind"] for entry in (records.load(LIFE) or {})["outbox"]] == ["requested"]


def test_a_reminder_that_was_set_anew_is_not_forgotten() -> None:
    records = Records(Container())
    records.remind(LIFE)
    (first,) = records.reminders(LATER)
    records.remind(LIFE)
    records.forget_reminder(first)
    (second,) = records.reminders(LATER)
    records.forget_reminder(second)
    assert list(records.reminders(LATER)) == []


def test_a_change_that_is_under_way_while_the_outbox_is_looked_at_is_told_all_the_same() -> None:
    """The sender comes between the reminder and the write of a change, and takes the reminder away."""
    container = Container()
    records, other = Records(container), Records(container)
    records.create(LIFE, record(receiver=RECEIVER, phase="verifying"))

    def in_between(name: str) -> None:
        if name.endswith("record.json"):
            container.before_write = lambda name: None
            Sender(Cloud(), other, None, "isthmus", timedelta(minutes=60), lambda: REQUESTED).run()  # type: ignore[arg-type]
            assert not [one for one in other.reminders(REQUESTED) if one.name.startswith("reminders/0000")]

    container.before_write = in_between
    set_phase(records, LIFE, "ready", {})
    assert [entry["kind"] for entry in (records.load(LIFE) or {})["outbox"]] == ["ready"]
    assert [reminder.life for reminder in records.reminders(REQUESTED)] == [LIFE]


def test_what_is_no_change_of_the_environment_leaves_its_time_alone() -> None:
    records = records_with(phase="ready")
    before = records.load(LIFE)
    after = records.change(LIFE, lambda document: document | {"outbox_looks": 1}, quietly=True)
    assert before is not None
    assert after is not None
    assert after["updated_at"] == before["updated_at"]
