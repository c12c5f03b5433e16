"""Directives: operators' standing orders to a group, a pause or a scheduled switchover.

They are part of the entry that the sentinels agree on, beside the topology. So a majority knows a directive
before it is in force, every sentinel sees it, and it survives any restart. The leader that carries out a
schedule removes it from the entry in the same write that announces the change: that is why it runs once.

Times are wall clock, milliseconds since the epoch: an operator names a time of day. A majority of the
sentinels decides whether it has come, each by its own clock.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Pause:
    """Detection goes on, and no sentinel changes anything by itself."""

    since_ms: int
    by: str
    """The sentinel that took the request."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A switchover at ``at_ms``. ``to`` None lets the ranking choose then."""

    operation: str
    at_ms: int
    to: str | None
    requested_ms: int
    timeout_ms: int
    """The longest time that it may hold up writes."""


@dataclass(frozen=True, slots=True)
class TimeCome:
    """What a wall clock says of the group's schedule: for which operation the time has come, empty for none,
    and whether it is ``late``, so that it is to be dropped.

    One clock may be wrong. So it is a sentinel's opinion, and a majority's counts.
    """

    operation: str = ""
    late: bool = False


NOT_YET = TimeCome()


class Outcome(enum.StrEnum):
    STARTED = "started"
    """Its intent is in the entry: the next leader finishes it, or undoes it."""
    DONE = "done"
    UNDONE = "undone"
    """It was begun, and the primary stayed what it was, or another node had to take its place."""
    CANCELLED = "cancelled"
    DROPPED = "dropped"
    """It could not be begun, or was no longer needed."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The outcome of the newest schedule that has ended."""

    schedule: Schedule
    outcome: Outcome
    reason: str = ""
    primary: str | None = None
    """The new primary and its term, if the switchover is done."""
    term: int | None = None


@dataclass(frozen=True, slots=True)
class Directives:
    """The defaults are what an entry of a release says that knew none of this."""

    pause: Pause | None = None
    schedule: Schedule | None = None
    closed: Closed | None = None

    def close(self, outcome: Outcome, reason: str = "") -> Directives:
        """The schedule is over, or begun. Nothing changes if there is none."""
        if self.schedule is None:
            return self
        return replace(self, schedule=None, closed=Closed(self.schedule, outcome, reason))

    def end(self, primary: str, term: int, *, changed: bool) -> Directives:
        """The intent of a change is gone from the entry: if a schedule began it, that has ended too.

        ``primary`` is primary since ``term``; ``changed``: it was not before.
        """
        closed = self.closed
        if closed is None or closed.outcome is not Outcome.STARTED:
            return self
        wanted = closed.schedule.to
        if not changed:
            return replace(self, closed=replace(closed, outcome=Outcome.UNDONE))
        if wanted not in (None, primary):
            why = f"{primary} became primary instead of {wanted}"
            return replace(self, closed=replace(closed, outcome=Outcome.UNDONE, reason=why))
        return replace(self, closed=replace(closed, outcome=Outcome.DONE, primary=primary, term=term))


NO_DIRECTIVES = Directives()
