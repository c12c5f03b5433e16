"""Feeds the event log, and wakes its listeners.

While there are no listeners, a group's step costs one look into a set. Only for listeners is a changed group
compared with its former state, a few times a second at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from sentinel.group.driver import GroupDriver
from sentinel.process import clock
from sentinel.process.in_turns import InTurns, wake
from sentinel.web.event_log import EventLog
from sentinel.webhooks.event import WebhookEvent

URGENT = frozenset({"failover.completed", "switchover.completed"})
LOOK_S = 0.25
"""Between two looks at what has changed."""


class EventFeed:
    def __init__(self, log: EventLog, look_s: float = LOOK_S) -> None:
        self.log = log
        self.closed = False
        self._look_s = look_s
        self._looks: dict[str, Callable[[], object]] = {}
        self._seen: dict[str, object] = {}
        self._touched: set[str] = set()
        self._looked_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._listeners = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._turns = InTurns()

    def tell(self, event: WebhookEvent) -> None:
        """An alert happened, whether or not this sentinel delivers its webhooks."""
        self.log.add(event.type, event.group, event.body())
        self._wake(urgent=event.type in URGENT)

    def follow(self, driver: GroupDriver, look: Callable[[], object]) -> None:
        """Have the group marked when what ``look`` returns is not what it was."""
        self._looks[driver.name] = look
        self._touched.add(driver.name)
        driver.on_change(lambda: self._touch(driver.name))

    def touch_all(self) -> None:
        """Something changed that every group shows."""
        self._touched.update(self._looks)
        self._arm()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Groups are looked at for as long as anybody is inside."""
        self._listeners += 1
        try:
            self._look()
            yield
        finally:
            self._listeners -= 1

    async def wait(self, seq: int, wait_s: float) -> None:
        """Return when there is something after ``seq``, when this is closed, or after ``wait_s`` seconds."""
        if self.log.newest > seq or self.closed or wait_s <= 0:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(woken)
        try:
            async with asyncio.timeout(wait_s):
                await woken
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(woken)

    def close(self) -> None:
        """This sentinel stops: nobody waits from now on."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._wake()

    def _touch(self, group: str) -> None:
        if group not in self._touched:
            self._touched.add(group)
            self._arm()

    def _arm(self) -> None:
        if self._timer is None and self._listeners and not self.closed:
            delay_s = self._looked_at + self._look_s - clock.monotonic()
            self._timer = asyncio.get_running_loop().call_later(max(0.0, delay_s), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._listeners:
            self._look()

    def _look(self) -> None:
        self._looked_at = clock.monotonic()
        touched, self._touched = self._touched, set()
        before = self.log.newest
        for group in sorted(touched):
            now = self._looks[group]()
            if self._seen.get(group) != now:
                self._seen[group] = now
                self.log.mark(group)
        if self.log.newest > before:
            self._wake()

    def _wake(self, *, urgent: bool = False) -> None:
        waiting, self._waiting = self._waiting, set()
        self._turns.add((partial(wake, woken) for woken in waiting), urgent=urgent)
