"""Other monitors of the nodes: Redis Sentinels, another Vedette, and what another Vedette left behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentinel.preflight.facts import GroupFacts, Monitor, NodeFacts
from sentinel.preflight.other_monitors import client_id, cluster_tag, monitors_of
from tests.unit.sentinel.preflight_cases import OTHER, PRIMARY, REPLICA, codes, group, only

MEMBERS = {"s1": "10.0.0.1:8700", "s2": "10.0.0.2:8700", "s3": "10.0.0.3:8700"}
TAG = cluster_tag(MEMBERS)
OURS = (Monitor("s1", TAG, "10.0.0.1"), Monitor("s2", None, "10.0.0.2"))


def watched(primary: NodeFacts, newest_term: int | None = 5) -> GroupFacts:
    facts = group(primary, REPLICA, OTHER)
    return replace(facts, members=frozenset(MEMBERS), cluster_tag=TAG, newest_term=newest_term)


def test_this_cluster_alone_is_no_problem() -> None:
    assert codes(watched(replace(PRIMARY, monitors=OURS, fence="5"))) == []


def test_redis_sentinels_are_told() -> None:
    problem = only(watched(replace(PRIMARY, hello_subscribers=3)))
    assert (problem.node, problem.severity, problem.code) == (PRIMARY.name, "error", "other-sentinel")
    assert problem.problem.startswith("3 Redis Sentinels watch it too")


@pytest.mark.parametrize("stranger", [Monitor("s9", TAG, "10.9.9.9"), Monitor("s1", "0a0a0a0a", "10.9.9.9")])
def test_another_vedette_is_told_also_if_its_sentinels_have_the_same_ids(stranger: Monitor) -> None:
    problem = only(watched(replace(PRIMARY, monitors=(*OURS, stranger))))
    assert (problem.node, problem.severity, problem.code) == (PRIMARY.name, "error", "other-vedette")
    assert f"{stranger.id} from 10.9.9.9" in problem.problem


def test_a_fence_above_all_that_this_cluster_has_come_to_is_anothers() -> None:
    problem = only(watched(replace(PRIMARY, fence="6")))
    assert (problem.node, problem.severity, problem.code) == (PRIMARY.name, "error", "foreign-fence")
    assert "holds term 6" in problem.problem and "to term 5" in problem.problem
    assert codes(watched(replace(PRIMARY, fence="6"), newest_term=None)) == [], "who is cut off cannot know"


def test_vedettes_are_read_from_the_list_of_clients() -> None:
    listed = (
        b"id=3 addr=10.0.0.1:40001 laddr=10.0.0.9:6379 fd=8 name=vedette-s1@0a1b2c3d age=9 cmd=ping\n"
        b"id=4 addr=[::1]:40002 laddr=[::1]:6379 fd=9 name=vedette-s2-check@0a1b2c3d age=9 cmd=ping\n"
        b"id=5 addr=10.0.0.3:40003 laddr=10.0.0.9:6379 fd=10 name=vedette-s3 age=9 cmd=ping\n"
        b"id=6 addr=10.0.0.3:40004 laddr=10.0.0.9:6379 fd=10 name=app-vedette-x age=9 cmd=get\n"
        b"id=7 addr=10.0.0.3:40005 laddr=10.0.0.9:6379 fd=10 name= age=9 cmd=get user=vedette-s9\n"
        b"\xff\n"
    )
    assert monitors_of(listed) == (
        Monitor("s1", "0a1b2c3d", "10.0.0.1"),
        Monitor("s2", "0a1b2c3d", "[::1]"),
        Monitor("s3", None, "10.0.0.3"),
    )


def test_the_same_members_have_the_same_tag_in_whatever_order_and_others_another() -> None:
    assert cluster_tag(dict(reversed(MEMBERS.items()))) == TAG
    assert cluster_tag({**MEMBERS, "s1": "10.0.0.1:9700"}) != TAG
    assert client_id("s1", MEMBERS) == f"s1@{TAG}"
    assert client_id("s1", MEMBERS, check=True) == f"s1-check@{TAG}"
