"""The event loop's time and timers, as an interface: the simulator runs the same code on a virtual time."""

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
        """Call ``call`` once, never from within this call."""
        ...


class EventLoopTime:
    """The time of the running event loop."""

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
