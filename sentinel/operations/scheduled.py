"""The scheduled operation that the sentinels have agreed on, as far as any sentinel knows it."""

from __future__ import annotations

from dataclasses import replace

from quorum.directives import Outcome, Schedule
from sentinel.group.driver import GroupDriver
from sentinel.operations.book import OUTCOMES, Operation, State


def agreed(driver: GroupDriver, id_: str) -> Operation | None:
    """None if the group knows no such operation."""
    group, planned, closed = driver.name, driver.directives.schedule, driver.directives.closed
    if planned is not None and planned.operation == id_:
        return _operation(group, planned, "scheduled")
    if closed is None or closed.schedule.operation != id_:
        return None
    state: State = "failed"
    if closed.outcome in (Outcome.STARTED, Outcome.DONE):
        state = "running" if closed.outcome is Outcome.STARTED else "completed"
    reason = closed.reason or OUTCOMES[closed.outcome]
    published = driver.view.published
    is_newest = published is not None and published.term == closed.term
    return replace(
        _operation(group, closed.schedule, state),
        reason=reason if state == "failed" else None,
        # What ended otherwise was not noted with its time; only the sentinel that took it knows.
        finished_ms=published.since_ms if published and is_newest and state == "completed" else None,
        new_primary=closed.primary,
        term=closed.term,
    )


def _operation(group: str, planned: Schedule, state: State) -> Operation:
    return Operation(
        planned.operation, group, planned.to, planned.requested_ms, "switchover", planned.at_ms, state=state
    )
