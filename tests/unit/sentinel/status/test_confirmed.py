"""Clients are told who is primary while a majority confirms it, and wait a moment where that may come."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from quorum.membership import Membership
from quorum.messages import Append, Entry, EntryId, Topology
from sentinel.peers.in_touch import InTouch
from sentinel.process import clock
from sentinel.resp.server import RespServer
from sentinel.status import confirmed
from sentinel.status.authority import Authority
from sentinel.status.confirmed import Confirmed
from sentinel.status.freshness import Freshness
from tests.unit.sentinel.http_cases import GROUP, SINCE_MS, TERM_7, A, B, World, eventually, running

THREE = frozenset({"s1", "s2", "s3"})
PRIMARY, CHECK = f"/v1/groups/{GROUP}/primary", f"/v1/check/{GROUP}/primary?node={A}"
TIMEOUT_S = 60.0
TERM_8 = Topology(B, 8, A, "switchover", "s2", SINCE_MS, 1)


@dataclass
class FakeLinks:
    """``answers``: what a peer says when it is asked; ``asked`` counts."""

    peers: frozenset[str] = frozenset({"s2"})
    open: frozenset[str] = frozenset({"s2"})
    said_at: float = -math.inf
    newest: EntryId = (TERM_7.term, 1)
    asked: int = 0
    answer: Callable[[], None] = field(default=lambda: None)

    def in_touch(self) -> frozenset[str]:
        return self.peers

    def linked(self) -> frozenset[str]:
        return self.open

    def stored_at(self, peer: str, group: str, newest: EntryId) -> float:
        assert group == GROUP and newest == self.newest
        return self.said_at if peer == "s2" else -math.inf

    def ask(self) -> None:
        self.asked += 1
        asyncio.get_running_loop().call_later(0.01, self.answer)


def in_touch(links: FakeLinks) -> InTouch:
    return InTouch("s1", Membership.of(THREE), links.in_touch)


@pytest.fixture
def links() -> FakeLinks:
    return FakeLinks(said_at=clock.monotonic())


@pytest.fixture
def freshness() -> Freshness:
    return Freshness(TIMEOUT_S)


@pytest.fixture
async def world(tmp_path: Path, links: FakeLinks, freshness: Freshness) -> AsyncIterator[World]:
    known = Confirmed(in_touch(links), links, freshness)

    def answer() -> None:
        known.on_word()

    links.answer = answer
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"}), confirmed=known) as world:
        yield world


async def status(world: World, path: str = PRIMARY) -> int:
    return (await world.get(path))[0]


async def test_what_was_confirmed_lately_is_told_with_its_age(world: World, links: FakeLinks) -> None:
    _, body, _ = await world.get(PRIMARY)
    assert body["address"] == A and 0 <= body["age_ms"] <= 1000 * TIMEOUT_S and body["confirmed_at"]
    assert await status(world, CHECK) == 200
    assert links.asked == 0 and "stale" not in body


async def test_what_was_confirmed_too_long_ago_is_told_only_as_stale(world: World, links: FakeLinks) -> None:
    links.said_at = clock.monotonic() - 5 * TIMEOUT_S
    links.open = frozenset()
    for path in (PRIMARY, CHECK):
        code, body, _ = await world.get(path)
        assert (code, body["type"]) == (503, "urn:vedette:problem:no-quorum")
        assert "confirmed lately" in body["detail"]
    _, body, _ = await world.get(f"{PRIMARY}?stale=ok")
    assert body["stale"] is True and body["age_ms"] >= 5000
    assert (await world.get(f"/v1/groups/{GROUP}"))[1]["confirmed"] is False
    assert links.asked == 0, "nobody waits for who is cut off"


async def test_whoever_asks_waits_for_a_word_that_may_come(world: World, links: FakeLinks) -> None:
    links.said_at, word = clock.monotonic() - 5 * TIMEOUT_S, links.answer

    def answer() -> None:
        links.said_at = clock.monotonic()
        word()

    links.answer = answer
    assert await status(world) == 200
    assert links.asked >= 1


async def test_it_does_not_wait_for_ever(
    world: World, links: FakeLinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmed, "WAIT_S", 0.05)
    links.said_at = clock.monotonic() - 5 * TIMEOUT_S
    assert await status(world) == 503


async def test_after_a_stall_one_round_comes_first(
    world: World, links: FakeLinks, freshness: Freshness
) -> None:
    word, seen = links.answer, []

    def answer() -> None:
        seen.append(links.said_at)
        links.said_at = clock.monotonic()
        word()

    links.answer = answer
    before = links.said_at
    freshness.stalled(clock.monotonic())
    assert await status(world) == 200
    assert seen[0] == before, "what was confirmed before the stall did not suffice"


async def test_in_touch_with_nobody_nothing_is_told_however_fresh(world: World, links: FakeLinks) -> None:
    links.peers = links.open = frozenset()
    assert await status(world) == 503


async def test_a_topology_that_is_being_written_ends_the_former(world: World, links: FakeLinks) -> None:
    """The commit is known, and a restart could still forget it: neither is told."""
    known = Confirmed(in_touch(links), links, Freshness(TIMEOUT_S))
    links.said_at = clock.monotonic()
    assert known.is_current(world.driver)
    world.driver.received("s2", Append(8, 1, Entry(8, 1, TERM_8), (8, 1)))
    assert world.driver.view.published == TERM_7
    links.newest = (8, 1)
    assert not known.is_current(world.driver)
    await eventually(lambda: known.is_current(world.driver), "on disk")
    assert world.driver.view.published == TERM_8


async def test_by_the_sentinel_protocol_too(tmp_path: Path, links: FakeLinks) -> None:
    known = Confirmed(in_touch(links), links, Freshness(TIMEOUT_S))
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"})) as world:
        server = RespServer(drivers=world.drivers, authority=Authority(in_touch(links), known))
        asks = (
            ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", GROUP],
            ["SENTINEL", "MASTERS"],
            ["SENTINEL", "MASTER", GROUP],
        )
        links.said_at = clock.monotonic()
        found = [server._sentinel(words[1], words[2:]) for words in asks]
        assert found[0] == ["10.0.0.1", "6379"] and isinstance(found[1], list) and len(found[1]) == 1
        links.said_at, links.open = clock.monotonic() - 5 * TIMEOUT_S, frozenset()
        for words in asks:
            await server._settle(words)
        found = [server._sentinel(words[1], words[2:]) for words in asks]
        assert found[:2] == [None, []] and "No such master" in str(found[2])
