"""Calls that come due at once are made a few at a time, in order, and none twice."""

from __future__ import annotations

import asyncio
from functools import partial

from sentinel.process.in_turns import InTurns


async def test_a_few_are_done_in_each_turn_in_order() -> None:
    done: list[int] = []
    turns = InTurns(together=3, rest_s=0.0)
    turns.add(partial(done.append, n) for n in range(8))
    assert done == [0, 1, 2]
    turns.add([partial(done.append, 8)])
    assert done == [0, 1, 2]
    await asyncio.sleep(0)
    assert done == [0, 1, 2, 3, 4, 5]
    await asyncio.sleep(0)
    assert done == list(range(9))


async def test_a_job_may_add_others() -> None:
    done: list[str] = []
    turns = InTurns(together=1, rest_s=0.0)
    turns.add([lambda: turns.add([partial(done.append, "second")]), partial(done.append, "first")])
    for _ in range(3):
        await asyncio.sleep(0)
    assert done == ["first", "second"]


async def test_what_is_urgent_waits_for_no_rest_and_what_waits_before_it_comes_first() -> None:
    done: list[int] = []
    turns = InTurns(together=2, rest_s=3600.0)
    turns.add(partial(done.append, n) for n in range(5))
    for _ in range(5):
        await asyncio.sleep(0)
    assert done == [0, 1]
    turns.add((partial(done.append, n) for n in range(5, 7)), urgent=True)
    for _ in range(5):
        await asyncio.sleep(0)
    assert done == list(range(7))
    turns.add(partial(done.append, n) for n in range(7, 10))
    for _ in range(5):
        await asyncio.sleep(0)
    assert done == list(range(9))


async def test_behind_what_is_urgent_there_is_rest_again() -> None:
    done: list[int] = []
    turns = InTurns(together=2, rest_s=3600.0)
    turns.add((partial(done.append, n) for n in range(4)), urgent=True)
    turns.add(partial(done.append, n) for n in range(4, 9))
    for _ in range(9):
        await asyncio.sleep(0)
    assert done == [0, 1, 2, 3]
