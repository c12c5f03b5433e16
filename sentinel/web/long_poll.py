"""Lets clients wait for the next primary. Waiting costs a future and a timer, and nothing at each probe.

The driver calls back after every step; only a newer topology wakes clients, and only those that wait for it.
They are woken a few at a time: thousands of answers at once would delay the rest of the failover, and the
heartbeats of its leader.
"""

from __future__ import annotations

import asyncio
from functools import partial

from sentinel.group.driver import GroupDriver
from sentinel.process.in_turns import InTurns, wake
from sentinel.process.waiting import Limit


class TopologyWaiters:
    """For one group. Groups with the same ``Limit`` share it."""

    def __init__(self, driver: GroupDriver, limit: Limit) -> None:
        self._driver = driver
        self._limit = limit
        self._term = driver.published_term
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._turns = InTurns()
        self._closed = False
        driver.on_change(self._on_change)

    async def wait(self, after_term: int, wait_s: float) -> None:
        """Return when a topology with a term above ``after_term`` is known, or after ``wait_s`` seconds.

        Raises TooManyWaitingError.
        """
        if self._driver.published_term > after_term or wait_s <= 0 or self._closed:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._limit:
            self._waiting[woken] = after_term
            try:
                await asyncio.wait_for(woken, wait_s)
            except TimeoutError:
                pass
            finally:
                del self._waiting[woken]

    def close(self) -> None:
        """Wake everybody: this sentinel stops. Nobody waits from now on."""
        self._closed = True
        for woken in self._waiting:
            wake(woken)

    def _on_change(self) -> None:
        term = self._driver.published_term
        if term == self._term:
            return
        self._term = term
        due = [woken for woken, after_term in self._waiting.items() if after_term < term]
        self._turns.add((partial(wake, woken) for woken in due), urgent=True)
