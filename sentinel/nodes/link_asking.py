"""Asks a lost primary's replicas for their links, at once and then again and again while that may matter.

Within about a millisecond of the real end of a process its replicas know, so that a few questions settle it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sentinel.process.event_loop import unread_s
from sentinel.process.lateness import again_s

EVERY_S = 0.01


class LinkAsking:
    """``ask`` asks whom there is to ask now, and returns whether there was anybody."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """To be called after each step of the group: what it saw may have begun a doubt."""
        if self._timer is None and self._ask():
            self._timer = asyncio.get_running_loop().call_later(again_s(EVERY_S, unread_s()), self._on_timer)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _on_timer(self) -> None:
        self._timer = None
        self.look()
