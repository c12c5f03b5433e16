"""The log level of each event: an error needs a person, a warning may need one."""

from __future__ import annotations

import enum
from typing import TypeAlias

from promotion import events as work
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.notice import Notice

_Error: TypeAlias = (
    leaders.FailoverAborted
    | leaders.FenceIgnored
    | leaders.StandsBack
    | nodes.DataLost
    | nodes.Foreign
    | nodes.Identity
)
_Warning: TypeAlias = (
    nodes.NodeDown
    | nodes.QuorumDown
    | nodes.Misconfigured
    | nodes.NodeUnknown
    | nodes.Degraded
    | nodes.NotWatched
    | nodes.Dropped
    | nodes.Ambiguous
    | leaders.FailoverStarted
    | leaders.Fenced
    | leaders.StepIncomplete
    | leaders.LossMeasured
    | leaders.SelfFenced
    | leaders.RepairAborted
    | leaders.Stalled
    | operators.Paused
    | operators.ScheduleClosed
    | operators.OrderRefused
    | work.StepFailed
    | work.Held
    | work.Regressed
    | work.Overruled
)


class Level(enum.IntEnum):
    """The values are those of ``logging``."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


def level_of(notice: Notice) -> Level:
    """The level of the notice; a repeated one is only for debugging."""
    event = notice.event
    if notice.again:
        return Level.DEBUG
    if isinstance(event, _Error):
        return Level.ERROR
    return Level.WARNING if isinstance(event, _Warning) or _tells_of_loss(notice) else Level.INFO


def _tells_of_loss(notice: Notice) -> bool:
    match notice.event:
        case leaders.TopologyCommitted(topology):
            return bool(topology.may_have_lost)
        case nodes.QuorumUp(may_have_lost=lost) | work.Demoted(may_have_lost=lost):
            return bool(lost)
        case _:
            return False
