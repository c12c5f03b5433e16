"""Many groups want a leader at once: who may stand, who waits, and that nobody waits for ever."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from quorum.member import Member
from sentinel.group import election_line
from sentinel.group.admission import AT_ONCE
from sentinel.group.election_line import ElectionLine, Place
from sentinel.process import clock


def places(line: ElectionLine, count: int, woken: list[int]) -> list[Place]:
    made = [line.place() for _ in range(count)]
    for number, place in enumerate(made):
        place.wake = lambda number=number: woken.append(number)  # type: ignore[misc]
    return made


async def test_a_few_may_stand_at_once_and_keep_their_turn() -> None:
    line, woken = ElectionLine(), list[int]()
    some = places(line, AT_ONCE + 2, woken)
    assert [place.admits() for place in some] == [True] * AT_ONCE + [False] * 2
    assert [place.admits() for place in some] == [True] * AT_ONCE + [False] * 2
    assert woken == []


async def test_who_is_first_in_line_is_woken_when_another_leaves() -> None:
    line, woken = ElectionLine(), list[int]()
    some = places(line, AT_ONCE + 2, woken)

    def stand() -> None:
        woken.append(AT_ONCE)
        some[AT_ONCE].admits()

    some[AT_ONCE].wake = stand
    for place in some:
        place.admits()
    line.leave(some[0])
    await asyncio.sleep(0)
    assert woken == [AT_ONCE], "and the second in line goes on waiting"
    assert some[AT_ONCE].admits() and not some[-1].admits()


async def test_who_is_woken_and_does_not_want_to_stand_lets_the_next_in() -> None:
    line, woken = ElectionLine(), list[int]()
    some = places(line, AT_ONCE + 2, woken)
    for place in some:
        place.admits()
    line.leave(some[0])
    await asyncio.sleep(0)
    assert woken == [AT_ONCE, AT_ONCE + 1]


async def test_of_who_waits_those_groups_go_first_in_which_it_is_the_first_to_stand() -> None:
    line, woken = ElectionLine(), list[int]()
    some = places(line, AT_ONCE + 3, woken)
    for rank, place in zip((1, 2, 0), some[AT_ONCE:], strict=True):
        place._member = cast(Member, SimpleNamespace(rank=rank))
    for place in some:
        place.admits()
    some[-1].wake = lambda: woken.append(some[-1].admits() * 100)
    line.leave(some[0])
    await asyncio.sleep(0)
    assert woken == [100]


async def test_a_turn_that_leads_nowhere_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(election_line, "TURN_S", 0.01)
    line, woken = ElectionLine(), list[int]()
    some, is_woken = places(line, AT_ONCE + 1, woken), asyncio.Event()
    some[-1].wake = is_woken.set
    for place in some:
        place.admits()
    async with asyncio.timeout(10):
        await is_woken.wait()
    assert some[-1].admits()


async def test_the_more_are_in_trouble_the_less_often_they_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line, counted = ElectionLine(), list[float]()
    now = 100.0

    def troubled(at: float) -> bool:
        counted.append(at)
        return True

    monkeypatch.setattr(clock, "monotonic", lambda: now)
    for place in places(line, 200, []):
        monkeypatch.setattr(place, "is_troubled", troubled)
    for _ in range(100):
        assert line.size() in (1, 200)
        now += 0.01
    assert line.size() == 200
    assert len(set(counted)) <= 4
