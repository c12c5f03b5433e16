"""Remembers failed attempts: when to try again, and which reasons were announced.

Every retry waits longer than the last, up to a limit, even if it may well succeed at once (at another node,
or by the next look): only the first retry comes at once. The delay is part of the leader's resignation, so
that all sentinels wait, and the next failure doubles it: if each sentinel counted for itself, many sentinels
would try in quick succession. A repeated reason is announced once, and then after a long time.
"""

from __future__ import annotations

from collections.abc import Hashable

from quorum.messages import Topology
from sentinel.process.backoff import Backoff

FIRST_S = 1.0
FIRST_SOON_S = 0.2
TELL_AGAIN_S = 600.0
MAX_REASONS = 64
"""Beyond it the oldest is forgotten, and announced again if it returns."""


class Attempts:
    """``known`` is the topology that is committed so far."""

    def __init__(self, limit_s: float, known: Topology | None = None) -> None:
        self._limit_s = limit_s
        self._pause = Backoff(first_s=FIRST_S, last_s=limit_s)
        self._soon = Backoff(first_s=FIRST_SOON_S, last_s=limit_s, at_once=1)
        self._told: dict[Hashable, float] = {}
        self.repeating = False
        """Whether something was given up since the last success."""
        self._known_term = known.term if known is not None else 0

    def wait_s(self, *, soon: bool, least_s: float = 0.0) -> float:
        """How long to wait after this attempt. ``least_s``: by those before, which may be others'."""
        own_s = (self._soon if soon else self._pause).next_s()
        return max(own_s, min(least_s, self._limit_s)) if own_s else 0.0

    def given_up(self, why: Hashable, now: float) -> bool:
        """An attempt was. Returns whether that was told a while ago, for the same reason."""
        self.repeating = True
        return self._is_known(why, now)

    def repeats(self, what: Hashable, now: float) -> bool:
        """Whether an attempt is told of that only goes as one before, which was given up."""
        known = self._is_known(what, now)
        return known and self.repeating

    def _is_known(self, what: Hashable, now: float) -> bool:
        """Whether this was told a while ago; else it is noted as told now."""
        told_at = self._told.get(what)
        if told_at is not None and now - told_at < TELL_AGAIN_S:
            return True
        self._told.pop(what, None)
        if len(self._told) == MAX_REASONS:
            del self._told[next(iter(self._told))]
        self._told[what] = now
        return False

    def committed(self, term: int) -> bool:
        """A topology of this term is known. True if it is a new one: whoever brought it about, what stood in
        the way is gone."""
        if term <= self._known_term:
            return False
        self._known_term = term
        self.succeeded()
        return True

    def succeeded(self) -> None:
        self._pause.reset()
        self._soon.reset()
        self._told.clear()
        self.repeating = False
