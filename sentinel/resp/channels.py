"""What Redis Sentinel publishes of an event: the channel, and the words that its clients parse."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from promotion import events as work
from sentinel.group.driver import GroupDriver
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.notice import Notice
from sentinel.resp import masters as resp_masters

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
    | leaders.Elected
    | leaders.SteppedDown
    | leaders.StandsBack
    | leaders.StandsAgain
    | leaders.FailoverStarted
    | leaders.FailoverAborted
    | leaders.RepairAborted
    | leaders.IntentCommitted
    | leaders.LossMeasured
    | leaders.StepIncomplete
    | leaders.Fenced
    | leaders.FenceIgnored
    | leaders.WorkDone
    | leaders.SelfFenced
    | leaders.SelfFenceEnded
    | leaders.Stalled
    | operators.OperatorEvent
    | work.Event
)
"""What is not published."""


def message_of(notice: Notice, driver: GroupDriver) -> tuple[str, str] | None:
    """The channel and the message; None if there is none, or no primary is known that it could name."""
    event = notice.event
    if isinstance(event, _NoChannel):
        return None
    match event:
        case leaders.TopologyCommitted(topology):
            return _switched(driver, notice.group, topology.previous) if topology.previous else None
        case nodes.NodeDown(node):
            return _judged("+sdown", driver, notice.group, node)
        case nodes.NodeUp(node):
            return _judged("-sdown", driver, notice.group, node)
        case nodes.QuorumDown(node):
            return _judged("+odown", driver, notice.group, node)
        case nodes.QuorumUp(node):
            return _judged("-odown", driver, notice.group, node)
        case _:
            assert_never(event)


def _switched(driver: GroupDriver, group: str, previous: str) -> tuple[str, str] | None:
    where = resp_masters.address(driver)
    if where is None:
        return None
    host, _, port = previous.rpartition(":")
    return "+switch-master", f"{group} {host.strip('[]')} {port} {where[0]} {where[1]}"


def _judged(channel: str, driver: GroupDriver, group: str, node: str) -> tuple[str, str] | None:
    where = resp_masters.address(driver)
    if where is None:
        return None
    host, _, port = node.rpartition(":")
    if driver.topology is not None and node == driver.topology.primary:
        return channel, f"master {group} {host} {port}"
    return channel, f"slave {node} {host} {port} @ {group} {where[0]} {where[1]}"
