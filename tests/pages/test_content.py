"""What the page says: of every state, of trouble, of the lease, and nothing that others could run or should not see."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from isthmus.lifecycle import FOLLOWS
from isthmus.pages import HEADERS, environment_page, overview_page
from isthmus.pages.corp_map import corp_layout
from isthmus.pages.marks import LOOKS, PHASES, STEP_STATES
from isthmus.pages.picture import portal_of
from isthmus.pages.style import SCRIPT, STYLE, hash_of
from tests.pages import samples
from tests.pages.test_browser import STATES

VOID = {"meta", "link", "input", "br", "hr"}


class Reader(HTMLParser):
    """Elements in order; fails where one is closed that is not the last that was opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data


def read(document: samples.Document, after: float = 100, **more: Any) -> Reader:
    return Reader(environment_page(document, samples.moment(after), **more))


def buttons(page: Reader) -> list[str | None]:
    return [a["value"] for tag, a in page.elements if tag == "input" and a.get("name") == "action"]


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_a_well_formed_page_that_names_its_phase(state: str) -> None:
    document = STATES[state]()
    page = read(document)
    assert page.open == []
    assert document["phase"] in page.text
    for step in (step for corp in document["corps"] for step in corp["steps"]):
        assert step["title"] in page.text


@pytest.mark.parametrize("state", STEP_STATES)
def test_every_state_of_a_step_has_a_word_and_a_look_of_its_own(state: str) -> None:
    document = samples.each_step(samples.building(), lambda step: step.update(state=state))
    assert LOOKS[state].word in read(document).text
    assert [other for other in STEP_STATES if LOOKS[other].shape == LOOKS[state].shape] == [state]


def test_every_phase_has_a_mark() -> None:
    assert set(PHASES) == set(FOLLOWS)


def test_a_state_and_a_phase_that_nobody_knows_are_shown_all_the_same() -> None:
    strange = samples.each_step(samples.building(), lambda step: step.update(state="dreaming")) | {"phase": "musing"}
    assert "musing" in read(strange).text


def test_a_document_with_only_what_is_always_there_makes_a_page() -> None:
    bare = {key: samples.requested()[key] for key in ("name", "generation", "phase", "requested_at", "expires_at")}
    assert "demo" in read(bare).text


@pytest.mark.parametrize("allowed", [(), ("renew",), ("cancel", "delete"), ("renew", "cancel", "retry", "delete")])
def test_only_what_may_be_done_has_a_button(allowed: tuple[str, ...]) -> None:
    assert set(buttons(read(samples.building() | {"actions": samples.actions(*allowed)}))) == set(allowed)


def test_a_deletion_needs_a_tick() -> None:
    page = read(samples.building())
    ticks = [a for tag, a in page.elements if tag == "input" and a.get("type") == "checkbox"]
    assert [(a["name"], "required" in a) for a in ticks] == [("confirm", True)]


def test_the_key_is_carried_along_and_escaped() -> None:
    page = read(samples.building(), query="?code=a%22b&clientId=x")
    forms = {a["action"] for tag, a in page.elements if tag == "form"}
    own = {a["href"] for tag, a in page.elements if tag == "a" and not str(a["href"]).startswith(("https://", "#"))}
    assert forms == {"page?code=a%22b&clientId=x"}
    assert own == {"../page?code=a%22b&clientId=x", "../demo?code=a%22b&clientId=x"}


def test_a_failure_is_told_with_azures_code_request_id_and_the_hint() -> None:
    text = read(samples.failed()).text
    for told in ("code", "message", "hint", "request_id"):
        assert samples.QUOTA[told] in text
    assert "Model deployment of ai-corp failed" in text


def test_a_teardown_that_is_blocked_is_told_with_what_blocks_it_and_what_is_left() -> None:
    text = read(samples.blocked()).text
    for told in ("code", "message", "hint", "request_id"):
        assert samples.LOCKED[told] in text
    assert "Not taken down: ScopeLocked" in text
    assert "Still there" in text
    assert "ai-corp/resource_group" in text
    assert "What failed" not in text
    assert "Not taken down" not in read(samples.blocked() | {"phase": "deleting"}).text


def test_resources_link_to_the_portal() -> None:
    page = read(samples.ready())
    links = [str(a["href"]) for tag, a in page.elements if tag == "a" and str(a["href"]).startswith("https://")]
    assert any(link.endswith("/resourceGroups/isthmus-demo-abc234-ai-corp") for link in links)
    assert {link.split("/#")[0] for link in links} == {"https://portal.azure.com"}


@pytest.mark.parametrize(
    ("after", "words"), [(0, "8 h left"), (4 * 3600, "4 h left"), (8 * 3600 + 300, "over for 5 min")]
)
def test_the_lease_counts_down(after: float, words: str) -> None:
    assert words in read(samples.ready(), after).text


