"""Events of operators' requests and orders. ``operation`` is the id that the operator was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from quorum.directives import Outcome


@dataclass(frozen=True, slots=True)
class Requested:
    """An operator asks this sentinel for a change of primary; it stands for election because of it."""

    name: ClassVar = "requested"
    kind: str
    node: str | None
    operation: str


@dataclass(frozen=True, slots=True)
class Paused:
    """The group is paused. Every sentinel announces this event and the next three."""

    name: ClassVar = "paused"
    since_ms: int
    by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Resumed:
    name: ClassVar = "resumed"


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A switchover is scheduled for ``at_ms`` (wall clock); ``to`` None: to the best replica."""

    name: ClassVar = "scheduled"
    operation: str
    at_ms: int
    to: str | None


@dataclass(frozen=True, slots=True)
class ScheduleClosed:
    """The scheduled switchover was begun, has ended, or was cancelled or dropped."""

    name: ClassVar = "schedule_closed"
    operation: str
    outcome: Outcome
    reason: str
    primary: str | None
    """The new primary, if it is done; ``term`` is that of the change."""
    term: int | None


@dataclass(frozen=True, slots=True)
class OrderDone:
    """A majority has agreed on an operator's order at this sentinel."""

    name: ClassVar = "order_done"
    operation: str


@dataclass(frozen=True, slots=True)
class OrderRefused:
    name: ClassVar = "order_refused"
    operation: str
    reason: str


DirectiveEvent: TypeAlias = Paused | Resumed | Scheduled | ScheduleClosed
OperatorEvent: TypeAlias = Requested | DirectiveEvent | OrderDone | OrderRefused
