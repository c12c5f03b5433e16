"""Decides what a new leader writes before it works: operators' orders at this sentinel, and a schedule that
is due.

Orders come first in a leadership, so that a pause holds before anything else is done. A schedule that cannot
be carried out is dropped then; one that can becomes the work, like an operator's request.
"""

from __future__ import annotations

from promotion.actions import Facts, Request
from quorum.directives import Directives, Outcome, TimeCome
from sentinel.coordination import orders
from sentinel.coordination.orders import Order, OrderRefusedError
from sentinel.notices.leaders import FailoverAborted
from sentinel.notices.notice import Tell
from sentinel.notices.operators import OrderDone, OrderRefused

PATIENCE = 3
"""An order waits for so many of the group's ``failover_timeout``: another leader may be at work for two."""
MAX_REASON_CHARS = 300
"""Of what a schedule is dropped for: it travels with every entry."""


class Ordering:
    """``order`` waits until this sentinel leads. ``scheduled`` is what the present leader's work carries out
    because its time has come, if that is why. ``tell`` says what became of an order.
    """

    def __init__(self, limit_s: float, tell: Tell, now: float) -> None:
        self.order: Order | None = None
        self.scheduled: Request | None = None
        self._limit_s = limit_s
        self._tell = tell
        self._until = now
        self._written: Order | None = None
        self._dropped: tuple[str, str] | None = None
        """What is to be told of a schedule once it is agreed on: its operation, and why it is dropped."""

    @property
    def next_deadline(self) -> float | None:
        return self._until if self.order is not None else None

    def ordered(self, order: Order, now: float) -> None:
        self.order = order
        self._until = now + PATIENCE * self._limit_s

    def wake(self, now: float) -> None:
        if self.order is not None and now >= self._until:
            self._refuse("no majority could agree on it in time")

    def to_write(self, before: Directives, facts: Facts, come: TimeCome, wall_ms: int) -> Directives | None:
        """What a new leader must have agreed on before it works; None if nothing.

        ``come``: what a majority says of the schedule.
        """
        wanted = before
        self._written = self._dropped = None
        if self.order is not None:
            try:
                wanted = orders.apply(self.order, before, wall_ms)
            except OrderRefusedError as error:
                self._refuse(str(error))
        why = _why_dropped(wanted, facts, come)
        if why is not None and wanted.schedule is not None:
            self._dropped = (wanted.schedule.operation, why)
            wanted = wanted.close(Outcome.DROPPED, why)
        self._written = self.order
        # An order that changes nothing is written too: what it rests on may not be agreed on yet.
        return wanted if self.order is not None or wanted != before else None

    def agreed(self, term: int, primary: str | None) -> None:
        """What ``to_write`` asked for is committed. An order that came since then waits for its turn."""
        if self.order is not None and self.order is self._written:
            self._tell(OrderDone(self.order.operation), term)
            self.order = None
        if self._dropped is not None:
            operation, why = self._dropped
            why = f"the scheduled switchover is dropped: {why}"
            self._tell(FailoverAborted(primary, why, operation=operation), term)

    def take_schedule(self, directives: Directives, facts: Facts, come: TimeCome) -> None:
        """Make the schedule that is due the work; an unfinished change comes first, in a term of its own."""
        schedule = directives.schedule
        if schedule is None or not orders.is_due(schedule, come):
            return
        if facts.intent is None and _why_dropped(directives, facts, come) is None:
            timeout_s = schedule.timeout_ms / 1000
            self.scheduled = Request(schedule.operation, schedule.to, switchover=True, timeout_s=timeout_s)

    def started(self, directives: Directives) -> Directives:
        """A schedule is taken out in the very write that announces the change: so it runs once."""
        return directives.close(Outcome.STARTED) if self._waits(directives) else directives

    def given_up(self, directives: Directives, reason: str) -> Directives | None:
        """What must be agreed on because the work was given up before it began; None if nothing."""
        if not self._waits(directives):
            return None
        return directives.close(Outcome.DROPPED, reason[:MAX_REASON_CHARS])

    def end(self) -> None:
        """The leadership is over. An order that is not done waits for the next one."""
        self.scheduled = None

    def _waits(self, directives: Directives) -> bool:
        schedule = directives.schedule
        return (
            schedule is not None
            and self.scheduled is not None
            and schedule.operation == self.scheduled.operation
        )

    def _refuse(self, reason: str) -> None:
        assert self.order is not None
        self._tell(OrderRefused(self.order.operation, reason))
        self.order = None


def _why_dropped(directives: Directives, facts: Facts, come: TimeCome) -> str | None:
    """None too if nothing is due."""
    schedule = directives.schedule
    if schedule is None or not orders.is_due(schedule, come):
        return None
    paused = directives.pause is not None
    return orders.why_not(schedule, come, paused=paused, down=facts.down, primary=facts.primary)
