"""Virtual time: what happens when, in one thread. Two events at the same time happen in the order made."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

MAX_EVENTS = 3_000_000


class Schedule:
    """``now`` is monotonic seconds. It starts late, as a machine's clock that has been up for a while."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.after_each: Callable[[], None] = lambda: None
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._ids = itertools.count()
        self._left = MAX_EVENTS

    def at(self, delay_s: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + max(0.0, delay_s), next(self._ids), call))

    def run(self, seconds: float) -> None:
        """Let ``seconds`` pass. Raises AssertionError if events breed events without end."""
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self._left -= 1
            assert self._left > 0, f"more than {MAX_EVENTS} events"
            self.now, _, call = heapq.heappop(self._events)
            call()
            self.after_each()
        self.now = end
