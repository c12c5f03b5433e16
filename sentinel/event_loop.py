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
    """``newest`` is that of the loop that was made last; a sentinel has one."""

    newest: _Sockets | None = None

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = clock.monotonic()
        self.lateness = Lateness()
        _Sockets.newest = self

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


def read_up_to() -> float:
    """For a timer's callback: by when what has arrived is known to have been read."""
    loop = asyncio.get_running_loop()
    return loop.read_up_to if isinstance(loop, OneClockLoop) else clock.monotonic()


def late_s() -> float:
    """By how much longer than it may, a node's silence is to last for this process, which is late itself.

    As was found by ``mind``, for each step asks for it many times.
    """
    return _Sockets.newest.lateness.late_s if _Sockets.newest is not None else 0.0


def spares() -> bool:
    """Whether rounds are to be left out, see ``lateness``."""
    return _Sockets.newest is not None and _Sockets.newest.lateness.spares


def mind(now: float) -> None:
    """To be called before each step: the turn that goes on may be long by now."""
    if _Sockets.newest is not None:
        _Sockets.newest.lateness.look(_Sockets.newest.looked_at, now)
