"""A secret shows itself to nobody who did not ask for it by name."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from isthmus.secretref import Secret

CANARY = "s3cr3t-canary"


@dataclasses.dataclass
class Holder:
    secret: Secret


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        ascii,
        format,
        pprint.pformat,
        lambda s: f"{s}",
        lambda s: f"{s!r:>40}",
        lambda s: f"{s:>40}",
        lambda s: "%s %r" % (s, s),  # noqa: UP031
        lambda s: "{} {!s}".format(s, s),  # noqa: UP032
        lambda s: str([s]) + str({"a": s}) + str((s,)),
        lambda s: repr(Holder(s)),
        lambda s: json.dumps({"a": s}, default=str),
        lambda s: json.dumps({"a": s}, default=repr),
        lambda s: logging.LogRecord("n", 20, "p", 1, "value %s", (s,), None).getMessage(),
    ],
)
def test_no_text_of_it_shows_the_value(show: Callable[[Any], str]) -> None:
    assert CANARY not in show(Secret(CANARY))


@pytest.mark.parametrize(
    "serialise",
    [
        json.dumps,
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        lambda s: pickle.dumps({"a": [s]}),
        lambda s: json.dumps([s]),
        lambda s: dataclasses.asdict(Holder(s)),
        list,
        tuple,
        vars,
        lambda s: s.__getstate__(),
        lambda s: s.__reduce_ex__(2),
        lambda s: "".join(s),
        bytes,
    ],
)
def test_nothing_serialises_it_and_the_refusal_does_not_tell(serialise: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError) as caught:
        serialise(Secret(CANARY))
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_the_value_comes_out_when_asked_for_by_name() -> None:
    assert Secret(CANARY).reveal() == CANARY


def test_nothing_can_be_attached_to_it() -> None:
    with pytest.raises(AttributeError):
        Secret(CANARY).note = "x"  # type: ignore[attr-defined]


def test_it_is_equal_to_the_same_secret_and_never_to_a_text() -> None:
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_it_is_true_if_it_holds_something() -> None:
    assert Secret("a")
    assert not Secret("")
