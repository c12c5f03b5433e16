"""A server under two names, in two groups, or in no configuration, is reported before it does harm."""

from __future__ import annotations

from dataclasses import replace

from sentinel.preflight.facts import GroupFacts
from sentinel.preflight.identity_rules import between_groups
from sentinel.preflight.rules import find_problems
from tests.unit.sentinel.http_cases import A, B, C
from tests.unit.sentinel.preflight_cases import OTHER, PRIMARY, REPLICA, codes, group, node, only

TWIN = replace(node(B), info=PRIMARY.info)
"""The primary, under another name."""


def test_one_server_under_two_names_is_one_problem() -> None:
    """And not two primaries, or a replica that is missing."""
    assert codes(group(PRIMARY, TWIN, OTHER)) == [(B, "error", "double-node")]
    assert A in only(group(PRIMARY, TWIN, OTHER)).problem


def test_what_remains_is_judged_as_it_is() -> None:
    assert codes(group(PRIMARY, TWIN)) == [(None, "error", "no-replica"), (B, "error", "double-node")]


def test_a_name_that_nobody_configured_is_no_mistake_of_the_configuration() -> None:
    assert codes(group(replace(TWIN, discovered=True), PRIMARY, REPLICA, OTHER)) == []


def test_one_server_in_two_groups_is_told_in_both() -> None:
    foreign = replace(node("10.1.1.1:6379"), info=OTHER.info)
    both = {
        "g": group(),
        "h": GroupFacts((node("10.1.1.2:6379"), foreign)),
        "i": group(node("10.1.1.3:6379")),
    }
    found = {name: dict(facts.contested) for name, facts in between_groups(both).items()}
    assert found == {
        "g": {C: "group h has this server too, as 10.1.1.1:6379"},
        "h": {"10.1.1.1:6379": f"group g has this server too, as {C}"},
        "i": {},
    }
    (problem,) = find_problems(between_groups(both)["g"])
    assert (problem.node, problem.severity, problem.code) == (C, "error", "two-groups")


def test_a_primary_that_no_configuration_names_is_told_and_one_that_is_not_watched_above_all() -> None:
    assert codes(replace(group(), unlisted=A)) == [(A, "error", "unlisted-primary")]
    assert codes(replace(group(), unlisted=A, unwatched_primary=A)) == [(A, "error", "unwatched-primary")]


def test_peers_whose_clocks_are_apart_are_named() -> None:
    facts = replace(group(), clocks={"s2": "5.0 s ahead of this sentinel's"})
    found = [problem for problem in find_problems(facts) if problem.code == "clocks-apart"]
    assert len(found) == 1 and "s2 is 5.0 s ahead" in found[0].problem
