"""Decides whether a load balancer should send writes, or reads, to a node: yes, or the reason why not. Pure.

Writes go to the primary that a majority has agreed on and that no leader is about to replace. Reads go on
even at a sentinel that is alone: a replica of the former primary is no worse than any replica, which is
always a little behind.
"""

from __future__ import annotations

from quorum.messages import Topology
from sentinel.group.view import GroupView, NodeStatus


def why_not_primary(view: GroupView, topology: Topology, node: NodeStatus) -> str | None:
    """None if writes should go to ``node``, by the newest ``topology`` that clients may be told."""
    if topology.primary != node.name:
        return f"the primary is {topology.primary}, since term {topology.term}"
    if node.objectively_down:
        return "a quorum calls it down"
    next_ = view.successor
    return None if next_ in (None, node.name) else f"{next_} is about to replace it"


def why_not_replica(topology: Topology, node: NodeStatus, max_lag_bytes: int | None) -> str | None:
    """None if reads may go to ``node``."""
    if topology.primary == node.name:
        return "it is the primary"
    state, info = node.state, node.info
    if state != "up" or info is None:
        if state == "refuses_clients" and node.refusing is not None:
            return f"it {node.refusing.detail}"
        return f"it is {state}: {node.verdict.detail or 'not reached yet'}"
    if info.role != "slave":
        return "it is no replica"
    if not info.announced:
        return "it is not for clients (replica-announced no)"
    if node.follows != topology.primary:
        return f"it follows {node.follows}, and the primary is {topology.primary}"
    if info.loading and not info.async_loading:
        return "it is loading its data"
    if not info.link_up:
        return "its link to the primary is down"
    if max_lag_bytes is None:
        return None
    if node.lag_bytes is None:
        return "how far it is behind is not known"
    return None if node.lag_bytes <= max_lag_bytes else f"it is {node.lag_bytes} bytes behind"
