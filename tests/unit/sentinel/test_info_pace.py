"""INFOs that events ask for: the first at once, the others a few at a time, each once."""

from __future__ import annotations

import asyncio
from typing import cast

from sentinel.info_pace import AT_ONCE, info_pace
from sentinel.probes import Probe


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
