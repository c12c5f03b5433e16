"""The result of a preflight: its problems, and since when each has been found. Plain data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sentinel.preflight.facts import SEVERITIES, Problem, Severity

Key = tuple[str | None, str]
"""The node and the code: the same problem, though its words may change."""


@dataclass(frozen=True, slots=True)
class Report:
    """``at_ms`` is wall-clock time, None before the first preflight."""

    at_ms: int | None = None
    problems: tuple[Problem, ...] = ()
    found_ms: Mapping[Key, int] = field(default_factory=dict)
    """When each problem was first found, of those that every preflight has found since."""

    def since_ms(self, problem: Problem) -> int:
        return self.found_ms.get((problem.node, problem.code), self.at_ms or 0)

    def without(self, refuted: Collection[Problem]) -> Report:
        return replace(self, problems=tuple(each for each in self.problems if each not in refuted))


def found_anew(before: Report, problems: tuple[Problem, ...], at_ms: int) -> Report:
    """The report of a preflight that has found ``problems``."""
    still = {(problem.node, problem.code): before.since_ms(problem) for problem in before.problems}
    keys = [(problem.node, problem.code) for problem in problems]
    return Report(at_ms, problems, {key: still.get(key, at_ms) for key in keys})


def of_severity(report: Report) -> Mapping[Severity, int]:
    return {
        severity: sum(problem.severity == severity for problem in report.problems) for severity in SEVERITIES
    }
