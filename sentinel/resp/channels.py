"""Redis Sentinel's message for an event: the channel, and the words that its clients parse."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from promotion import events as work
from promotion.places import place_in
from sentinel.group.driver import GroupDriver
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.notice import Notice
from sentinel.resp.messages import SWITCHED

_NoChannel: TypeAlias = (
    nodes.NodeUnknown
    | nodes.Misconfigured
    | nodes.Blind
    | nodes.Degraded
    | nodes.Recovered
    | nodes.DataLost
    | nodes.Discovered
    | nodes.NotWatched
    | nodes.Dropped
    | nodes.Foreign
    | nodes.Identity
    | nodes.Identified
    | nodes.Ambiguous
    | leaders.OnTheWay
    | leaders.FailoverStarted
    | leaders.FailoverAborted
    | leaders.LossMeasured
    | leaders.Stalled
    | operators.OperatorEvent
    | work.Event
)
"""The events that are not published."""


def message_of(notice: Notice, driver: GroupDriver) -> tuple[str, str] | None:
    """The channel and the message; None if there is none, or no primary is known that it could name."""
    event = notice.event
    if isinstance(event, _NoChannel):
        return None
    view = driver.view
    where = view.primary_address
    if where is None or view.published is None:
        return None
    group, primary = notice.group, " ".join(map(str, where))
    match event:
        case leaders.TopologyCommitted(topology):
            if topology.previous is None:
                return None
            left = place_in(topology.previous) or (topology.previous, 0)
            return SWITCHED, f"{group} {left[0]} {left[1]} {primary}"
        case nodes.NodeDown(node):
            channel = "+sdown"
        case nodes.NodeUp(node):
            channel = "-sdown"
        case nodes.QuorumDown(node):
            channel = "+odown"
        case nodes.QuorumUp(node):
            channel = "-odown"
        case _:
            assert_never(event)
    host, _, port = node.rpartition(":")
    if node == view.published.primary:
        return channel, f"master {group} {host} {port}"
    return channel, f"slave {node} {host} {port} @ {group} {primary}"
