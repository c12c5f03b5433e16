"""Which address is whose, and which replicas are new."""

from __future__ import annotations

import pytest

from sentinel.coordination.node_spec import NodeSpec
from sentinel.coordination.nodebook import NodeBook
from tests.unit.sentinel.coordinator_cases import A, B, info

IP_A, IP_B = "10.0.0.1", "10.0.0.2"
SPEC_A = NodeSpec(A, "redis-a", 6379, announce_host="203.0.113.7", announce_port=7001)
SPEC_B = NodeSpec(B, "redis-b", 6379)


def book() -> NodeBook:
    """Both nodes were reached once."""
    nodes = NodeBook([SPEC_A, SPEC_B], discover=True)
    nodes.update(A, info(A, "master"), IP_A, 0.0)
    nodes.update(B, info(B), IP_B, 0.0)
    return nodes


@pytest.mark.parametrize(
    ("host", "port", "name"),
    [
        ("redis-a", 6379, A),
        ("203.0.113.7", 7001, A),
        (IP_A, 6379, A),
        (IP_A, 7001, A),
        ("REDIS-A", 6379, A),
        ("redis-a.", 6379, A),
        ("::ffff:10.0.0.1", 6379, A),
        (IP_A, 6380, "10.0.0.1:6380"),
        ("Redis-Z.", 6379, "redis-z:6379"),
        ("0:0:0:0:0:0:0:1", 6379, "[::1]:6379"),
        ("10.0.0.9", 6379, "10.0.0.9:6379"),
        ("::1", 6379, "[::1]:6379"),
    ],
)
def test_addresses_are_translated_to_names(host: str, port: int, name: str) -> None:
    assert book().name_of(host, port) == name


def test_an_address_is_remembered_when_a_later_reply_does_not_tell_it() -> None:
    nodes = book()
    nodes.update(A, info(A, "master"), None, 1.0)
    assert nodes.name_of(IP_A, 6379) == A and nodes[A].info_at == 1.0


def test_a_configured_node_under_another_address_is_no_second_node() -> None:
    nodes = book()
    nodes.add(NodeSpec("10.0.0.9:6379", "10.0.0.9", 6379, discovered=True))
    assert not nodes.sort_out(0.0)
    nodes.update("10.0.0.9:6379", info(B), None, 1.0)
    assert nodes.sort_out(1.0) and nodes.names == (A, B)
    assert nodes.watched == (A, B, "10.0.0.9:6379"), "so that it is known if they part"
    assert nodes.name_of("10.0.0.9", 6379) == nodes.local("10.0.0.9:6379") == B
    assert nodes.doubles == {}, "nobody configured it twice"


def test_a_view_speaks_of_names_and_of_what_others_should_connect_to() -> None:
    nodes = book()
    nodes.add(NodeSpec("new:1", "new", 1))
    first, second, new = nodes.views(nodes.onlooker(3.0, lambda name: name == A, lambda name: name == B))
    assert (first.host, first.port, first.role, first.reachable) == ("203.0.113.7", 7001, "master", True)
    assert (second.follows, second.age_s, second.reachable, second.down) == (A, 3.0, False, True)
    assert (new.role, new.reachable) == ("", False), "it never answered"


def test_what_is_discovered_may_be_promoted_only_if_that_is_said() -> None:
    for promote, barred in ((False, True), (True, False)):
        nodes = NodeBook([SPEC_A], discover=True, promote=promote)
        nodes.add(NodeSpec("new:1", "new", 1, discovered=True))
        nodes.update(A, info(A, "master"), IP_A, 0.0)
        nodes.update("new:1", info("new:1"), None, 0.0)
        first, new = nodes.views(nodes.onlooker(0.0, lambda _: True, lambda _: False))
        assert (bool(new.barred), first.barred) == (barred, "")
