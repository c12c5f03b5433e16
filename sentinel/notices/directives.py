"""The events that announce newly agreed directives (pause, schedule). Every sentinel announces them.

A sentinel that was away may learn of several changes at once: it announces the difference.
"""

from __future__ import annotations

from collections.abc import Iterator

from quorum.directives import Directives
from sentinel.notices.operators import DirectiveEvent, Paused, Resumed, ScheduleClosed, Scheduled


def directive_events(before: Directives, now: Directives) -> Iterator[DirectiveEvent]:
    if now.closed is not None and now.closed != before.closed:
        closed = now.closed
        operation = closed.schedule.operation
        yield ScheduleClosed(operation, closed.outcome, closed.reason, closed.primary, closed.term)
    if now.schedule is not None and now.schedule != before.schedule:
        schedule = now.schedule
        yield Scheduled(schedule.operation, schedule.at_ms, schedule.to)
    if now.pause != before.pause:
        if now.pause is None:
            yield Resumed()
        else:
            pause = now.pause
            yield Paused(pause.since_ms, pause.by, pause.reason)
