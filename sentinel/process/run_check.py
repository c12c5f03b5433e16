"""Detects that this process did not run for a while, and tells its listeners before anything else happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sentinel.process import clock, event_loop

OnStall: TypeAlias = Callable[[float, float], None]
"""Gets the monotonic time, and the seconds for which this process did not run."""


class RunCheck:
    """Call it before using anything seen since the last call. ``now`` is monotonic."""

    def __init__(self) -> None:
        self._watch = clock.StallWatch(clock.STALL_S)
        self._listeners: list[OnStall] = []

    def tell(self, listener: OnStall) -> None:
        """Call the listener at each stall, after the listeners added before it."""
        self._listeners.append(listener)

    def __call__(self, now: float) -> None:
        event_loop.mind(now)
        gap_s = self._watch.observe(now)
        if gap_s is not None:
            for listener in self._listeners:
                listener(now, gap_s)
