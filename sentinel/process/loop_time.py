"""The event loop's time, for what only waits: the simulator gives another, on which the same code runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from sentinel.process import clock, event_loop


class LoopTime(Protocol):
    def now(self) -> float: ...

    def late_s(self) -> float:
        """As ``event_loop.late_s``."""
        ...

    def unread_s(self) -> float:
        """As ``event_loop.unread_s``."""
        ...

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Once, and not from within."""
        ...


class EventLoopTime:
    """The running loop's."""

    def now(self) -> float:
        return clock.monotonic()

    def late_s(self) -> float:
        return event_loop.late_s()

    def unread_s(self) -> float:
        return event_loop.unread_s()

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        if delay_s > 0:
            loop.call_later(delay_s, call)
        else:
            loop.call_soon(call)
