"""The primary at the first start: one clear answer, or none with the reason."""

from __future__ import annotations

import pytest

from promotion.discovery import Ambiguous, Found, discover
from promotion.view import AttachedReplica, NodeView

REPLICA = AttachedReplica("b", 2, "online", 0, 0)


def master(name: str, *attached: AttachedReplica, reachable: bool = True) -> NodeView:
    return NodeView(name, name[0], 1, role="master", attached=attached, reachable=reachable)


def replica(name: str, follows: str) -> NodeView:
    return NodeView(name, name[0], 1, role="slave", follows=follows)


def test_the_only_master_with_replicas_is_it() -> None:
    views = [master("a:1", REPLICA), replica("b:1", "a:1"), master("c:1")]
    assert discover(views, 3, None) == Found("a:1")


def test_replicas_that_follow_it_and_are_not_linked_say_who_it_is_where_none_is_linked() -> None:
    lost = [replica("b:1", "a:1"), replica("d:1", "c:1")]
    assert discover([master("a:1"), lost[0]], 2, None) == Found("a:1")
    assert discover([master("a:1", REPLICA), master("c:1"), *lost], 4, None) == Found("a:1")
    assert isinstance(discover([master("a:1"), master("c:1"), *lost], 4, None), Ambiguous)


def test_a_single_node_needs_no_replica() -> None:
    assert discover([master("a:1")], 1, None) == Found("a:1")


@pytest.mark.parametrize(
    ("views", "reason"),
    [
        ([], "no node answers as a master"),
        ([replica("a:1", "x:9"), replica("b:1", "x:9")], "no node answers as a master"),
        ([master("a:1"), master("b:1")], "no master has replicas (a:1, b:1)"),
        ([master("a:1", REPLICA), master("c:1", REPLICA)], "several masters have replicas: a:1, c:1"),
        ([master("a:1", REPLICA, reachable=False)], "no node answers as a master"),
    ],
)
def test_anything_else_is_refused_with_the_reason(views: list[NodeView], reason: str) -> None:
    found = discover(views, 3, None)
    assert isinstance(found, Ambiguous)
    assert reason in found.reason


def test_the_configuration_decides_if_that_node_is_a_master() -> None:
    views = [master("a:1"), master("b:1")]
    assert discover(views, 2, "b:1") == Found("b:1")
    assert isinstance(discover([replica("b:1", "a:1")], 2, "b:1"), Ambiguous)
