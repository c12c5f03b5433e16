"""Operators' orders to a group. Pure: each order is a change of the directives that the sentinels agree on.

A leader applies an order before it does anything else. The next leader may apply it again, if the first one
could not report that it was agreed on, so each order has the same result when it is repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from quorum.directives import NOT_YET, Directives, Outcome, Pause, Schedule, TimeCome
from quorum.messages import Entry, Intent, Topology

LATE_MS = 5 * 60_000
"""A schedule that could not be carried out in time (too few sentinels, all of them down) may be so late."""


class OrderRefusedError(Exception):
    """As things stand the order cannot be carried out. ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class PauseOrder:
    """Whoever is the first to pause a group is named; to pause it twice changes nothing."""

    operation: str
    pause: Pause


@dataclass(frozen=True, slots=True)
class ResumeOrder:
    """To resume a group that is not paused changes nothing."""

    operation: str


@dataclass(frozen=True, slots=True)
class ScheduleOrder:
    schedule: Schedule

    @property
    def operation(self) -> str:
        return self.schedule.operation


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Of the schedule that the operator has seen: never of one that somebody made since."""

    operation: str
    scheduled: str


Order: TypeAlias = PauseOrder | ResumeOrder | ScheduleOrder | CancelOrder


def apply(order: Order, directives: Directives, wall_ms: int) -> Directives:
    """The directives with the order carried out. Raises OrderRefusedError."""
    match order:
        case PauseOrder(_, pause):
            return directives if directives.pause is not None else replace(directives, pause=pause)
        case ResumeOrder():
            return replace(directives, pause=None)
        case ScheduleOrder(schedule):
            return _schedule(schedule, directives, wall_ms)
        case CancelOrder(_, scheduled):
            return _cancel(scheduled, directives)


def _schedule(schedule: Schedule, directives: Directives, wall_ms: int) -> Directives:
    known, closed = directives.schedule, directives.closed
    if schedule == known or (closed is not None and closed.schedule == schedule):
        return directives
    if known is not None:
        raise OrderRefusedError(f"{known.operation} is scheduled already: cancel it first")
    if schedule.at_ms <= wall_ms:
        raise OrderRefusedError("its time had come before a majority could agree on it")
    return replace(directives, schedule=schedule)


def _cancel(scheduled: str, directives: Directives) -> Directives:
    if directives.schedule is not None and directives.schedule.operation == scheduled:
        return directives.close(Outcome.CANCELLED, "an operator cancelled it")
    closed = directives.closed
    if closed is None or closed.schedule.operation != scheduled or closed.outcome is not Outcome.CANCELLED:
        raise OrderRefusedError(f"{scheduled} is not scheduled any more")
    return directives


def localized(directives: Directives, local: Callable[[str], str]) -> Directives:
    """The same in the names that ``local`` gives the nodes."""
    schedule = directives.schedule
    if schedule is None or schedule.to is None:
        return directives
    return replace(directives, schedule=replace(schedule, to=local(schedule.to)))


def time_by(schedule: Schedule | None, wall_ms: int) -> TimeCome:
    """What one clock says of it."""
    if schedule is None or wall_ms < schedule.at_ms:
        return NOT_YET
    return TimeCome(schedule.operation, wall_ms > schedule.at_ms + LATE_MS)


def is_due(schedule: Schedule | None, come: TimeCome) -> bool:
    """``come`` is what a majority says."""
    return schedule is not None and come.operation == schedule.operation


def why_not(
    schedule: Schedule, come: TimeCome, *, paused: bool, down: bool, primary: str | None
) -> str | None:
    """Why a schedule that is due is dropped instead of carried out; None if it is not.

    It is never kept for later: a change of primary at a moment that nobody chose is what a schedule avoids.
    """
    if come.late:
        return f"its time was missed by more than {LATE_MS // 1000} s, by the clocks of a majority"
    if paused:
        return "the group was paused at its time"
    if primary is None:
        return "no primary was known at its time"
    if down:
        return f"{primary} was down at its time: that takes a failover"
    return already(schedule, primary)


def already(schedule: Schedule, primary: str) -> str | None:
    return f"{primary} has become primary already" if schedule.to == primary else None


def after(before: Entry, topology: Topology | None, intent: Intent | None) -> Directives:
    """The directives of the entry that follows ``before``: what the leader writes may end a schedule."""
    directives = before.directives
    if topology is None:
        return directives
    if before.intent is not None and intent is None:
        changed = before.topology is None or topology.primary != before.topology.primary
        directives = directives.end(topology.primary, topology.term, changed=changed)
    schedule = directives.schedule
    why = already(schedule, topology.primary) if schedule is not None else None
    return directives.close(Outcome.DROPPED, why) if why is not None else directives
