"""Groups as a preflight sees them: one in which all is well, and small changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sentinel.coordination.node_info import Attached
from sentinel.preflight.facts import GroupFacts, NodeFacts, Problem, Requirements
from sentinel.preflight.rules import find_problems
from tests.unit.sentinel.http_cases import A, B, C, info

SAID = {
    "aof_last_write_status": "ok",
    "cluster_enabled": "0",
    "config_file": "/etc/redis/redis.conf",
    "maxmemory": "0",
    "maxmemory_policy": "noeviction",
    "rdb_last_bgsave_status": "ok",
    "redis_version": "7.0.15",
    "used_memory": "1000000",
}
SETTINGS = {
    "appendonly": "no",
    "min-replicas-to-write": "0",
    "repl-backlog-size": "1048576",
    "repl-diskless-sync-delay": "5",
    "replica-announce-ip": "",
    "replica-announce-port": "0",
    "save": "3600 1 300 100 60 10000",
    "stop-writes-on-bgsave-error": "yes",
    "tls-replication": "no",
}
REQUIREMENTS = Requirements("vedette", "vedette:g:term")


def node(name: str, follows: str | None = None) -> NodeFacts:
    """A healthy one; a primary unless it ``follows`` another."""
    host, _, port = name.rpartition(":")
    seen = info("master") if follows is None else info("slave", follows=follows)
    seen = replace(seen, read_only=True, run_id=name.replace(".", "").replace(":", "").ljust(40, "0"))
    if follows is None:
        others = (Attached(each.rpartition(":")[0], 6379, "online", 1000, 0) for each in (B, C))
        seen = replace(seen, attached=tuple(others))
    return NodeFacts(
        name,
        (host, int(port)),
        frozenset({host}),
        int(port),
        info=seen,
        info_fields=dict(SAID),
        settings=dict(SETTINGS),
    )


PRIMARY, REPLICA, OTHER = node(A), node(B, A), node(C, A)


def group(*nodes: NodeFacts, required: Requirements = REQUIREMENTS) -> GroupFacts:
    return GroupFacts(nodes or (PRIMARY, REPLICA, OTHER), required=required)


def saying(facts: NodeFacts, **changes: str) -> NodeFacts:
    return replace(facts, info_fields={**facts.info_fields, **changes})


def set_to(facts: NodeFacts, changes: Mapping[str, str]) -> NodeFacts:
    return replace(facts, settings={**facts.settings, **changes})


def announcing(facts: NodeFacts, host: str, port: str = "0") -> NodeFacts:
    return set_to(facts, {"replica-announce-ip": host, "replica-announce-port": port})


def codes(facts: GroupFacts) -> list[tuple[str | None, str, str]]:
    return [(problem.node, problem.severity, problem.code) for problem in find_problems(facts)]


def only(facts: GroupFacts) -> Problem:
    [problem] = find_problems(facts)
    return problem
