"""Limits how often a primary is replaced for refusing writes: not soon again if that did not help. Pure.

The reason why one primary's disk fails may make the next one's fail too. Each change disconnects all clients,
so the time until the next one grows; and a change that could not be carried out is not retried at once by
each sentinel.
"""

from __future__ import annotations

import math

from promotion.switchover import UNWRITABLE
from quorum.messages import Entry
from sentinel.process.backoff import Backoff

MADE_S = 60.0
"""After a change; twice as long after each further one."""
MADE_MOST_S = 3600.0
FAILED_S = 5.0
FAILED_MOST_S = 300.0


class Relief:
    """``committed`` is what is known to be agreed on at the start."""

    def __init__(self, committed: Entry, now: float) -> None:
        self._known = committed
        self._made = Backoff(MADE_S, MADE_MOST_S)
        self._failed = Backoff(FAILED_S, FAILED_MOST_S)
        self._made_at = -math.inf
        self._not_before = -math.inf
        if committed.topology is not None and committed.topology.cause == UNWRITABLE:
            self._note_made(now)

    def may(self, now: float) -> bool:
        return now >= self._not_before

    def learned(self, entry: Entry, now: float) -> None:
        """What a majority has agreed on: also followers see that a change was made, or came to nothing."""
        known, self._known = self._known, entry
        before = known.topology.term if known.topology is not None else 0
        if entry.topology is not None and entry.topology.term > before:
            if entry.topology.cause == UNWRITABLE:
                self._note_made(now)
            return
        if known.intent is not None and known.intent.cause == UNWRITABLE and entry.intent is None:
            self.failed(now)

    def failed(self, now: float) -> None:
        """That waits here, not in the elections: a failover from a primary that dies must not be put off."""
        self._not_before = max(self._not_before, now + self._failed.next_s())

    def _note_made(self, now: float) -> None:
        self._failed.reset()
        if now - self._made_at > 2 * MADE_MOST_S:
            self._made.reset()
        self._made_at = now
        self._not_before = now + self._made.next_s()
