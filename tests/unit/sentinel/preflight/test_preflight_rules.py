"""Each problem of a next failover is reported, and nothing if all is well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentinel.preflight.data_rules import LARGE_BYTES
from sentinel.preflight.facts import Failure, GroupFacts, NodeFacts, Requirements, Stranger
from sentinel.preflight.rules import find_problems
from tests.unit.sentinel.http_cases import A, B, C
from tests.unit.sentinel.preflight_cases import (
    OTHER,
    PRIMARY,
    REPLICA,
    REQUIREMENTS,
    announcing,
    codes,
    group,
    node,
    only,
    saying,
    set_to,
)

ON_AOF = {"save": "", "appendonly": "yes"}


def _info(facts: NodeFacts, **changes: object) -> NodeFacts:
    assert facts.info is not None
    return replace(facts, info=replace(facts.info, **changes))  # type: ignore[arg-type]


def _at(facts: NodeFacts, host: str) -> NodeFacts:
    return replace(facts, reach=(host, 6379), addresses=frozenset({host}))


def test_a_healthy_group_has_no_problem() -> None:
    assert find_problems(group()) == ()


LOST = NodeFacts(B, ("10.0.0.2", 6379), failure=Failure("unreachable", "connection refused"))
NEVER = _info(REPLICA, priority=0)
UNLINKED = _info(REPLICA, link_up=False)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (group(PRIMARY, LOST, OTHER), (B, "error", "unreachable")),
        (
            group(PRIMARY, replace(LOST, failure=Failure("protected-mode", "no")), OTHER),
            (B, "error", "protected-mode"),
        ),
        (
            group(PRIMARY, replace(LOST, failure=Failure("credentials", "no")), OTHER),
            (B, "error", "credentials"),
        ),
        (group(PRIMARY, replace(LOST, discovered=True), OTHER), (B, "warning", "announced-address")),
        (group(saying(PRIMARY, cluster_enabled="1"), REPLICA, OTHER), (A, "error", "cluster-mode")),
        (group(PRIMARY, node(B), OTHER), (None, "error", "two-primaries")),
        (group(node(A, "10.9.9.9:6379"), node(B, "10.9.9.9:6379")), (None, "error", "no-primary")),
        (group(PRIMARY), (None, "error", "no-replica")),
        (group(PRIMARY, NEVER), (None, "error", "never-promoted")),
        (group(PRIMARY, replace(REPLICA, discovered=True)), (None, "error", "few-candidates")),
        (group(replace(PRIMARY, priority=0), REPLICA), (None, "error", "few-candidates")),
        (group(PRIMARY, UNLINKED, OTHER), (B, "error", "link-down")),
        (group(PRIMARY, _info(UNLINKED, sync_in_progress=True), OTHER), (B, "warning", "syncing")),
        (group(PRIMARY, _info(UNLINKED, loading=True), OTHER), (B, "warning", "loading")),
        (group(PRIMARY, REPLICA, node(C, B)), (C, "warning", "chained")),
        (
            group(replace(PRIMARY, refused_by={B: "it asks for a password, and none is set"}), REPLICA),
            (A, "error", "replication-password"),
        ),
        (group(_at(PRIMARY, "127.0.0.1"), REPLICA, OTHER), (A, "error", "loopback-address")),
        (
            GroupFacts(
                (PRIMARY, REPLICA), (Stranger(A, ("172.17.0.3", 6379), False, "timed out"),), REQUIREMENTS
            ),
            (A, "warning", "announced-address"),
        ),
        (
            GroupFacts(
                (PRIMARY, REPLICA), (Stranger(B, ("redis", 6379), True, "no such name"),), REQUIREMENTS
            ),
            (B, "warning", "unknown-primary"),
        ),
        (group(PRIMARY, saying(REPLICA, maxmemory="999999"), OTHER), (B, "error", "memory")),
        (group(PRIMARY, saying(REPLICA, maxmemory="2000000"), OTHER), (B, "warning", "memory")),
        (
            group(PRIMARY, saying(REPLICA, maxmemory_policy="allkeys-lru"), OTHER),
            (B, "warning", "eviction-policy"),
        ),
        (group(PRIMARY, saying(REPLICA, redis_version="6.2.14"), OTHER), (B, "warning", "versions")),
        (
            group(PRIMARY, saying(REPLICA, redis_version="7.2.4", valkey_version="8.0.1"), OTHER),
            (None, "warning", "versions"),
        ),
        (
            group(PRIMARY, saying(REPLICA, rdb_last_bgsave_status="err"), OTHER),
            (B, "error", "persistence-failing"),
        ),
        (
            group(PRIMARY, set_to(saying(REPLICA, aof_last_write_status="err"), ON_AOF), OTHER),
            (B, "error", "persistence-failing"),
        ),
        (group(set_to(PRIMARY, {"save": ""}), REPLICA, OTHER), (A, "warning", "no-persistence")),
        (group(PRIMARY, set_to(REPLICA, {"save": ""}), OTHER), (B, "warning", "no-persistence")),
        (group(PRIMARY, announcing(REPLICA, C[:-5]), OTHER), (B, "warning", "announced-address")),
        (group(announcing(PRIMARY, "127.0.0.1"), REPLICA, OTHER), (A, "warning", "announced-address")),
        (
            replace(group(), strangers=(Stranger(A, ("10.9.9.9", 6379), False, "refused", as_itself=True),)),
            (A, "warning", "announced-address"),
        ),
        (
            group(PRIMARY, set_to(REPLICA, {"min-replicas-to-write": "3"}), OTHER),
            (B, "error", "min-replicas"),
        ),
        (
            group(PRIMARY, set_to(REPLICA, {"min-replicas-to-write": "2"}), OTHER),
            (B, "warning", "min-replicas"),
        ),
        (group(PRIMARY, _info(REPLICA, read_only=False), OTHER), (B, "warning", "writable-replica")),
        (
            group(saying(PRIMARY, used_memory=str(2 * LARGE_BYTES)), REPLICA, OTHER),
            (A, "warning", "small-backlog"),
        ),
        (group(PRIMARY, saying(REPLICA, config_file=""), OTHER), (None, "warning", "no-config-file")),
        (
            group(PRIMARY, set_to(REPLICA, {"tls-replication": "yes"}), OTHER),
            (None, "error", "tls-replication"),
        ),
        (group(PRIMARY, replace(REPLICA, fence="hello"), OTHER), (B, "error", "fence-key")),
        (group(PRIMARY, replace(REPLICA, fence="007"), OTHER), (B, "error", "fence-key")),
    ],
    ids=lambda value: "-".join(str(part) for part in value) if isinstance(value, tuple) else "",
)
def test_each_problem_is_found_alone(facts: GroupFacts, expected: tuple[str | None, str, str]) -> None:
    assert codes(facts) == [expected]


@pytest.mark.parametrize(
    "facts",
    [
        # Nothing to compare with, or unknown: no false alarm.
        group(PRIMARY, replace(REPLICA, settings={}, info_fields={}), OTHER),
        group(replace(PRIMARY, settings={}, info_fields={}), REPLICA, OTHER),
        group(PRIMARY, saying(REPLICA, redis_version="7.0.11"), OTHER),
        group(PRIMARY, saying(REPLICA, redis_version="of my own", maxmemory="much"), OTHER),
        # Vedette or the configuration handles these.
        group(PRIMARY, replace(NEVER, priority=10)),
        group(PRIMARY, NEVER, OTHER),
        group(
            set_to(PRIMARY, {"min-replicas-to-write": "2"}),
            REPLICA,
            OTHER,
            required=Requirements("vedette", "k", write_safety=True),
        ),
        # Persistence of one kind is persistence; a snapshot that nobody asked for may fail.
        group(set_to(PRIMARY, ON_AOF), REPLICA, OTHER),
        group(PRIMARY, set_to(saying(REPLICA, rdb_last_bgsave_status="err"), ON_AOF), OTHER),
        # The next primary need keep only what is kept today; one that reports nothing is not blamed.
        group(PRIMARY, replace(REPLICA, settings={}), OTHER),
        # By its own address, in any of the ways to write it.
        group(PRIMARY, announcing(REPLICA, B.rpartition(":")[0]), announcing(OTHER, "", "6379")),
        group(PRIMARY, replace(REPLICA, fence="12"), OTHER),
        # A machine on its own.
        group(*(_at(each, "127.0.0.1") for each in (PRIMARY, node(B, "127.0.0.1:6379")))),
    ],
)
def test_no_false_alarm(facts: GroupFacts) -> None:
    assert codes(facts) == []


def test_errors_come_first_then_what_is_about_the_group_then_node_by_node() -> None:
    facts = group(
        set_to(saying(PRIMARY, config_file=""), {"save": ""}),
        replace(REPLICA, fence="hello"),
        saying(OTHER, maxmemory_policy="allkeys-lru", cluster_enabled="1"),
    )
    assert codes(facts) == [
        (B, "error", "fence-key"),
        (C, "error", "cluster-mode"),
        (None, "warning", "no-config-file"),
        (A, "warning", "no-persistence"),
        (C, "warning", "eviction-policy"),
    ]


def test_a_wiped_primary_that_leaves_no_time_is_told_as_such() -> None:
    hasty = set_to(PRIMARY, {"save": "", "repl-diskless-sync-delay": "0"})
    assert "at once" in only(group(hasty, REPLICA, OTHER)).problem
