"""An event loop on the same clock as leases, links and detectors, which knows up to when it has read its
sockets.

asyncio's own clock is CLOCK_MONOTONIC, which stands still while the machine is suspended. Its timers would
come late by the length of the suspend, and a lapsed lease would be noticed only then. With one clock, every
timer that was due in a suspend fires at its end.

A loop looks at its sockets once in each turn, and a turn may be long. An answer that arrives meanwhile is not
read yet: that is no silence of the node.
"""

from __future__ import annotations

import asyncio
import selectors

from sentinel.process import clock
from sentinel.process.lateness import Lateness

A_TURN = 8
"""How many connections that can wait are read in each turn, so that none waits for ever."""


class _Sockets(selectors.DefaultSelector):
    """``newest`` belongs to the newest loop; a sentinel has one.

    If more arrived than one turn can read, connections that can wait are read in later turns, the longest
    waiting first; all others are read in each turn.
    """

    newest: _Sockets | None = None

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = clock.monotonic()
        self.turns, self.unread = Lateness(), Lateness()
        self.can_wait: set[int] = set()
        self._left: dict[int, float] = {}
        """The connections left for a later turn, and since when they may have something to read."""
        _Sockets.newest = self

    @property
    def read_up_to(self) -> float:
        return min(self._left.values(), default=self.looked_at)

    def look(self, now: float) -> None:
        self.turns.look(self.looked_at, now)
        self.unread.look(self.read_up_to, now)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.look(clock.monotonic())
        found = super().select(timeout)
        before, self.looked_at = self.looked_at, clock.monotonic()
        return self._in_turn(found, before) if self.can_wait else found

    def _in_turn(
        self, found: list[tuple[selectors.SelectorKey, int]], before: float
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if not self._left and len(found) <= A_TURN:
            return found
        waiting = {each[0].fd: each for each in found if each[0].fd in self.can_wait}
        line = [*(fd for fd in self._left if fd in waiting), *(fd for fd in waiting if fd not in self._left)]
        self._left = {fd: self._left.get(fd, before) for fd in line[A_TURN:]}
        return [each for each in found if each[0].fd not in self._left]


class OneClockLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._sockets = _Sockets()
        super().__init__(self._sockets)

    def time(self) -> float:
        return clock.monotonic()

    @property
    def read_up_to(self) -> float:
        """All data that arrived before this time is read before a timer of this turn fires."""
        return self._sockets.read_up_to


def read_up_to() -> float:
    """For a timer's callback: all data that arrived before this time is known to have been read."""
    loop = asyncio.get_running_loop()
    return loop.read_up_to if isinstance(loop, OneClockLoop) else clock.monotonic()


def late_s() -> float:
    """How late this process acts, in seconds, by its longest recent turn; updated by ``mind``."""
    return _Sockets.newest.turns.late_s if _Sockets.newest is not None else 0.0


def unread_s() -> float:
    """The seconds by which a node's silence must last longer: its answer may not be read yet."""
    return _Sockets.newest.unread.late_s if _Sockets.newest is not None else 0.0


def spares() -> bool:
    """Whether rounds of PING and INFO are skipped (see ``lateness``)."""
    return _Sockets.newest is not None and _Sockets.newest.unread.spares


def mind(now: float) -> None:
    """Call it before each step: the current turn may already be long."""
    if _Sockets.newest is not None:
        _Sockets.newest.look(now)


def can_wait(fd: int, waits: bool) -> None:
    """``waits``: read the connection only when its turn comes; else in each turn, which is the default."""
    if _Sockets.newest is not None:
        (_Sockets.newest.can_wait.add if waits else _Sockets.newest.can_wait.discard)(fd)
