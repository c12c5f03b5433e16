"""Queues the elections of many groups at the same time: a few run at once, the others wait in line.

A sentinel whose hundred groups lose their primaries at once has work for seconds. If it stood for all of them
together, each would wait for all the others at every step, until its votes came too late to lead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from quorum.member import Member
from quorum.role import Role
from sentinel.group.admission import Admission
from sentinel.process.loop_time import EventLoopTime, LoopTime

TURN_S = 2.0
"""A group that has neither won and done its work nor lost by then makes room all the same."""
COUNTED_S = 0.02
"""Until they are counted again; longer in proportion to how many they were, for to count takes as long."""
COUNTED_EACH_S = 0.002


class ElectionLine:
    """Invariant: the first in line is woken as soon as fewer have a turn."""

    def __init__(self, time: LoopTime | None = None) -> None:
        self._time = time or EventLoopTime()
        self._places: list[Place] = []
        self._turns: dict[Place, float] = {}
        self._waiting: deque[Place] = deque()
        self._armed = False
        self.admission = Admission()
        self._size = 1
        self._counted_at = -COUNTED_S

    def place(self) -> Place:
        """For one more group."""
        place = Place(self)
        self._places.append(place)
        return place

    def size(self) -> int:
        """Counted at most every ``COUNTED_S``, because each of hundreds of groups asks."""
        now = self._time.now()
        if now - self._counted_at >= max(COUNTED_S, COUNTED_EACH_S * self._size):
            self._counted_at = now
            self._size = sum(place.is_troubled(now) for place in self._places)
            if self._size == 0:
                self.admission.calm()
        return self._size * self.admission.slowness

    def now(self) -> float:
        return self._time.now()

    def late_s(self) -> float:
        return self._time.late_s()

    def unread_s(self) -> float:
        return self._time.unread_s()

    def admits(self, place: Place) -> bool:
        now = self._time.now()
        self._expire(now)
        if place in self._turns:
            return True
        if len(self._turns) < self.admission.room(self._time.late_s()):
            self._turns[place] = now
            return True
        if place not in self._waiting:
            self._waiting.append(place)
        self._arm(now)
        return False

    def leave(self, place: Place) -> None:
        """It needs its turn no longer."""
        if self._turns.pop(place, None) is not None and self._waiting:
            self._time.call_later(0.0, self._serve)

    def _serve(self) -> None:
        now = self._time.now()
        self._expire(now)
        while self._waiting and len(self._turns) < self.admission.room(self._time.late_s()):
            # It takes its turn, unless another sentinel leads by now.
            first = next((place for place in self._waiting if place.is_first), self._waiting[0])
            self._waiting.remove(first)
            first.wake()
        self._arm(now)

    def _expire(self, now: float) -> None:
        for place in [place for place, since in self._turns.items() if now - since >= TURN_S]:
            del self._turns[place]

    def _arm(self, now: float) -> None:
        if not self._armed and self._waiting and self._turns:
            self._armed = True
            first_until = min(self._turns.values()) + TURN_S
            self._time.call_later(max(0.0, first_until - now), self._on_timer)

    def _on_timer(self) -> None:
        self._armed = False
        self._serve()


class Place:
    """One group's; implements ``quorum.crowd.Crowd``."""

    def __init__(self, line: ElectionLine) -> None:
        self._line = line
        self._member: Member | None = None
        self._done = False
        self.wake: Callable[[], None] = lambda: None

    def belongs_to(self, member: Member, wake: Callable[[], None]) -> None:
        """``wake`` is to make the member look whether it should stand."""
        self._member = member
        self.wake = wake

    @property
    def is_first(self) -> bool:
        """Whether this sentinel is the first of its group to stand; the others may well find it led then."""
        return self._member is not None and self._member.rank == 0

    @property
    def size(self) -> int:
        return self._line.size()

    @property
    def late_s(self) -> float:
        return self._line.late_s()

    @property
    def unread_s(self) -> float:
        return self._line.unread_s()

    def admits(self) -> bool:
        return self._line.admits(self)

    def lost_lease(self) -> None:
        """Not if it gave its work up: that shows nothing about the time available."""
        if self.is_troubled(self._line.now()):
            self._line.admission.lost()

    def look(self) -> None:
        """To be called after each step: no follower needs a turn, nor a leader that has found a primary."""
        if self._member is None:
            return
        role = self._member.view.role
        if role is Role.FOLLOWER:
            self._done = False
            self._line.leave(self)
        elif role is Role.LEADER and not self._done and not self.is_troubled(self._line.now()):
            self._done = True
            self._line.admission.succeeded()
            self._line.leave(self)

    def is_troubled(self, now: float) -> bool:
        return self._member is not None and self._member.troubled(now)