def test_every_check_stands_with_its_evidence() -> None:
    document = samples.ready(unchecked=("no_inbound_rule",))
    text = read(document).text
    assert samples.ANSWER in text
    for check in document["proof"]["checks"]:
        assert check["title"] in text
        assert check["evidence"] in text
    assert "not checked" in text


@pytest.mark.parametrize(
    ("state", "portal"),
    [
        ("building", "portal not open yet"),
        ("ready", "portal proved"),
        ("incomplete", "portal open"),
        ("failed", "nodes started"),
        ("deleting", "portal closed"),
        ("gone", "portal closed"),
        ("twenty", "16 of 20 nodes started"),
    ],
)
def test_the_portal_is_no_more_open_than_is_known(state: str, portal: str) -> None:
    assert portal_of(STATES[state]()).words == portal


def test_what_key_vault_keeps_although_all_is_gone_is_said_with_its_date() -> None:
    found = samples.gone()
    assert "soft-deleted things included" in read(found).text
    secret = next(step for step in found["corps"][0]["steps"] if step["kind"] == "reserved_ticket")
    secret["stays_until"] = "2026-08-26T20:00:00Z"
    text = read(found).text
    assert "1 deleted secret stays recoverable in Key Vault until 2026-08-26" in text
    assert text.count("recoverable in Key Vault until 2026-08-26") == 2  # above, and with its step
    assert "soft-deleted things included" not in text


def test_only_a_page_at_work_looks_again() -> None:
    again = {state: 'data-again="0"' not in environment_page(STATES[state](), samples.moment(0)) for state in STATES}
    assert {state for state, looks in again.items() if looks} == {"requested", "building", "deleting", "twenty"}


def test_a_notice_is_an_alert() -> None:
    page = read(samples.building(), notice="Not done: <b>")
    assert "Not done: <b>" in page.text
    assert any(a.get("role") == "alert" for _, a in page.elements)


def test_what_others_say_stays_text() -> None:
    page = read(samples.hostile())
    assert samples.HOSTILE in page.text
    assert [tag for tag, _ in page.elements if tag in ("script", "img")] == ["script"]
    attributes = [key for _, found in page.elements for key in found]
    assert not [key for key in attributes if key.startswith("on") or key == "style"]
    assert "javascript:" not in " ".join(str(a.get("href")) for _, a in page.elements)


def test_nothing_that_the_page_does_not_know_gets_into_it() -> None:
    """A document that grows a member does not leak it: only what is named is shown."""
    canary = "canary-5f8e"
    document = samples.failed() | {"durable": {"statusQueryGetUri": canary}, "spec": {"tickets": canary}}
    document = samples.each_step(document, lambda step: step.update(outputs={"key": canary}, wanted=canary))
    assert canary not in environment_page(document, samples.moment(0), "?code=k")


def test_the_list_names_each_and_links_to_its_page() -> None:
    page = Reader(overview_page(samples.listed(), samples.moment(95), "?code=k", "page?code=k&after=x"))
    links = [a["href"] for tag, a in page.elements if tag == "a"]
    for row in samples.listed()["environments"]:
        assert f"{row['name']}/page?code=k" in links
        assert row["phase"] in page.text
    assert "InsufficientQuota" in page.text
    assert "page?code=k&after=x" in links


def test_a_list_of_none_says_how_to_begin() -> None:
    assert "None yet" in Reader(overview_page({"environments": []}, samples.moment(0))).text


def test_the_policy_allows_this_style_and_this_script_and_nobody_else() -> None:
    policy = HEADERS["Content-Security-Policy"]
    page = environment_page(samples.building(), samples.moment(0))
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert (style, script) == ([STYLE], [SCRIPT])
    assert f"style-src '{hash_of(STYLE)}'" in policy
    assert f"script-src '{hash_of(SCRIPT)}'" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"unsafe|https?:|\*", policy)
    assert " style=" not in page


def test_twenty_consumers_fit_into_a_page_of_reasonable_size() -> None:
    assert len(environment_page(samples.ready(20), samples.moment(0))) < 450_000


def test_the_same_document_at_the_same_moment_is_the_same_page() -> None:
    pages = {environment_page(samples.building(), samples.moment(95)) for _ in range(2)}
    assert len(pages) == 1


def test_what_a_corp_stands_in_that_was_there_before_is_told_and_linked() -> None:
    html = environment_page(samples.landing_zone(), samples.moment(92))
    text = read(samples.landing_zone()).text
    for said in ("in ai-corp/nodes", "in health-corp/nodes", "DNS zone of hub-dns", "neither changed nor removed"):
        assert said in text
    assert "#resource/subscriptions/" in html
    assert "/virtualNetworks/ai-corp/subnets/nodes" in html
    assert "landing zone" not in read(samples.building()).text


def test_a_picture_of_a_corp_that_stands_in_what_was_there_has_no_gap() -> None:
    corps = samples.landing_zone()["corps"]
    for corp in corps:
        layout = corp_layout(corp)
        assert set(layout.columns) == {step["id"] for step in corp["steps"]}
        assert set(layout.columns.values()) == set(range(layout.width))
