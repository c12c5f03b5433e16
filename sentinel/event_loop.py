"""An event loop by the clock that leases, links and detectors are judged by; and what it has read.

asyncio's own is CLOCK_MONOTONIC, which stands still while the machine is suspended: its timers would come
late by the length of the suspend, and what they guard would be found over only then. With one clock, whatever
was due in a suspend is due at its end.

A loop looks at its sockets once in each turn, and a turn may be long. What a node answers meanwhile is not
read yet, which is no silence of the node's.
"""

from __future__ import annotations

import asyncio
import selectors

from sentinel import clock
from sentinel.lateness import Lateness


class _Sockets(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.looked_at = clock.monotonic()
        self.lateness = Lateness()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.lateness.look(self.looked_at, clock.monotonic())
        found = super().select(timeout)
        self.looked_at = clock.monotonic()
        return found


class OneClockLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._sockets = _Sockets()
        super().__init__(self._sockets)

    def time(self) -> float:
        return clock.monotonic()

    @property
    def read_up_to(self) -> float:
        """What had arrived by then is read before a timer of this turn fires."""
        return self._sockets.looked_at

    def late_s(self) -> float:
        return self._sockets.lateness.look(self._sockets.looked_at, clock.monotonic())


def read_up_to() -> float:
    """For a timer's callback: by when what has arrived is known to have been read."""
    loop = asyncio.get_running_loop()
    return loop.read_up_to if isinstance(loop, OneClockLoop) else clock.monotonic()


def late_s() -> float:
    """By how much longer than it may, a node's silence is to last for this process, which is late itself."""
    loop = asyncio.get_running_loop()
    return loop.late_s() if isinstance(loop, OneClockLoop) else 0.0
