"""Names: within Azure's limits for each type, the same for the same life, different for another."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus import names
from isthmus.names import ENVIRONMENT_PATTERN
from tests.unit.samples import GENERATION, SUBSCRIPTION

LONGEST = "a" * 24
WORDS = st.from_regex(ENVIRONMENT_PATTERN, fullmatch=True).filter(lambda text: 3 <= len(text) <= 24)
GENERATIONS = st.text(names.GENERATION_LETTERS, min_size=names.GENERATION_LENGTH, max_size=names.GENERATION_LENGTH)

AZURE = [
    # What Azure allows of each: longest, pattern.
    ("resource group", names.resource_group, 90, r"[a-z0-9_.()-]*[a-z0-9_()-]"),
    ("Key Vault secret of a ticket", names.ticket_secret, 127, r"[0-9a-zA-Z-]+"),
    ("Key Vault secret of a key", lambda e, g, c: names.key_secret(e, g), 127, r"[0-9a-zA-Z-]+"),
    ("account and subdomain", lambda e, g, c: names.account(SUBSCRIPTION, e, g), 63, r"[a-z0-9][a-z0-9-]*[a-z0-9]"),
    ("relay", lambda e, g, c: names.relay(e, g), 64, r"[a-z0-9-]+"),
    ("instance", lambda e, g, c: names.provision_instance(e, g, 999), 100, r"[a-z0-9-]+"),
    ("instance of a corp", lambda e, g, c: names.corp_instance(e, g, c, 999), 100, r"[a-z0-9-]+"),
    ("instance of a teardown", lambda e, g, c: names.teardown_instance(e, g), 100, r"[a-z0-9-]+"),
]  # fmt: skip
Namer = Callable[[str, str, str], str]
ALL = pytest.mark.parametrize(("namer", "longest", "pattern"), [row[1:] for row in AZURE], ids=[r[0] for r in AZURE])


@ALL
@given(environment=WORDS, generation=GENERATIONS, corp=WORDS)
def test_a_name_is_what_azure_allows(
    namer: Namer, longest: int, pattern: str, environment: str, generation: str, corp: str
) -> None:
    name = namer(environment, generation, corp)
    assert re.fullmatch(pattern, name)
    assert name == name.lower()
    assert len(name) <= longest


@ALL
def test_the_longest_names_that_can_be_asked_for_fit(namer: Namer, longest: int, pattern: str) -> None:
    assert len(namer(LONGEST, GENERATION, LONGEST)) <= longest


@ALL
def test_a_second_life_has_other_names(namer: Namer, longest: int, pattern: str) -> None:
    assert namer("demo", "aaaaaa", "corp") != namer("demo", "aaaaab", "corp")
    assert namer("demo", "aaaaaa", "corp") != namer("dem0", "aaaaaa", "corp")


@ALL
def test_the_same_thing_has_the_same_name_twice(namer: Namer, longest: int, pattern: str) -> None:
    assert namer("demo", GENERATION, "corp") == namer("demo", GENERATION, "corp")


def test_no_two_things_of_one_life_share_a_secret_or_an_instance() -> None:
    corps = ["api", "api-key", "ticket", "down"]
    secrets = [names.key_secret("demo", GENERATION), *(names.ticket_secret("demo", GENERATION, c) for c in corps)]
    instances = [names.provision_instance("demo", GENERATION, n) for n in (1, 2, 3)]
    instances += [names.corp_instance("demo", GENERATION, c, n) for c in corps for n in (1, 2)]
    instances += [names.teardown_instance("demo", GENERATION)]
    assert len(set(secrets)) == len(secrets)
    assert len(set(instances)) == len(instances)


@given(WORDS, GENERATIONS, WORDS)
def test_every_group_is_known_by_its_name(environment: str, generation: str, corp: str) -> None:
    assert names.GROUP_PATTERN.match(names.resource_group(environment, generation, corp))


@pytest.mark.parametrize("group", ["isthmus", "isthmus-app", "demo", "isthmus-demo-abc-corp", "xisthmus-a-abc234-corp"])
def test_a_group_of_somebody_else_is_not_taken_for_ours(group: str) -> None:
    assert not names.GROUP_PATTERN.match(group)


def test_the_account_is_salted_with_the_subscription() -> None:
    assert names.account("one", "demo", GENERATION) != names.account("two", "demo", GENERATION)


def test_a_role_assignment_is_a_guid_of_scope_principal_and_role_whatever_their_case() -> None:
    name = names.role_assignment("/Scope", "principal", "/role")
    assert str(uuid.UUID(name)) == name
    assert name == names.role_assignment("/scope", "PRINCIPAL", "/ROLE")
    others = [("/other", "principal", "/role"), ("/scope", "other", "/role"), ("/scope", "principal", "/other")]
    assert name not in [names.role_assignment(*other) for other in others]


def test_outlet_and_inlet_have_attributes_of_their_own_in_each_life() -> None:
    ends = {names.attribute("demo", life, end) for life in ("aaaaaa", "bbbbbb") for end in ("inlet", "outlet")}
    assert len(ends) == 4


def test_a_nonce_belongs_to_one_corp_of_one_attempt_of_one_life() -> None:
    asked = [("demo", "aaaaaa", "corp", 1), ("demo", "aaaaaa", "corp", 2), ("demo", "aaaaaa", "other", 1)]
    asked += [("demo", "bbbbbb", "corp", 1), ("other", "aaaaaa", "corp", 1)]
    nonces = {names.nonce(*run) for run in asked}
    assert len(nonces) == len(asked)
    assert all(re.fullmatch(r"[0-9A-F]{10}", nonce) for nonce in nonces)


def test_the_first_attempt_bears_the_plain_instance_id() -> None:
    assert names.provision_instance("demo", "abc234") == "env-demo-abc234"
    assert names.provision_instance("demo", "abc234", 2) == "env-demo-abc234-2"


def test_generations_are_made_of_letters_that_group_names_are_known_by() -> None:
    assert re.fullmatch(r"[a-z2-7]{32}", names.GENERATION_LETTERS)
    assert len(set(names.GENERATION_LETTERS)) == 32
