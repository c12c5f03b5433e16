"""Measures this process's lateness: the time from when data could be read until it was read. Pure.

An overloaded loop is never stopped, so no gap shows its load; yet it sends questions late and reads answers
late. A node is not silent because of that: an answer that was not read yet proves nothing.

One pause of a process that has time is over when it runs again: it has then read all answers, and believes a
silence as early as ever.

A process that stays late asks for less, to leave time for urgent work: it skips two of three rounds of PING,
and five of six rounds of INFO. So it finds silent nodes later, but not nodes that refuse.
"""

from __future__ import annotations

IN_TIME_S = 0.05
"""A smaller lag counts as 0, so that a process that has time keeps exactly to the configured timeouts."""
STEP_S = 0.25
"""Lateness grows in steps of this size, so that it does not change all the time."""
LASTS_S = 2.0
IN_TIME_AGAIN_S = 0.2
"""After this long without a lag it is in time again: two periods of a Linux container's CPU quota."""
LASTING_S = 0.5
"""A lag that lasts this long without a break is load, and not a single pause."""
ASKED_AGAIN_S = 1.0
"""After skipped rounds a silence must still last longer, until every node has been asked again."""
PINGS, INFOS, GOSSIPS = 3, 6, 3
"""One of so many rounds is not skipped."""

AGAIN = 0.1
AGAIN_MOST_S = 1.0


def again_s(soon_s: float, late_s: float) -> float:
    """The pause before looking again for an answer that may not be read yet; a late process waits longer."""
    return min(max(soon_s, AGAIN * late_s), max(soon_s, AGAIN_MOST_S))


class Lateness:
    """Keeps the greatest recent lag for a while, because answers on their way now were asked for then.

    It is dropped as soon as the process is in time again.
    """

    def __init__(self) -> None:
        self.late_s = 0.0
        self._until = 0.0
        self.spares = False
        """Whether rounds are skipped."""
        self._was_late_at = 0.0
        self._late_since: float | None = None
        self._left_out = False

    def look(self, since: float, now: float) -> float:
        """Data read ``now`` could have been read at ``since``. Returns by how much a silence must last
        longer.

        That is twice the lag: the question may have been late by it, and its answer again.
        """
        lag_s = now - since
        late_s = 0.0 if lag_s < IN_TIME_S else 2 * STEP_S * (lag_s // STEP_S + 1)
        if late_s:
            self._was_late_at = now
            self._late_since = now if self._late_since is None else self._late_since
            self.spares = now - self._late_since >= LASTING_S
            self._left_out = self._left_out or self.spares
        elif now - self._was_late_at >= IN_TIME_AGAIN_S:
            self._late_since, self.spares = None, False
            if not self._left_out or now - self._was_late_at >= ASKED_AGAIN_S:
                self.late_s, self._left_out = 0.0, False
        if now >= self._until or (late_s > 0.0 and late_s >= self.late_s):
            self.late_s, self._until = late_s, now + LASTS_S
        return self.late_s


class Rounds:
    """One group's rounds of one kind, ``each_s`` apart; one of ``of`` is not skipped.

    They are counted by time, since a late process misses rounds anyway. Each group has another ``phase``, so
    that not all groups ask in the same round.
    """

    def __init__(self, each_s: float, of: int, phase: int) -> None:
        self._each_s = each_s
        self._of = of
        self._phase = phase
        self._again_at = 0.0

    def asks(self, now: float, *, spares: bool) -> bool:
        if spares and now < self._again_at:
            return False
        rounds = self._of if spares else 1 + self._phase % self._of
        self._again_at = now + (rounds - 0.5) * self._each_s
        return True


def ping_rounds(ping_s: float, down_after_s: float, phase: int) -> Rounds:
    """Rounds of PING that ask a node well before ``down_after``; a short one allows no skipped round."""
    return Rounds(ping_s, max(1, min(PINGS, int(0.75 * down_after_s / ping_s + 1e-6))), phase)
