"""A notice: one event of one group. Every consumer takes notices and dispatches on the event's type.

The consumers are the log, the history, the webhooks, the metrics and the Sentinel protocol. Each handles
every member of ``NoticeEvent``, so that none of them can miss a new one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from promotion import events as work
from promotion.candidates import Ranking
from quorum.messages import Topology
from sentinel.notices.leaders import LeaderEvent
from sentinel.notices.nodes import NodeEvent
from sentinel.notices.operators import OperatorEvent

NoticeEvent: TypeAlias = NodeEvent | LeaderEvent | OperatorEvent | work.Event

_OF_TOPOLOGY = (
    "primary",
    "previous",
    "cause",
    "leader",
    "since_ms",
    "duration_ms",
    "lost_bytes",
    "may_have_lost",
)


@dataclass(frozen=True, slots=True)
class Notice:
    group: str
    event: NoticeEvent
    term: int = 0
    """The term of the leader that it is about; 0 if it has no term."""
    again: bool = False
    """It repeats an earlier notice about a failed attempt."""


class Tell(Protocol):
    """How a group's core publishes an event; ``term`` and ``again`` are the notice's."""

    def __call__(self, event: NoticeEvent, term: int = 0, *, again: bool = False) -> None: ...


def details(notice: Notice) -> Mapping[str, object]:
    """The event's fields for machines: plain values by name."""
    values: dict[str, object] = {}
    for field in dataclasses.fields(notice.event):
        value = getattr(notice.event, field.name)
        if isinstance(value, Topology):
            values |= {name: getattr(value, name) for name in _OF_TOPOLOGY}
        elif not isinstance(value, Ranking):
            values[field.name] = value
    if notice.term:
        values["term"] = notice.term
    if notice.again:
        values["again"] = True
    return values
