"""Decides when a sentinel stands for election: only while there is work, and in an order that avoids split
votes.

The first attempt at new work is staggered by rank, so that normally one candidate wins in one round trip. The
delay of every later one is drawn at random from the election timeout (Raft section 5.2). There is no attempt
while a leader may be alive, while the work is known to be impossible, or right after a start.

Raft requires that a broadcast takes far less than an election timeout (section 5.6). When a hundred groups
lose their primaries at once it would not, because a sentinel is busy with the other groups: so all times grow
with that crowd, and a sentinel stands for only a few groups at a time.
"""

from __future__ import annotations

import random

from quorum.crowd import Crowd
from quorum.messages import Resign
from quorum.standing import Standing
from quorum.timing import Timing


class Campaign:
    """``at`` is the next attempt, or None while there is no work for a leader, or it stands in line.

    ``rank`` is this sentinel's place in line for the first attempt, unless there is a ``standing`` that knows
    better; ``rng`` draws the later ones.
    """

    def __init__(
        self,
        rank: int,
        timing: Timing,
        rng: random.Random,
        *,
        not_before: float,
        crowd: Crowd,
        standing: Standing | None = None,
    ) -> None:
        self.reasons: frozenset[str] = frozenset()
        self._at: float | None = None
        self._in_line = False
        self._gave_way = set[str]()
        """The peers that this sentinel let stand first, since the work began and since its last attempt."""
        self._rank = rank
        self._timing = timing
        self._rng = rng
        self._crowd = crowd
        self._standing = standing
        self._started_until = not_before
        self._hold_until = not_before

    @property
    def at(self) -> float | None:
        return None if self._in_line else self._at

    def due(self, now: float) -> bool:
        """Whether to begin an attempt now; if so, the caller must begin it."""
        if self._at is None or now < self._at:
            return False
        self._in_line = not self._crowd.admits()
        if not self._in_line:
            self._gave_way.clear()
        return not self._in_line

    def set_reasons(self, reasons: frozenset[str], now: float, leader_until: float) -> None:
        """A reason that was not there before starts the line anew; the end of the last one ends it."""
        fresh = reasons - self.reasons
        self.reasons = reasons
        if not reasons:
            self.stop()
        elif fresh or self._at is None:
            self.restart(now, leader_until)

    def restart(self, now: float, leader_until: float) -> None:
        """Get in line again, behind whoever may lead until ``leader_until``."""
        if not self.reasons:
            self.stop()
        elif leader_until > now:
            spread = self._rng.uniform(0, self._timing.election_max_s - self._timing.election_min_s)
            self._set(leader_until + spread)
        else:
            place = self._rank if self._standing is None else self._standing.place(now)
            self._set(max(now, self._hold_until, self._started_until) + place * self._head_start_s)

    def retry(self, now: float) -> None:
        """An attempt begins; unless it wins, this is when the next one does."""
        timeout_s = self._rng.uniform(self._timing.election_min_s, self._timing.election_max_s)
        self._set(now + timeout_s + self._head_start_s - self._timing.stagger_s)

    def stand_back(self, now: float) -> None:
        """Somebody else stands, and may well win: an attempt now would only depose it."""
        if self.reasons:
            self.retry(now)

    def gives_way(self, member: str, now: float) -> bool:
        """``member`` stands, and would have this sentinel's vote: who comes behind it lets it try, once.

        Where all have waited, for the work or in line, all are due; each would vote for itself.
        """
        if self._standing is None or not self.reasons or member in self._gave_way:
            return False
        if not self._standing.is_before(member, now):
            return False
        self._gave_way.add(member)
        self.retry(now)
        return True

    def resigned(self, member: str, resign: Resign, now: float, *, own: bool) -> None:
        """A leader stopped. If it gave up it goes last, and whoever may do better tries at once."""
        hold_s = resign.retry_after_ms / 1000
        if self._standing is not None and resign.gave_up:
            if resign.reason and not own and self._standing.may_try(now):
                hold_s = 0.0
            self._standing.gave_up(member, resign.reason, now, resign.retry_after_ms / 1000)
        self.hold(now + hold_s)

    def lost_lease(self, member: str, now: float) -> None:
        """This sentinel could not keep the lead."""
        self._crowd.lost_lease()
        if self._standing is not None:
            self._standing.gave_up(member, "could not keep its lease", now)

    def voted_too_late(self) -> None:
        """It was elected after its votes had expired: it stands for too many groups at once."""
        self._crowd.lost_lease()

    def hold(self, until: float) -> None:
        """The work cannot be done now: no attempt before ``until``. A later call replaces an earlier one."""
        self._hold_until = until

    def hold_at_least(self, until: float) -> None:
        """As ``hold``, but a longer one stands."""
        self._hold_until = max(self._hold_until, until)

    def stop(self) -> None:
        self._at, self._in_line = None, False
        self._gave_way.clear()

    @property
    def hold_ms(self) -> int:
        """The time for which a candidate asks its voters to stick to it; 0: an election timeout."""
        return self._timing.hold_ms(self._crowd.size, self._crowd.unread_s)

    @property
    def _head_start_s(self) -> float:
        """More than one election takes, which is several turns of a loop that is late."""
        return max(self._timing.stagger_s, self._crowd.size * self._timing.crowd_s, self._crowd.late_s)

    def _set(self, at: float) -> None:
        self._at, self._in_line = max(at, self._hold_until, self._started_until), False
