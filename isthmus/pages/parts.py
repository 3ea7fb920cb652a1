"""The parts of an environment's page beside picture and timeline: heading, facts, trouble, actions, proof."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from isthmus.events import in_words
from isthmus.pages.marks import PHASES, look, mark, tag, told
from isthmus.pages.markup import Markup, el, join, link
from isthmus.pages.timing import all_steps
from isthmus.pages.words import clock, count, duration, moment
from isthmus.timeleft import time_left

Document = Mapping[str, Any]
BUTTONS = {
    "retry": ("Retry", "Go on from where it stopped"),
    "renew": ("Renew lease", "Let the lease begin anew"),
    "cancel": ("Cancel", "Stop building and take down what is there"),
}
ALL_OPEN = 3
FEW = 5
"""So many steps are named; of more, the number is told."""


def heading(document: Document, now: datetime) -> Markup:
    phase = document["phase"]
    shown = "incomplete" if phase == "ready" and result_of(document) == "incomplete" else PHASES.get(phase, "waiting")
    return join(
        el(
            "h1",
            document["name"],
            " ",
            el("span", join(mark(shown), " ", phase), class_=f"phase {look(shown).tone}"),
        ),
        el("p", sentence(document, now), class_="lead", id="now"),
        _progress(document),
    )


def result_of(document: Document) -> str | None:
    return (document.get("proof") or {}).get("result")


def sentence(document: Document, now: datetime) -> str:
    """Where things stand, in a line."""
    done = document.get("progress") or {}
    ready, removed, steps = (done.get(key, 0) for key in ("ready", "removed", "steps"))
    phase = document["phase"]
    if phase in ("building", "verifying") and steps:
        return f"{ready} of {count(steps, 'step')} ready{_left(document, now)}."
    said = {
        "requested": "Asked for; the plan is about to be made.",
        "planning": "The plan is being made.",
        "building": "About to build.",
        "verifying": "About to ask the question.",
        "failed": f"{_failing(document)} {ready} of {count(steps, 'step')} ready."
        if steps
        else "It could not be built.",
        "deleting": f"Being taken down: {removed} of {count(steps, 'step')} removed.",
        "gone": _gone(document),
    }
    proved = {
        "passed": "The answer came through the portal, and every other way in is shut.",
        "incomplete": "The answer came through the portal; some checks could not be made here.",
    }
    if phase == "ready":
        return proved.get(result_of(document) or "", "Ready.")
    return said.get(phase, str(phase))


def _gone(document: Document) -> str:
    stays = [step["stays_until"] for step in all_steps(document) if step.get("stays_until")]
    if not stays:
        return "Everything of it is gone, soft-deleted things included."
    kept = f"{count(len(stays), 'deleted secret')} {'stays' if len(stays) == 1 else 'stay'} recoverable"
    return f"Everything of it is gone; {kept} in Key Vault until {max(stays)[:10]}, since nobody may purge there."


def _left(document: Document, now: datetime) -> str:
    if not document.get("critical_path"):
        return ""
    left = time_left(document, now)
    seconds = left.total_seconds() if left else 0.0
    return f", about {duration(max(round(seconds), 10))} left" if seconds > 0 else ", longer than planned"


def _failing(document: Document) -> str:
    failed = [step for step in all_steps(document) if step["state"] == "failed"]
    if not failed:
        return "Failed."
    first = f"{failed[0]['title']} of {failed[0]['corp']} failed"
    return f"{first}, and {count(len(failed) - 1, 'step')} more." if len(failed) > 1 else f"{first}."


def announcement(document: Document) -> str:
    """What a screen reader is told of unasked: the phase, and quarters of the way."""
    done = document.get("progress") or {}
    steps = done.get("steps") or 0
    far = 25 * (4 * (done.get("removed" if document["phase"] == "deleting" else "ready") or 0) // steps) if steps else 0
    at_work = document["phase"] in ("building", "verifying", "deleting")
    return f"{document['name']}: {document['phase']}" + (f", {far} % done" if at_work else "")


def _progress(document: Document) -> Markup | None:
    """A bar while something is under way."""
    done = document.get("progress") or {}
    steps = done.get("steps") or 0
    if document["phase"] not in ("building", "verifying", "deleting") or not steps:
        return None
    value = done.get("removed" if document["phase"] == "deleting" else "ready") or 0
    return el("progress", value=value, max=steps, aria_label="Steps done")


def facts(document: Document, now: datetime) -> Markup:
    """What it is, until when it lives, who asked."""
    model = document.get("model") or {}
    rows: list[tuple[str, Markup | str | None]] = [
        ("Lease", lease(document, now)),
        ("Requested", _requested(document, now)),
        ("Model", " ".join(str(model[key]) for key in ("name", "version", "sku") if model.get(key)) or None),
        ("Question", document.get("question")),
        ("Generation", join(el("code", document["generation"]), _attempt(document))),
        ("Stopped", _stopped(document)),
        ("Teardown", _teardown(document, now)),
        ("Events", in_words(document.get("events"))),
        ("Correlation", el("code", document["correlation_id"]) if document.get("correlation_id") else None),
    ]
    return el("dl", *[el("div", el("dt", key), el("dd", value)) for key, value in rows if value], class_="facts")


def _attempt(document: Document) -> str:
    attempt = document.get("attempt") or 1
    return f", attempt {attempt}" if attempt > 1 else ""


def _stopped(document: Document) -> str | None:
    """Who or what ended it; a failure is told of at length elsewhere."""
    stop = document.get("stop") or {}
    why, detail = stop.get("why"), stop.get("detail")
    return f"{why}: {detail}" if why and detail and why != "failure" else None


def _teardown(document: Document, now: datetime) -> str | None:
    """What a teardown has left, and when it is tried again."""
    teardown = document.get("teardown") or {}
    left = len(teardown.get("left") or ())
    if not left:
        return None
    again = moment(teardown.get("next_try"))
    then = f"; tried again from {clock(again, now, seconds=False)} on" if again else ""
    return f"{count(left, 'step')} left after {count(teardown.get('tries') or 1, 'try', 'tries')}{then}"


def _requested(document: Document, now: datetime) -> str:
    when = moment(document.get("requested_at"))
    by = f" by {document['requested_by']}" if document.get("requested_by") else ""
    return f"{clock(when, now)}{by}" if when else by.strip()


def lease(document: Mapping[str, Any], now: datetime) -> Markup | None:
    ends = moment(document.get("expires_at"))
    if ends is None or document["phase"] == "gone":
        return None
    left = (ends - now).total_seconds()
    words = f"{duration(left)} left" if left > 0 else f"over for {duration(-left)}"
    return join(el("strong", words), f", until {clock(ends, now, seconds=False)}")


def trouble(document: Document) -> Markup | None:
    """Why it failed: Azure's code, what to do about it, and its request id."""
    error = document.get("error")
    if not error and not leftovers(document):
        error = next((step["error"] for step in all_steps(document) if step.get("error")), None)
    if not error:
        return None
    step = next((one for one in all_steps(document) if (one.get("error") or {}).get("code") == error.get("code")), None)
    where = join(link(step.get("portal"), step["title"]), f", {step['corp']}") if step else None
    rows = [
        ("Where", where),
        ("To mend it", error.get("hint")),
        ("Request id", el("code", error["request_id"]) if error.get("request_id") else None),
    ]
    return el(
        "section",
        el("h2", mark("failed"), " What failed: ", el("code", error.get("code")), id="trouble"),
        el("p", error.get("message")),
        el("dl", *[el("div", el("dt", key), el("dd", value)) for key, value in rows if value]),
        class_="trouble",
        aria_labelledby="trouble",
    )


