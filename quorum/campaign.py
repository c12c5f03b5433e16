"""When a sentinel stands for election: only while there is work, and in an order that avoids split votes.

The first attempt at new work is staggered by rank, so that one candidate normally wins in one round trip.
Every later one is drawn at random from the election timeout (Raft section 5.2). None is made while a
leader may be alive, while the work is known to be impossible, or right after a start.
"""

from __future__ import annotations

import random

from quorum.timing import Timing


class Campaign:
    """``at`` is the next attempt, or None while there is no work for a leader."""

    def __init__(self, rank: int, timing: Timing, rng: random.Random, not_before: float) -> None:
        self.reasons: frozenset[str] = frozenset()
        self.at: float | None = None
        self._rank = rank
        self._timing = timing
        self._rng = rng
        self._started_until = not_before
        self._hold_until = not_before

    def due(self, now: float) -> bool:
        return self.at is not None and now >= self.at

    def set_reasons(self, reasons: frozenset[str], now: float, leader_until: float) -> None:
        """A reason that was not there before starts the line anew; the end of the last one ends it."""
        fresh = reasons - self.reasons
        self.reasons = reasons
        if not reasons:
            self.at = None
        elif fresh or self.at is None:
            self.restart(now, leader_until)

    def restart(self, now: float, leader_until: float) -> None:
        """Get in line again, behind whoever may lead until ``leader_until``."""
        if not self.reasons:
            self.at = None
        elif leader_until > now:
            spread = self._rng.uniform(0, self._timing.election_max_s - self._timing.election_min_s)
            self._set(leader_until + spread)
        else:
            self._set(max(now, self._hold_until, self._started_until) + self._rank * self._timing.stagger_s)

    def retry(self, now: float) -> None:
        """An attempt begins; unless it wins, this is when the next one does."""
        self._set(now + self._rng.uniform(self._timing.election_min_s, self._timing.election_max_s))

    def hold(self, until: float) -> None:
        """The work cannot be done now: no attempt before ``until``. A later call replaces an earlier one."""
        self._hold_until = until

    def hold_at_least(self, until: float) -> None:
        """As ``hold``, but a longer one stands."""
        self._hold_until = max(self._hold_until, until)

    def stop(self) -> None:
        self.at = None

    def _set(self, at: float) -> None:
        self.at = max(at, self._hold_until, self._started_until)
