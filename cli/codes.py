"""The exit codes: what a pipeline can tell apart without reading a word."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """The meaning of each stands in MEANINGS, in --help and in docs/command.md."""

    OK = 0
    BUG = 1
    USAGE = 2
    REFUSED = 3
    FAILED = 4
    CLEANED_UP = 5
    TIMED_OUT = 6
    CANCELLED = 7
    INCOMPLETE = 8
    UNREACHABLE = 9
    INTERRUPTED = 130


MEANINGS = {
    Code.OK: "done; with --wait: ready and every check of the proof passed, or gone",
    Code.BUG: "a fault in the command itself",
    Code.USAGE: "the command line or a file named on it is wrong; nothing was sent",
    Code.REFUSED: "refused: the spec has findings, the name is taken, there is no such environment, or it is too late",
    Code.FAILED: "it failed, and something is left: to look at (on_failure: keep) or because the teardown failed too",
    Code.CLEANED_UP: "it failed, and everything that was built has been removed again",
    Code.TIMED_OUT: "not settled within --timeout; the environment goes on",
    Code.CANCELLED: "cancelled, deleted or out of lease before it was ready; everything has been removed",
    Code.INCOMPLETE: "ready, but some checks of the proof could not be made",
    Code.UNREACHABLE: "the app can't be reached, does not answer as it should, or does not let you in",
    Code.INTERRUPTED: "interrupted; the environment goes on",
}


def table() -> str:
    """The codes as lines of text, for --help."""
    return "Exit codes:\n\n" + "\n\n".join(f"{code:>3}  {meaning}" for code, meaning in MEANINGS.items())
