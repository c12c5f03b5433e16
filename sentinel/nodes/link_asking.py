"""Asks a lost primary's replicas about their replication links, at once and repeatedly while that matters.

The replicas know of the real end of a process within about a millisecond, so a few questions settle it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sentinel.process.event_loop import unread_s
from sentinel.process.lateness import again_s

EVERY_S = 0.01


class LinkAsking:
    """``ask`` sends the questions that are due now, and returns whether there were any."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Call it after each step of the group, which may have raised a doubt."""
        if self._timer is None and self._ask():
            self._timer = asyncio.get_running_loop().call_later(again_s(EVERY_S, unread_s()), self._on_timer)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _on_timer(self) -> None:
        self._timer = None
        self.look()