def leftovers(document: Document) -> Markup | None:
    """What a teardown could not remove, and what blocks it."""
    teardown = document.get("teardown") or {}
    left, error = teardown.get("left"), teardown.get("error") or {}
    if not left or document["phase"] != "failed":
        return None
    rows = [
        ("To mend it", error.get("hint")),
        ("Request id", el("code", error["request_id"]) if error.get("request_id") else None),
        ("Still there", f"{', '.join(left[:FEW])}{f' and {len(left) - FEW} more' if len(left) > FEW else ''}"),
    ]
    return el(
        "section",
        el("h2", mark("failed"), " Not taken down: ", el("code", error.get("code")), id="left"),
        el("p", error.get("message")),
        el("dl", *[el("div", el("dt", key), el("dd", value)) for key, value in rows if value]),
        class_="trouble",
        aria_labelledby="left",
    )


def actions(document: Document, address: str) -> Markup | None:
    """A button for each thing that may be done now. `address`: where forms are sent."""
    allowed = document.get("actions") or {}
    forms = [_form(name, address) for name in BUTTONS if allowed.get(name)]
    if allowed.get("delete"):
        forms.append(_delete(document, address))
    return el("div", *forms, class_="actions", role="group", aria_label="Actions") if forms else None


def _form(name: str, address: str) -> Markup:
    word, why = BUTTONS[name]
    button = el("button", word, type="submit", id=f"do-{name}", title=why, class_="first" if name == "retry" else None)
    return el("form", el("input", type="hidden", name="action", value=name), button, method="post", action=address)


def _delete(document: Document, address: str) -> Markup:
    return el(
        "details",
        el("summary", "Delete…", id="do-delete"),
        el(
            "form",
            el("input", type="hidden", name="action", value="delete"),
            el(
                "label",
                el("input", type="checkbox", name="confirm", value="yes", required=True, id="confirm"),
                f" Yes, take down everything of {document['name']}",
            ),
            el("button", "Delete", type="submit", class_="danger", id="delete"),
            method="post",
            action=address,
        ),
        class_="delete",
        id="deletion",
    )


def proof(document: Document) -> Markup | None:
    """The answer, and every check with its evidence, corp by corp."""
    found = document.get("proof")
    if not found:
        return None
    answer = None
    if found.get("answer"):
        asked = el("p", document["question"], class_="asked") if document.get("question") else None
        answer = el("figure", asked, el("blockquote", found["answer"]), class_="answer")
    corps = list(dict.fromkeys(check["corp"] for check in found["checks"]))
    lists = [_checks(corp, found["checks"], unfolded=len(corps) <= ALL_OPEN) for corp in corps]
    return el(
        "section",
        el("h2", "Proof ", tag(found["result"]), id="proof"),
        answer,
        el("div", *lists, class_="checks"),
        aria_labelledby="proof",
    )


def _checks(corp: str, checks: list[Mapping[str, Any]], *, unfolded: bool) -> Markup:
    own = [check for check in checks if check["corp"] == corp]
    states = [check["state"] for check in own]
    worst = next((state for state in ("failed", "not_checked") if state in states), "passed")
    items = [
        el(
            "li",
            mark(check["state"]),
            el("span", check["title"], told(check["state"])),
            el("span", check.get("evidence"), class_="evidence"),
            class_=look(check["state"]).tone,
        )
        for check in own
    ]
    return el(
        "details",
        el(
            "summary",
            tag(worst, join(corp, told(worst))),
            el("span", f"{states.count('passed')} of {len(own)} passed", class_="quiet"),
        ),
        el("ul", *items),
        id=f"proof-{corp}",
        open=unfolded or worst != "passed",
    )
