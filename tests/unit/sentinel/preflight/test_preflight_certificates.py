"""Certificates that end soon are reported in time: the sentinel's own, its authority's, and the nodes'."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentinel.preflight.facts import GroupFacts, OwnTls
from tests.unit.sentinel.preflight_cases import PRIMARY, REPLICA, codes, group, only

NOW, DAY_S = 1_800_000_000.0, 86_400.0


def facts(tls: OwnTls, node_ends_s: float | None = None) -> GroupFacts:
    return replace(group(replace(PRIMARY, certificate_ends_s=node_ends_s), REPLICA), tls=tls, at_s=NOW)


@pytest.mark.parametrize(
    ("days", "severity", "says"),
    [(15, None, ""), (13, "warning", "13 days"), (1, "error", "24 hours"), (-1, "error", "has ended")],
)
def test_the_nearer_the_end_the_graver(days: int, severity: str | None, says: str) -> None:
    ends_s = NOW + days * DAY_S
    for given, node in (
        (facts(OwnTls(own_ends_s=ends_s)), None),
        (facts(OwnTls(ca_ends_s=ends_s)), None),
        (facts(OwnTls(), ends_s), PRIMARY.name),
    ):
        if severity is None:
            assert codes(given) == []
            continue
        problem = only(given)
        assert (problem.node, problem.severity, problem.code) == (node, severity, "certificate")
        assert says in problem.problem


def test_files_that_cannot_be_taken_over_are_told() -> None:
    problem = only(facts(OwnTls(trouble="the TLS files cert.pem have changed, and cannot be used: mismatch")))
    assert (problem.severity, problem.code) == ("error", "tls-files")
