"""What is told of operators' requests and orders. ``operation`` is the id that the operator was given."""

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
    """Operators want nothing to be changed; told by every sentinel, as the next three are."""

    name: ClassVar = "paused"
    since_ms: int
    by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Resumed:
    name: ClassVar = "resumed"


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A switchover is to be carried out at a set time, ``at_ms`` in wall clock; ``to`` None: to the best."""

    name: ClassVar = "scheduled"
    operation: str
    at_ms: int
    to: str | None


@dataclass(frozen=True, slots=True)
class ScheduleClosed:
    """It was begun, has ended, was cancelled or dropped."""

    name: ClassVar = "schedule_closed"
    operation: str
    outcome: Outcome
    reason: str
    primary: str | None
    """Who became primary by it, where it is done, and in which ``term``."""
    term: int | None


@dataclass(frozen=True, slots=True)
class OrderDone:
    """A majority has agreed on what an operator ordered at this sentinel."""

    name: ClassVar = "order_done"
    operation: str


@dataclass(frozen=True, slots=True)
class OrderRefused:
    name: ClassVar = "order_refused"
    operation: str
    reason: str


DirectiveEvent: TypeAlias = Paused | Resumed | Scheduled | ScheduleClosed
OperatorEvent: TypeAlias = Requested | DirectiveEvent | OrderDone | OrderRefused
