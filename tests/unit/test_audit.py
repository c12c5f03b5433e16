"""What the audit makes of its tools' answers: above all, that no answer is not a clean one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.audit import Outcome, Verdict, exit_code, judge_packages, judge_workflows, trust

CLEAN = {"name": "yarl", "version": "1.20.0", "vulns": []}
HOLED = {
    "name": "aiohttp",
    "version": "3.9.0",
    "vulns": [{"id": "CVE-2024-23334", "fix_versions": ["3.9.2"], "aliases": [], "description": "..."}],
}
SKIPPED = {
    "name": "redis",
    "skip_reason": "Dependency not found on PyPI and could not be audited: redis (8.1.0)",
}


def packages(*found: dict[str, Any]) -> Verdict:
    """As pip-audit 2.10 writes its report."""
    return judge_packages(json.dumps({"dependencies": found, "fixes": []}), "")


def test_a_hole_is_told_with_its_package_and_where_it_is_mended() -> None:
    verdict = packages(CLEAN, HOLED)
    assert verdict.outcome is Outcome.FOUND
    assert verdict.lines == ("aiohttp 3.9.0: CVE-2024-23334, mended in 3.9.2",)


def test_a_hole_is_told_also_where_others_were_not_audited() -> None:
    assert packages(SKIPPED, HOLED).outcome is Outcome.FOUND


@pytest.mark.parametrize("found", [(SKIPPED,), (CLEAN, SKIPPED), ()])
def test_packages_that_nobody_knows_are_not_clean(found: tuple[dict[str, Any], ...]) -> None:
    """pip-audit itself says then that it found nothing, and ends with 0."""
    assert packages(*found).outcome is Outcome.UNANSWERED


def test_a_registry_out_of_reach_is_told_by_the_last_that_was_said() -> None:
    verdict = judge_packages("", "Traceback ...\nConnectionError: refused\n")
    assert verdict == Verdict("pip-audit", Outcome.UNANSWERED, ("ConnectionError: refused",))


def test_a_registry_that_does_not_know_a_known_hole_is_not_believed() -> None:
    clean = packages(CLEAN)
    assert trust(clean, packages(HOLED)).outcome is Outcome.CLEAN
    for silent in (packages(CLEAN), packages(SKIPPED)):
        assert trust(clean, silent).outcome is Outcome.UNANSWERED
    assert trust(packages(HOLED), packages(CLEAN)).outcome is Outcome.FOUND


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (0, Outcome.CLEAN),
        (1, Outcome.UNANSWERED),
        (2, Outcome.UNANSWERED),
        (3, Outcome.UNANSWERED),
        (11, Outcome.FOUND),
        (14, Outcome.FOUND),
    ],
)
def test_workflows_are_judged_by_zizmor_s_exit_code(code: int, outcome: Outcome) -> None:
    assert judge_workflows(code, "said", online=True).outcome is outcome


def test_what_was_not_asked_of_github_is_told() -> None:
    assert "GH_TOKEN" in judge_workflows(0, "", online=False).lines[0]
    assert not judge_workflows(0, "", online=True).lines


def test_findings_fail_always_and_what_was_not_audited_only_where_that_is_asked_for() -> None:
    clean, found, unanswered = (Verdict("tool", outcome, ()) for outcome in Outcome)
    assert exit_code([clean, unanswered], strict=False) == 0
    assert exit_code([clean, unanswered], strict=True) == 3
    assert exit_code([clean], strict=True) == 0
    for strict in (False, True):
        assert exit_code([found, unanswered], strict=strict) == 1
