"""Waiting for the next primary over HTTP: woken by the commit, bounded, forgotten when the client goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed
from quorum.messages import Entry, Opinions, Topology
from tests.unit.sentinel.http_cases import GROUP, SINCE_MS, TERM_7, A, B, C, World, eventually, running

pytestmark = pytest.mark.unit

PRIMARY = f"/v1/groups/{GROUP}/primary"
THREE = frozenset({"s1", "s2", "s3"})
TERM_8 = Topology(B, 8, A, "silent", "s2", SINCE_MS + 1000, 400)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path) as world:
        yield world


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"})) as world:
        yield world


def learn(world: World, topology: Topology) -> None:
    """Another sentinel tells what was committed."""
    entry = Entry(topology.term, 1, topology)
    world.driver.received("s2", Opinions(1, topology.term, (), entry))


def waiting_now(world: World) -> int:
    return world.kept.waiting.inside


async def test_a_waiting_client_is_answered_when_the_topology_changes(three: World) -> None:
    waiting = [asyncio.create_task(three.get(f"{PRIMARY}?after_term={term}&wait=60s")) for term in (7, 7, 8)]
    await eventually(lambda: waiting_now(three) == 3, "three clients wait")
    three.driver.feed(Observed(B, Evidence(EvidenceKind.ALIVE)))
    learn(three, TERM_8)
    for answer in await asyncio.gather(*waiting[:2]):
        assert answer[0] == 200 and answer[1]["term"] == 8 and answer[1]["address"] == B
        assert answer[2]["ETag"] == '"8"'
    assert not waiting[2].done() and waiting_now(three) == 1
    learn(three, Topology(C, 9, B, "silent", "s2", SINCE_MS, 1))
    assert (await waiting[2])[1]["address"] == C
    assert waiting_now(three) == 0


async def test_a_newer_term_than_asked_for_is_answered_at_once(world: World) -> None:
    status, body, _ = await world.get(f"{PRIMARY}?after_term=6&wait=60s")
    assert status == 200 and body["term"] == 7


@pytest.mark.parametrize("wait", ["0", "0s", "1ms", "0.01", "10ms"])
async def test_when_the_wait_is_over_the_current_primary_is_the_answer(world: World, wait: str) -> None:
    status, body, _ = await world.get(f"{PRIMARY}?after_term=7&wait={wait}")
    assert status == 200 and body["term"] == 7


async def test_a_client_can_wait_for_the_first_primary(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"}), topology=None) as world:
        assert (await world.get(f"{PRIMARY}?after_term=0&wait=1ms"))[0] == 503
        waiting = asyncio.create_task(world.get(f"{PRIMARY}?after_term=0&wait=60s"))
        await eventually(lambda: waiting_now(world) == 1, "the client waits")
        learn(world, TERM_7)
        assert (await waiting)[1]["address"] == A


async def test_a_majority_lost_while_waiting_is_told(three: World) -> None:
    waiting = asyncio.create_task(three.get(f"{PRIMARY}?after_term=7&wait=60s"))
    await eventually(lambda: waiting_now(three) == 1, "the client waits")
    three.in_touch.clear()
    learn(three, TERM_8)
    assert (await waiting)[0] == 503


async def test_without_a_majority_nobody_is_kept_waiting(three: World) -> None:
    three.in_touch.clear()
    status, body, _ = await three.get(f"{PRIMARY}?after_term=7&wait=60s")
    assert status == 503 and body["type"] == "urn:vedette:problem:no-quorum"


async def test_waiting_clients_are_bounded(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"}), max_waiting=2) as world:
        waiting = [asyncio.create_task(world.get(f"{PRIMARY}?after_term=7&wait=60s")) for _ in range(2)]
        await eventually(lambda: waiting_now(world) == 2, "two clients wait")
        status, body, headers = await world.get(f"{PRIMARY}?after_term=7&wait=60s")
        assert status == 503 and body["type"] == "urn:vedette:problem:too-many-waiting"
        assert headers["Retry-After"]
        assert (await world.get(PRIMARY))[0] == 200
        learn(world, TERM_8)
        assert [answer[0] for answer in await asyncio.gather(*waiting)] == [200, 200]


async def test_a_client_that_went_away_waits_no_longer(three: World) -> None:
    waiting = asyncio.create_task(three.get(f"{PRIMARY}?after_term=7&wait=60s"))
    await eventually(lambda: waiting_now(three) == 1, "the client waits")
    waiting.cancel()
    await eventually(lambda: waiting_now(three) == 0, "the client is forgotten")


async def test_a_sentinel_that_stops_answers_those_who_wait(three: World) -> None:
    waiting = asyncio.create_task(three.get(f"{PRIMARY}?after_term=7&wait=60s"))
    await eventually(lambda: waiting_now(three) == 1, "the client waits")
    await three.runner.cleanup()
    assert (await waiting)[1]["term"] == 7
