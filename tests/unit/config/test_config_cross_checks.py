"""Settings that are valid each, but not together; and settings that are only unwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.config.config_cases import changed, load_text, problems, warnings

MEMBERS = [f"127.0.0.1:{port}" for port in range(8701, 8710)]


def members(count: int) -> dict[str, str]:
    return {f"s{index + 1}": MEMBERS[index] for index in range(count)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"cluster.lease": "300ms"},
            "cluster.lease: 300ms must be shorter than election_timeout_min (300ms)",
        ),
        ({"cluster.lease": "200ms"}, "cluster.lease: 200ms must be longer than two heartbeats (2 x 100ms)"),
        (
            {"cluster.heartbeat": "150ms"},
            "cluster.heartbeat: 150ms must be less than half of lease (250ms)",
        ),
        (
            {"cluster.heartbeat": "1s"},
            "cluster.heartbeat: 1s must be shorter than election_timeout_min (300ms)",
        ),
        (
            {"cluster.election_timeout_max": "300ms"},
            "cluster.election_timeout_max: 300ms must be longer than election_timeout_min (300ms), "
            "or candidates collide",
        ),
        (
            {"cluster.peer_timeout": "250ms"},
            "cluster.peer_timeout: 250ms must be longer than the time between two pings "
            "of an idle peer link (250ms)",
        ),
        ({"sentinel.id": "s4"}, "sentinel.id: 's4' is not one of cluster.members (s1, s2, s3)"),
        (
            {"cluster.members.s3": "127.0.0.1:8702"},
            "cluster.members.s3: '127.0.0.1:8702' is already the address of member 's2'",
        ),
        (
            {"cluster.members.s3": "10.0.0.1:8703"},
            "cluster.secret: is required (or secret_file), "
            "since cluster.members.s3 (10.0.0.1:8703) is not loopback",
        ),
        (
            {"sentinel.http": "0.0.0.0:8701"},
            "cluster.secret: is required (or secret_file), "
            "since sentinel.http (0.0.0.0:8701) is not loopback",
        ),
        (
            {"groups.mymaster.nodes": ["A:1", "b:1", "a:1"]},
            "groups.mymaster.nodes[2]: 'a:1' is already listed as groups.mymaster.nodes[0]",
        ),
        (
            {"groups.mymaster.nodes": ["a:1", "b:1", "a.:1"]},
            "groups.mymaster.nodes[2]: 'a.:1' is already listed as groups.mymaster.nodes[0]",
        ),
        (
            {"groups.mymaster.nodes": ["[::ffff:10.0.0.1]:1", "b:1", "10.0.0.1:1"]},
            "groups.mymaster.nodes[2]: '10.0.0.1:1' is already listed as groups.mymaster.nodes[0]",
        ),
        (
            {"groups.mymaster.nodes": ["a:1", {"address": "b:1", "announce": "A:1"}, "c:1"]},
            "groups.mymaster.nodes[1].announce: 'a:1' is where groups.mymaster.nodes[0] is reached already",
        ),
        (
            {"groups.other.nodes": ["b:1", "127.0.0.1:6380"]},
            "groups.other.nodes[1]: '127.0.0.1:6380' is already listed as groups.mymaster.nodes[1]",
        ),
        (
            {"groups.mymaster.primary": "127.0.0.1:9"},
            "groups.mymaster.primary: '127.0.0.1:9' is not one of the group's nodes",
        ),
        (
            {"groups.mymaster.ping_interval": "1s"},
            "groups.mymaster.ping_interval: the ping interval (1s) must be shorter than down_after (1s), "
            "or every node is always down",
        ),
        (
            {"groups.mymaster.down_after": "50ms"},
            "groups.mymaster.down_after: the ping interval (50ms) must be shorter than down_after (50ms), "
            "or every node is always down",
        ),
        (
            {"groups.mymaster.quorum": 4},
            "groups.mymaster.quorum: 4 is more than the 3 members: "
            "they could never agree that the primary is down",
        ),
        (
            {"cluster.members.s3": "0.0.0.0:8703"},
            "cluster.members.s3: '0.0.0.0:8703' can be listened on, but not connected to: name one host",
        ),
    ],
)
def test_contradictions_quote_both_values(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    assert problems(tmp_path, changed(*changes.items())) == [message]


def test_nothing_is_concluded_from_what_is_broken(tmp_path: Path) -> None:
    tree = changed(
        ("sentinel.id", "s3"),
        ("cluster.members.s3", "nowhere"),
        ("cluster.heartbeat", "5"),
        ("cluster.lease", "10ms"),
        ("cluster.secret_file", "./none"),
        ("sentinel.http", "0.0.0.0:1"),
        ("groups.mymaster.quorum", 3),
        ("groups.mymaster.primary", "c:1"),
        ("groups.mymaster.nodes", ["a:1", "c"]),
    )
    assert problems(tmp_path, tree) == [
        "cluster.members.s3: 'nowhere' has no port (host:port)",
        "cluster.heartbeat: '5' has no unit (try 5s or 5ms)",
        "cluster.secret_file: names a file that does not exist",
        "groups.mymaster.nodes[1]: 'c' has no port (host:port)",
    ]


def test_members_beyond_loopback_are_fine_with_a_secret(tmp_path: Path) -> None:
    tree = changed(("cluster.members.s3", "h:8703"), ("cluster.secret", "0123456789abcdef"))
    assert load_text(tmp_path, tree).warnings == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"cluster.members": members(1)},
            "cluster.members: one member tolerates no failure: "
            "while it is down, nobody fails over (use three)",
        ),
        (
            {"cluster.members": members(2)},
            "cluster.members: two members tolerate no failure: a majority of two is both (use three)",
        ),
        (
            {"cluster.members": members(4)},
            "cluster.members: 4 members tolerate no more failures than 3, and more of them must answer: "
            "use an odd number",
        ),
        (
            {"sentinel.http": "127.0.0.1:9"},
            "sentinel.http: port 9 is not the one that peers are told (cluster.members.s1 is 127.0.0.1:8701)",
        ),
        ({"sentinel.resp_password": "word"}, "sentinel.resp_password: has no effect, for resp is not set"),
        (
            {"groups.mymaster.quorum": 1},
            "groups.mymaster.quorum: 1 of 3 members, a minority, may declare the primary down; "
            "the failover itself still takes a majority (2)",
        ),
        (
            {"cluster.secret": "short"},
            "cluster.secret: is short enough to be guessed: use 16 characters or more",
        ),
        (
            {"groups.mymaster.refused_after": "2s"},
            "groups.mymaster.refused_after: 2s has no effect beyond down_after (1s)",
        ),
        (
            {"groups.mymaster.nodes": ["a:1"], "groups.mymaster.discover_replicas": False},
            "groups.mymaster.nodes: is a single node, and discover_replicas is false: "
            "nothing can be promoted in its place",
        ),
        (
            {"groups.mymaster.nodes": ["a:1"]},
            "groups.mymaster.nodes: is a single node, and replicas that are not listed are watched but never "
            "promoted, so nothing can be: list the replicas, or set discover_replicas to promote",
        ),
        (
            {"groups.mymaster.nodes": ["a:1", {"address": "b:1", "priority": 0}]},
            "groups.mymaster.nodes: has one node with a priority other than 0, and replicas that are not "
            "listed are watched but never promoted, so nothing can be: list the replicas, or set "
            "discover_replicas to promote",
        ),
        (
            {"groups.mymaster.nodes": [{"address": "a:1", "priority": 0}]},
            "groups.mymaster.nodes: all have priority 0, which is never promoted",
        ),
        (
            {"groups.mymaster.tls": {"verify": False}},
            "groups.mymaster.tls.verify: is false: anyone can pose as a node and be sent the password",
        ),
        (
            {"sentinel.http": "0.0.0.0:8701", "cluster.secret": "0123456789abcdef"},
            "api.token: is not set and sentinel.http (0.0.0.0:8701) is not loopback: "
            "POST requests will be refused",
        ),
    ],
)
def test_what_is_unwise_is_a_warning_with_its_reason(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    assert warnings(tmp_path, changed(*changes.items())) == [message]


def test_a_warning_has_its_line(tmp_path: Path) -> None:
    (warning,) = load_text(tmp_path, changed(("groups.mymaster.quorum", 1))).warnings
    assert warning.line is not None
    line = (tmp_path / "vedette.yml").read_text(encoding="utf-8").splitlines()[warning.line - 1]
    assert line.strip() == "quorum: 1"
    assert warning.at(Path("v.yml")).startswith(f"v.yml:{warning.line}: groups.mymaster.quorum: ")


def test_a_receiver_is_named_once_and_its_url_not_shown(tmp_path: Path) -> None:
    url = "https://user:pa55@hooks.example/x"
    tree = changed(("webhooks", [{"url": url, "secret": "a"}, {"url": url, "secret": "b"}]))
    assert problems(tmp_path, tree) == [
        "webhooks[1].url: is the same as webhooks[0].url: name each receiver once, with all its events"
    ]
