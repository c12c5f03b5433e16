"""The nodes that may take over, and those that are foreign, as a preflight reports them."""

from __future__ import annotations

from dataclasses import replace

from sentinel.coordination.node_info import Attached
from sentinel.preflight.facts import GroupFacts, NodeFacts, Problem
from sentinel.preflight.rules import find_problems
from tests.unit.sentinel.http_cases import B, C
from tests.unit.sentinel.preflight_cases import PRIMARY, REPLICA, REQUIREMENTS, group, node, only


def named(facts: GroupFacts) -> dict[str, Problem]:
    return {each.code: each for each in find_problems(facts)}


def test_a_discovered_node_counts_where_it_may_be_promoted() -> None:
    found = replace(REPLICA, discovered=True)
    promoting = replace(REQUIREMENTS, promote_discovered=True)
    assert named(group(PRIMARY, found, required=promoting)) == {}
    problem = only(group(PRIMARY, found))
    assert problem.problem.startswith(f"only {PRIMARY.name} may be promoted; {B} is not configured: ")


def foreign(replid: str) -> NodeFacts:
    """B, as a primary with a replica that is none of the group's nodes."""
    other = node(B)
    assert other.info is not None
    info = replace(other.info, replid=replid, attached=(Attached("10.9.9.9", 6379, "online", 0, 0),))
    return replace(other, info=info)


def test_a_node_that_is_another_clusters_primary_is_named_with_its_replicas() -> None:
    assert PRIMARY.info is not None
    third = node(C, PRIMARY.name)
    problem = named(group(PRIMARY, foreign("f" * 40), third))["foreign-replicas"]
    assert problem.node == B and "10.9.9.9:6379" in problem.problem
    assert "foreign-replicas" not in named(group(PRIMARY, foreign(PRIMARY.info.replid), third))


def test_a_replica_that_is_not_watched_is_named_with_the_reason() -> None:
    problem = only(replace(group(), unwatched={"10.9.9.9:6379": "outside of discover_range"}))
    assert (problem.node, problem.severity, problem.code) == ("10.9.9.9:6379", "warning", "not-watched")
    assert "outside of discover_range" in problem.problem


def test_where_wait_counts_who_acknowledges_and_is_never_promoted_is_named() -> None:
    found = replace(node(C, PRIMARY.name), discovered=True)
    durable = replace(REQUIREMENTS, durability=True)
    problem = only(group(PRIMARY, REPLICA, found, required=durable))
    assert (problem.node, problem.code) == (C, "vouches-in-vain")
    assert named(group(PRIMARY, REPLICA, found)) == {}
    assert named(group(PRIMARY, REPLICA, found, required=replace(durable, promote_discovered=True))) == {}
