"""A switchover that one of its nodes would refuse is refused at once, where that is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sentinel.preflight.facts import Denial, GroupFacts, NodeFacts
from sentinel.preflight.rules import find_problems
from sentinel.preflight.switchover import objections, worth_a_look
from tests.unit.sentinel.http_cases import GROUP, A, B, C, World, running
from tests.unit.sentinel.preflight_cases import OTHER, PRIMARY, REPLICA, REQUIREMENTS, group, saying, set_to

NO_REPLICAOF = replace(REPLICA, denied={"replicaof": Denial.COMMAND})
WHY = f"{B}: REPLICAOF: the user may not run it"


class Nodes:
    """What the last preflight found, and what a new look finds."""

    def __init__(self, before: GroupFacts, now: GroupFacts) -> None:
        self.before, self.now, self.looks = before, now, 0

    async def gather(self, _group: str) -> GroupFacts:
        self.looks += 1
        return self.now

    @asynccontextmanager
    async def world(self, tmp_path: Path) -> AsyncIterator[World]:
        async with running(tmp_path, problems=find_problems(self.before), gather=self.gather) as world:
            world.redis[GROUP].look()
            yield world


async def ask(world: World, to: str | None = None) -> tuple[int, dict[str, Any]]:
    body = {} if to is None else {"to": to}
    async with world.client.post(f"/v1/groups/{GROUP}/switchover", json=body) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_what_a_node_would_refuse_is_told_with_the_reasons_and_nothing_is_begun(tmp_path: Path) -> None:
    denied = group(PRIMARY, NO_REPLICAOF, OTHER)
    async with Nodes(denied, denied).world(tmp_path) as world:
        status, body = await ask(world, B)
        assert (status, body["type"], body["reasons"]) == (412, "urn:vedette:problem:precondition", [WHY])
        assert WHY in body["detail"]
        assert world.operations.open_in(GROUP) is None and world.driver.coordinator.request is None
        assert (await ask(world))[0] == 412, "nobody was named, and it is the best"


async def test_what_was_mended_since_the_preflight_counts(tmp_path: Path) -> None:
    nodes = Nodes(group(PRIMARY, NO_REPLICAOF, OTHER), group())
    async with nodes.world(tmp_path) as world:
        assert (await ask(world, B))[0] == 202
    assert nodes.looks == 1


async def test_nobody_is_asked_for_what_is_wrong_at_a_third_node(tmp_path: Path) -> None:
    denied = group(PRIMARY, NO_REPLICAOF, OTHER)
    nodes = Nodes(denied, denied)
    async with nodes.world(tmp_path) as world:
        assert (await ask(world, C))[0] == 202
    assert nodes.looks == 0


def denying(node: NodeFacts, *permissions: str, why: Denial = Denial.COMMAND) -> NodeFacts:
    return replace(node, denied=dict.fromkeys(permissions, why))


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        (denying(PRIMARY, "client|pause"), REPLICA, ()),
        (denying(PRIMARY, "failover"), REPLICA, ()),
        (PRIMARY, denying(REPLICA, "eval", "multi", "client|pause", "config|set"), ()),
        (denying(PRIMARY, "client|unpause"), REPLICA, (f"{A}: CLIENT UNPAUSE: the user may not run it",)),
        (
            denying(PRIMARY, "client|pause", "failover", "client|unpause"),
            REPLICA,
            (f"{A}: CLIENT PAUSE: the user may not run it; FAILOVER: the user may not run it",),
        ),
        (
            PRIMARY,
            denying(REPLICA, "role", why=Denial.UNKNOWN),
            (f"{B}: ROLE: the server does not have it",),
        ),
        (PRIMARY, denying(REPLICA, "set", why=Denial.KEY), (f"{B}: SET: the user may not touch the key",)),
        (saying(PRIMARY, rdb_last_bgsave_status="err"), REPLICA, ()),
        (PRIMARY, set_to(saying(REPLICA, rdb_last_bgsave_status="err"), {"save": ""}), ()),
        (PRIMARY, saying(REPLICA, aof_last_write_status="err"), ()),
        (
            PRIMARY,
            saying(REPLICA, rdb_last_bgsave_status="err"),
            (f"{B}: would refuse all writes (MISCONF): its last snapshot failed",),
        ),
        (
            PRIMARY,
            set_to(saying(REPLICA, aof_last_write_status="err"), {"appendonly": "yes"}),
            (f"{B}: would refuse all writes (MISCONF): its append-only file cannot be written",),
        ),
    ],
)
def test_what_stands_in_the_way(old: NodeFacts, new: NodeFacts, reasons: tuple[str, ...]) -> None:
    facts = group(old, new, OTHER)
    assert objections(facts, A, B) == reasons
    assert not reasons or worth_a_look(find_problems(facts), A, B)


def test_without_a_fence_its_commands_are_not_needed() -> None:
    facts = group(
        PRIMARY,
        denying(REPLICA, "get", "set", "watch"),
        OTHER,
        required=replace(REQUIREMENTS, fence_key=None),
    )
    assert objections(facts, A, B) == ()
