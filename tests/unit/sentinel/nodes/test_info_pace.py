"""INFOs that events request: the first at once, the others a few at a time, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from sentinel.nodes.info_pace import AT_ONCE, LONGEST_PAUSE_S, PAUSE_S, Pace, info_pace
from sentinel.nodes.probe import Probe


class Asked:
    """Stands in for a probe, which only counts how often INFO was asked for."""

    def __init__(self) -> None:
        self.times = 0
        self.asked = asyncio.Event()

    def request_info(self) -> None:
        self.times += 1
        self.asked.set()


async def test_a_few_are_asked_at_once_and_all_in_the_end() -> None:
    pace, probes = info_pace(), [Asked() for _ in range(3 * AT_ONCE)]
    for _ in range(2):
        for probe in probes:
            pace.request(cast(Probe, probe))
    assert [probe.times for probe in probes] == [1] * AT_ONCE + [0] * (2 * AT_ONCE)
    async with asyncio.timeout(10):
        await asyncio.gather(*(probe.asked.wait() for probe in probes))
    assert all(probe.times == 1 for probe in probes[AT_ONCE:]), "who waits already is not asked twice"


class Late:
    """A loop that is late by ``late``; its timers are kept."""

    def __init__(self) -> None:
        self.late = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> float:
        return 0.0

    def late_s(self) -> float:
        return self.late

    def unread_s(self) -> float:
        return self.late

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.timers.append((delay_s, call))


def test_room_comes_more_slowly_while_the_process_is_late_but_it_comes() -> None:
    time, asked = Late(), list[int]()
    pace: Pace[int] = Pace(asked.append, at_once=1, time=time)
    for late_s in (0.0, 0.5, 100.0):
        time.late = late_s
        pace.request(len(asked))
        pace.request(1000 + len(asked))
        time.timers.pop()[1]()
    delays = []
    while time.timers:
        delay_s, call = time.timers.pop()
        delays.append(delay_s)
        call()
    assert PAUSE_S < max(delays) == LONGEST_PAUSE_S
    assert len(asked) == 6
