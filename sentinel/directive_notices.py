"""What is worth telling when the sentinels have agreed on new directives. Every sentinel tells it.

One that was away may learn of several changes at once: it tells what differs from what it told before.
"""

from __future__ import annotations

from collections.abc import Iterator

from quorum.directives import Directives
from sentinel.notices import NoticeName


def told_of(before: Directives, now: Directives) -> Iterator[tuple[NoticeName, dict[str, object]]]:
    """The notices, each with its fields."""
    if now.closed is not None and now.closed != before.closed:
        closed = now.closed
        yield (
            NoticeName.SCHEDULE_CLOSED,
            {
                "operation": closed.schedule.operation,
                "outcome": closed.outcome.value,
                "reason": closed.reason,
                "primary": closed.primary,
                "term": closed.term,
            },
        )
    if now.schedule is not None and now.schedule != before.schedule:
        schedule = now.schedule
        yield (
            NoticeName.SCHEDULED,
            {"operation": schedule.operation, "at_ms": schedule.at_ms, "to": schedule.to},
        )
    if now.pause != before.pause:
        if now.pause is None:
            yield NoticeName.RESUMED, {}
        else:
            pause = now.pause
            yield NoticeName.PAUSED, {"since_ms": pause.since_ms, "by": pause.by, "reason": pause.reason}
