"""Where a load balancer may send writes and reads, and why not elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed
from quorum.messages import Append, Entry, Grade, Intent, Opinion, Opinions, Topology
from sentinel.coordination.inputs import InfoSeen
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.node_spec import NodeSpec
from tests.unit.sentinel.http_cases import GROUP, HEALTHY, SINCE_MS, TERM_7, A, B, C, World, info, running

pytestmark = pytest.mark.unit

THREE = frozenset({"s1", "s2", "s3"})
CHECK = f"/v1/check/{GROUP}"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"})) as world:
        world.redis[GROUP].look()
        for node in (A, B, C):
            world.driver.feed(Observed(node, Evidence(EvidenceKind.ALIVE)))
        yield world


async def refused(world: World, path: str) -> str:
    """Why a load balancer is kept away."""
    status, body, headers = await world.get(f"{CHECK}{path}")
    assert (status, body["type"]) == (503, "urn:vedette:problem:check-failed")
    assert headers["Content-Type"] == "application/problem+json" and headers["Retry-After"]
    return str(body["detail"])


def seen(world: World, node: str, answer: NodeInfo) -> None:
    answer = replace(answer, run_id=HEALTHY[node].run_id)
    world.driver.feed(InfoSeen(node, answer, node.rpartition(":")[0]))


async def test_writes_go_to_the_agreed_primary_alone(world: World) -> None:
    status, body, _ = await world.get(f"{CHECK}/primary?node={A}")
    expected = {"group": GROUP, "node": A, "role": "primary", "term": 7, "lag_bytes": None}
    assert (status, body) == (200, {**expected, "refuses": None, "detail": ""})
    assert await refused(world, f"/primary?node={B}") == f"{B}: the primary is {A}, since term 7."


async def test_reads_go_to_the_replicas_alone(world: World) -> None:
    for node, lag_bytes in ((B, 10), (C, 100)):
        status, body, _ = await world.get(f"{CHECK}/replica?node={node}")
        assert (status, body["role"], body["lag_bytes"]) == (200, "replica", lag_bytes)
    assert await refused(world, f"/replica?node={A}") == f"{A}: it is the primary."


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_every_method_that_load_balancers_use_is_answered(world: World, method: str) -> None:
    for path, status in (
        (f"{CHECK}/primary?node={A}", 200),
        (f"{CHECK}/primary?node={B}", 503),
        (f"{CHECK}/replica?node={B}", 200),
        (f"{CHECK}/replica?node={A}", 503),
        (f"{CHECK}/replica?node=10.9.9.9:1", 404),
        (f"{CHECK}/replica", 400),
    ):
        async with world.client.request(method, path) as answer:
            assert answer.status == status
            assert bool(await answer.read()) == (method != "HEAD")


async def test_other_methods_change_nothing(world: World) -> None:
    async with world.client.post(f"{CHECK}/primary?node={A}") as answer:
        assert answer.status == 405 and answer.headers["Allow"] == "GET,HEAD,OPTIONS"


async def test_a_sentinel_that_is_alone_names_no_primary_but_lets_reads_go_on(world: World) -> None:
    world.in_touch.clear()
    status, body, _ = await world.get(f"{CHECK}/primary?node={A}")
    assert (status, body["type"]) == (503, "urn:vedette:problem:no-quorum")
    assert (await world.get(f"{CHECK}/replica?node={B}"))[0] == 200


async def test_no_primary_is_known(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"}), topology=None) as world:
        for role in ("primary", "replica"):
            status, body, _ = await world.get(f"{CHECK}/{role}?node={A}")
            assert (status, body["type"]) == (503, "urn:vedette:problem:no-primary")


async def test_writes_stop_while_a_quorum_calls_the_primary_down(world: World) -> None:
    world.redis[GROUP].lose_primary()
    assert (await world.get(f"{CHECK}/primary?node={A}"))[0] == 200, "one sentinel alone may be wrong"
    world.driver.received("s2", Opinions(1, 7, (Opinion(A, True, Grade.REFUSED),), Entry(7, 1, TERM_7)))
    assert await refused(world, f"/primary?node={A}") == f"{A}: a quorum calls it down."


async def test_writes_stop_at_the_intent_and_go_on_at_the_commit(world: World) -> None:
    intent = Intent(B, "switchover", "s2", SINCE_MS)
    world.driver.received("s2", Append(8, 1, Entry(8, 1, TERM_7, intent), (7, 1)))
    assert await refused(world, f"/primary?node={A}") == f"{A}: {B} is about to replace it."
    assert await refused(world, f"/primary?node={B}") == f"{B}: the primary is {A}, since term 7."
    made = Entry(8, 2, Topology(B, 8, A, "switchover", "s2", SINCE_MS, 1))
    world.driver.received("s2", Append(8, 2, made, (8, 2)))
    assert (await world.get(f"{CHECK}/primary?node={B}"))[0] == 200
    assert f"the primary is {B}" in await refused(world, f"/primary?node={A}")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (info("master"), "it is no replica."),
        (info("slave", follows=C), f"it follows {C}, and the primary is {A}."),
        (info("slave", follows="10.9.9.9:1"), f"it follows 10.9.9.9:1, and the primary is {A}."),
        (replace(HEALTHY[B], link_up=False, link_down_s=3), "its link to the primary is down."),
        (replace(HEALTHY[B], loading=True), "it is loading its data."),
    ],
)
async def test_a_replica_that_does_not_follow_gets_no_reads(
    world: World, answer: NodeInfo, reason: str
) -> None:
    seen(world, B, answer)
    assert await refused(world, f"/replica?node={B}") == f"{B}: {reason}"


async def test_a_replica_that_is_down_or_unknown_gets_no_reads(world: World) -> None:
    world.driver.feed(Observed(B, Evidence(EvidenceKind.REFUSED)))
    assert "it is down" in await refused(world, f"/replica?node={B}")


async def test_a_replica_that_was_not_seen_yet_gets_no_reads(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        assert "it is unknown" in await refused(world, f"/replica?node={B}")


async def test_a_replica_that_lags_gets_no_reads_where_that_is_asked(world: World) -> None:
    assert (await world.get(f"{CHECK}/replica?node={C}&max_lag_bytes=100"))[0] == 200
    assert await refused(world, f"/replica?node={C}&max_lag_bytes=99") == f"{C}: it is 100 bytes behind."
    seen(world, C, replace(HEALTHY[C], replid="f" * 40))
    assert "not known" in await refused(world, f"/replica?node={C}&max_lag_bytes=99")


async def test_a_node_is_known_by_its_announced_address_too(tmp_path: Path) -> None:
    specs = (NodeSpec(A, "10.0.0.1", 6379, "redis-1.example", 16379), NodeSpec(B, "10.0.0.2", 6379))
    async with running(tmp_path, specs=specs) as world:
        for node in (A, "redis-1.example:16379", "REDIS-1.example:16379"):
            status, body, _ = await world.get(f"{CHECK}/primary?node={node}")
            assert (status, body["node"]) == (200, A)


@pytest.mark.parametrize(
    "node", ["", "redis-1", "redis-1:", "redis-1:0", "http://x:1", "a b:1", "%00:1", "é:1"]
)
async def test_what_is_no_address_is_said_to_be_none(world: World, node: str) -> None:
    status, body, _ = await world.get(f"{CHECK}/primary?node={node}")
    assert (status, body["parameter"]) == (400, "node")


async def test_an_unknown_group_or_node_is_said_to_be_unknown(world: World) -> None:
    status, body, _ = await world.get(f"/v1/check/nobody/primary?node={A}")
    assert (status, body["type"]) == (404, "urn:vedette:problem:unknown-group")
    status, body, _ = await world.get(f"{CHECK}/primary?node=10.9.9.9:6379")
    assert (status, body["type"]) == (404, "urn:vedette:problem:unknown-node")
