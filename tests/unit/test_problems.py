"""Problem details: what the standard says, and every finding."""

from __future__ import annotations

from isthmus.problems import Finding, Problem


def test_a_problem_has_the_members_of_rfc_9457_and_every_finding() -> None:
    findings = (Finding("/name", "No.", "Mend it."), Finding("", "Neither."))
    body = Problem(400, "bad-request", "Title", "Detail", findings).as_json()
    assert {key: body[key] for key in ("type", "title", "status", "detail")} == {
        "type": "urn:isthmus:problem:bad-request",
        "title": "Title",
        "status": 400,
        "detail": "Detail",
    }
    assert body["errors"] == [
        {"pointer": "/name", "detail": "No.", "mend": "Mend it."},
        {"pointer": "", "detail": "Neither."},
    ]


def test_a_problem_without_findings_lists_none() -> None:
    assert "errors" not in Problem(404, "x", "T", "D").as_json()
