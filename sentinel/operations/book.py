"""The book of operators' requests to this sentinel and their outcomes, kept by the notices alone.

It is in memory: an operation that a restarted sentinel no longer knows has ended one way or the other, and
the history shows how.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from quorum.directives import Outcome
from sentinel.notices import leaders, operators
from sentinel.notices.notice import Notice
from sentinel.process import clock

MAX_OPERATIONS = 200

Kind: TypeAlias = Literal["failover", "switchover", "pause", "resume", "cancel"]
State: TypeAlias = Literal["accepted", "scheduled", "running", "completed", "failed"]

_OPEN = ("accepted", "scheduled", "running")
_CHANGES = ("failover", "switchover")


@dataclass(frozen=True, slots=True)
class Operation:
    """``requested_ms`` and ``finished_ms`` are wall clock, milliseconds since the epoch, for people only."""

    id: str
    group: str
    candidate: str | None
    requested_ms: int
    kind: Kind = "failover"
    at_ms: int | None = None
    """When it is to be carried out, if that was set."""
    state: State = "accepted"
    reason: str | None = None
    term: int | None = None
    new_primary: str | None = None
    finished_ms: int | None = None

    @property
    def is_open(self) -> bool:
        return self.state in _OPEN

    @property
    def is_change(self) -> bool:
        """A change of primary, now: one at a time in a group. The rest are orders."""
        ordered = self.at_ms is not None and self.state != "running"
        return self.kind in _CHANGES and not ordered


_Progress: TypeAlias = (
    leaders.FailoverStarted
    | leaders.FailoverAborted
    | leaders.RepairAborted
    | operators.Scheduled
    | operators.ScheduleClosed
    | operators.OrderDone
    | operators.OrderRefused
)
"""What names the operation that it is about."""

OUTCOMES = {
    Outcome.STARTED: "it was begun",
    Outcome.DONE: "it was carried out",
    Outcome.UNDONE: "it was begun, and undone: the leader's log says why",
    Outcome.CANCELLED: "it was cancelled",
    Outcome.DROPPED: "it was dropped",
}


_ID = re.compile(r"op-([A-Za-z0-9_.-]{1,256})-[0-9a-f]{16}")


def taken_by(id_: str) -> str | None:
    """The sentinel that took the operation, by its id; None for what is no id of ours."""
    matched = _ID.fullmatch(id_)
    return matched.group(1) if matched else None


class Operations:
    """The last ``most`` operations of all groups that the sentinel ``self_id`` took."""

    def __init__(
        self, self_id: str, most: int = MAX_OPERATIONS, wall_ms: Callable[[], int] = clock.wall_ms
    ) -> None:
        self._self_id = self_id
        self._most = most
        self._wall_ms = wall_ms
        self._operations: dict[str, Operation] = {}

    def accept(
        self, group: str, candidate: str | None, kind: Kind = "failover", at_ms: int | None = None
    ) -> Operation:
        """Note a new request; to be handed to the group's driver next."""
        id_ = f"op-{self._self_id}-{secrets.token_hex(8)}"
        operation = Operation(id_, group, candidate, self._wall_ms(), kind, at_ms)
        while len(self._operations) >= self._most:
            finished = (id_ for id_, known in self._operations.items() if not known.is_open)
            del self._operations[next(finished, next(iter(self._operations)))]
        self._operations[operation.id] = operation
        return operation

    def get(self, id_: str) -> Operation | None:
        return self._operations.get(id_)

    def open_in(self, group: str) -> Operation | None:
        """The change of the group that has not ended yet; there is at most one."""
        return next((o for o in self._open(group) if o.is_change), None)

    def order_in(self, group: str) -> Operation | None:
        """The order that no majority has agreed on yet; there is at most one."""
        return next((o for o in self._open(group) if not o.is_change and o.state == "accepted"), None)

    def _open(self, group: str) -> Iterator[Operation]:
        return (o for o in self._operations.values() if o.group == group and o.is_open)

    def on_notice(self, notice: Notice) -> None:
        event, term = notice.event, notice.term or None
        if isinstance(event, leaders.TopologyCommitted):
            self._on_topology(notice.group, event.topology.primary, event.topology.term)
        elif isinstance(event, _Progress):
            operation = self._operations.get(event.operation or "")
            if operation is not None and operation.is_open:
                self._on_progress(operation, event, term)

    def _on_progress(self, operation: Operation, event: _Progress, term: int | None) -> None:
        match event:
            case leaders.FailoverStarted():
                self._put(replace(operation, state="running", term=term))
            case operators.OrderDone():
                # A schedule that is agreed on is only then begun.
                if operation.at_ms is None:
                    self._end(replace(operation, state="completed", term=term))
            case operators.Scheduled():
                self._put(replace(operation, state="scheduled"))
            case operators.ScheduleClosed():
                self._on_closed(operation, event)
            case _:
                self._end(replace(operation, state="failed", reason=event.reason, term=term))

    def _on_closed(self, operation: Operation, closed: operators.ScheduleClosed) -> None:
        outcome, term = closed.outcome, closed.term
        if outcome is Outcome.STARTED:
            self._put(replace(operation, state="running"))
        elif outcome is Outcome.DONE:
            self._end(replace(operation, state="completed", term=term, new_primary=closed.primary))
        else:
            reason = closed.reason or OUTCOMES[outcome]
            self._end(replace(operation, state="failed", reason=reason, term=term))

    def _on_topology(self, group: str, primary: str, term: int) -> None:
        """The request is over, whichever leader made the change: it is not repeated on top of that change."""
        operation = self.open_in(group)
        if operation is None:
            return
        if operation.candidate in (None, primary):
            self._end(replace(operation, state="completed", term=term, new_primary=primary))
        else:
            reason = f"{primary} became primary instead of {operation.candidate}"
            self._end(replace(operation, state="failed", reason=reason, term=term, new_primary=primary))

    def _end(self, operation: Operation) -> None:
        self._put(replace(operation, finished_ms=self._wall_ms()))

    def _put(self, operation: Operation) -> None:
        self._operations[operation.id] = operation
