"""The checks that make an environment ready, and what they add up to.

Each check is passed, failed or not checked, with its evidence. One that failed: not ready. None failed but
some could not be checked here: ready, and the proof says `incomplete`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

State = Literal["passed", "failed", "not_checked"]
Result = Literal["passed", "incomplete", "failed"]
By = Literal["client", "probe", "app"]
STATES = frozenset(get_args(State))


@dataclass(frozen=True)
class Check:
    """`by`: who gathers the evidence: each consumer's client, the provider's probe, or the app itself."""

    id: str
    by: By
    title: str


CHECKS: tuple[Check, ...] = (
    Check("answer", "client", "The model answered this run's question through the portal"),
    Check("certificate", "client", "The certificate is the account's own, end to end"),
    Check("public_name", "client", "Outside the portal the account's name leads to its public address only"),
    Check("endpoint_unreachable", "client", "The private endpoint is out of the consumer's reach"),
    Check("public_refused", "client", "The account refuses the public network"),
    Check("enrolled", "client", "The consumer's ticket is spent and its node is up"),
    Check("private_name", "probe", "Inside the provider's network the name leads to the private endpoint"),
    Check("private_answer", "probe", "The account answers at the private endpoint"),
    Check("provider_enrolled", "probe", "The provider's ticket is spent and its node is up"),
    Check("no_public_address", "app", "No VM has a public address"),
    Check("no_inbound_rule", "app", "No rule lets anything in"),
    Check("public_access_off", "app", "The account's public access is disabled and default-deny"),
    Check("key_in_vault_only", "app", "The API key is in Key Vault, and in nothing that was written down"),
)


def expected(corps: Iterable[Mapping[str, Any]]) -> list[tuple[Check, str]]:
    """Every (check, corp) that a proof of these corps must hold."""
    pairs = []
    for corp in corps:
        for check in CHECKS:
            if check.by == "app" and check.id in ("public_access_off", "key_in_vault_only"):
                wanted = corp["role"] == "provider"
            else:
                wanted = {
                    "client": corp["role"] == "consumer",
                    "probe": corp["role"] == "provider",
                    "app": True,
                }[check.by]
            if wanted:
                pairs.append((check, str(corp["name"])))
    return pairs


def judge(
    corps: Sequence[Mapping[str, Any]], found: Mapping[tuple[str, str], Mapping[str, Any]], answer: str
) -> dict[str, Any]:
    """The proof document. `found`: (check id, corp) -> {state, evidence}; what is missing there was not done,
    and a proof with a hole is a failed one."""
    checks = []
    for check, corp in expected(corps):
        seen = found.get((check.id, corp), {"state": "failed", "evidence": "Nobody reported on this."})
        checks.append(
            {
                "id": check.id,
                "corp": corp,
                "title": check.title,
                # A VM says what it likes: a state that is none proves nothing.
                "state": seen["state"] if seen["state"] in STATES else "failed",
                "evidence": str(seen["evidence"])[:300],
            }
        )
    return {"result": result_of(check["state"] for check in checks), "answer": answer, "checks": checks}


def result_of(states: Iterable[str]) -> Result:
    seen = set(states)
    if not seen or seen - {"passed", "not_checked"}:
        return "failed"
    return "incomplete" if "not_checked" in seen else "passed"
