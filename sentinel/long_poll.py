"""Clients that wait for the next primary. Waiting costs a future and a timer, and nothing at each probe.

The driver calls back after every step; only a newer topology wakes anybody, and then only those who are
waiting for it. They are woken a few at a time: thousands of answers at once would hold up what the
failover still has to do, and the heartbeats of its leader.
"""

from __future__ import annotations

import asyncio
from collections import deque

from sentinel.driver import GroupDriver
from sentinel.waiting import Limit

WOKEN_TOGETHER = 20
"""Their answers take a few milliseconds."""


class TopologyWaiters:
    """For one group. ``limit`` is shared by whoever is given the same ``Limit``."""

    def __init__(self, driver: GroupDriver, limit: Limit) -> None:
        self._driver = driver
        self._limit = limit
        self._term = self._current_term()
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._due: deque[asyncio.Future[None]] = deque()
        self._closed = False
        driver.on_change(self._on_change)

    async def wait(self, after_term: int, wait_s: float) -> None:
        """Return when a topology with a term above ``after_term`` is known, or after ``wait_s`` seconds.

        Raises TooManyWaitingError.
        """
        if self._current_term() > after_term or wait_s <= 0 or self._closed:
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
            if not woken.done():
                woken.set_result(None)

    def _current_term(self) -> int:
        return self._driver.topology.term if self._driver.topology else 0

    def _on_change(self) -> None:
        term = self._current_term()
        if term == self._term:
            return
        self._term = term
        was_idle = not self._due
        self._due.extend(woken for woken, after_term in self._waiting.items() if after_term < term)
        if was_idle:
            self._wake_some()

    def _wake_some(self) -> None:
        for _ in range(min(WOKEN_TOGETHER, len(self._due))):
            woken = self._due.popleft()
            if not woken.done():
                woken.set_result(None)
        if self._due:
            asyncio.get_running_loop().call_soon(self._wake_some)
