"""How late this process is: from when something could be taken in until it was. Pure.

A loop that has more to do than it has time for is never stopped, so no gap shows it; yet a question goes out
late, and its answer is taken in late. A node is not silent for that: what was not read yet proves nothing.

One pause, in a process that has time, is over as soon as it goes on: who was late and is in time again has
read by then what was answered, and believes a silence as soon as ever.

Who goes on being late asks for less, so that there is time for what cannot wait: of its rounds of PING it
leaves out two of three, and as many of those of INFO. Nodes that fall silent are found out later by
that, those that refuse are not.
"""

from __future__ import annotations

IN_TIME_S = 0.05
"""Less counts as nothing: a process that has time is as patient as it is told to be, and no more."""
STEP_S = 0.25
"""In such steps, so that what is judged by it does not change all the time."""
LASTS_S = 2.0
IN_TIME_AGAIN_S = 0.2
"""Nothing was late for so long: two periods of the quota that Linux gives a container's processes."""
LASTING_S = 0.5
"""It has been late for so long without a break, which no single pause is."""
ASKED_AGAIN_S = 1.0
"""Behind rounds that were left out a silence still lasts longer, until every node has been asked again."""
PINGS, INFOS, GOSSIPS = 3, 6, 3
"""One of so many rounds is not left out."""

AGAIN = 0.1
AGAIN_MOST_S = 1.0


def again_s(soon_s: float, late_s: float) -> float:
    """When to look again at what may only not be read yet: who is late does not read it any sooner."""
    return min(max(soon_s, AGAIN * late_s), max(soon_s, AGAIN_MOST_S))


class Lateness:
    """Keeps the most that it saw for a while, as what is on its way back now was asked for then.

    But no longer than it goes on being late.
    """

    def __init__(self) -> None:
        self.late_s = 0.0
        self._until = 0.0
        self.spares = False
        """Whether rounds are to be left out."""
        self._was_late_at = 0.0
        self._late_since: float | None = None
        self._left_out = False

    def look(self, since: float, now: float) -> float:
        """What is taken in ``now`` could have been ``since``: by how much a silence is to last longer.

        The question may have been late by that much, and its answer again.
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
    """One group's rounds of one kind, ``each_s`` apart; one of ``of`` is not left out.

    Counted by time, for who is late misses rounds as it is. ``phase`` is another for each group, so that not
    all are asked in the same round.
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
    """A node is asked well before its patience is over: who has hardly longer leaves no round out."""
    return Rounds(ping_s, max(1, min(PINGS, int(0.75 * down_after_s / ping_s + 1e-6))), phase)
