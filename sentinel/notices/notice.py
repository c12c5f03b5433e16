"""A notice: one event of one group. Whoever tells people takes notices, and goes by the type of the event.

The classes of events are the whole list: the log, the history, the webhooks, the metrics and the Sentinel
protocol each handle every member of ``NoticeEvent``, so that a new one cannot be forgotten in any of them.
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
    """Of the leader that it is about; 0 for what has nothing to do with a term."""
    again: bool = False
    """It only repeats what was told a while ago, of an attempt that came to nothing."""


class Tell(Protocol):
    """How a group's core tells an event; ``term`` and ``again`` are the notice's."""

    def __call__(self, event: NoticeEvent, term: int = 0, *, again: bool = False) -> None: ...


def details(notice: Notice) -> Mapping[str, object]:
    """What machines are told of the event: plain values, by the names of its fields."""
    told: dict[str, object] = {}
    for field in dataclasses.fields(notice.event):
        value = getattr(notice.event, field.name)
        if isinstance(value, Topology):
            told |= {name: getattr(value, name) for name in _OF_TOPOLOGY}
        elif not isinstance(value, Ranking):
            told[field.name] = value
    if notice.term:
        told["term"] = notice.term
    if notice.again:
        told["again"] = True
    return told
