"""Whether a load balancer should send writes, or reads, to a node: yes, or why not. Pure.

Writes go to the primary that a majority has agreed on and that nobody is about to replace. Reads also go on
at a sentinel that is alone: a replica of what was the primary is no worse than any replica, which is always
a little behind.
"""

from __future__ import annotations

from quorum.messages import Topology
from sentinel.coordination.coordinator import Coordinator
from sentinel.status import group as group_status


def why_not_primary(coordinator: Coordinator, topology: Topology, node: str) -> str | None:
    """None if writes should go to ``node``, by the newest ``topology`` that clients may be told."""
    if topology.primary != node:
        return f"the primary is {topology.primary}, since term {topology.term}"
    if coordinator.member.is_odown(node):
        return "a quorum calls it down"
    entry = coordinator.member.register.state.entry
    next_ = entry.intent.target if entry.intent else (entry.topology.primary if entry.topology else node)
    next_ = coordinator.member.names.local(next_)
    return None if next_ == node else f"{next_} is about to replace it"


def why_not_replica(
    coordinator: Coordinator, topology: Topology, node: str, max_lag_bytes: int | None, now: float
) -> str | None:
    """None if reads may go to ``node``; ``now`` is monotonic seconds."""
    if topology.primary == node:
        return "it is the primary"
    state = group_status.node_state(coordinator, node, now)
    info = coordinator.book[node].info
    if state != "up" or info is None:
        refusing = coordinator.member.usability.refusing(node) if state == "refuses_clients" else None
        if refusing is not None:
            return f"it {refusing.detail}"
        return f"it is {state}: {coordinator.member.verdict(node, now).detail or 'not reached yet'}"
    if info.role != "slave":
        return "it is no replica"
    if not info.announced:
        return "it is not for clients (replica-announced no)"
    follows = coordinator.book.name_of(info.master_host or "", info.master_port or 0)
    if follows != topology.primary:
        return f"it follows {follows}, and the primary is {topology.primary}"
    if info.loading and not info.async_loading:
        return "it is loading its data"
    if not info.link_up:
        return "its link to the primary is down"
    if max_lag_bytes is None:
        return None
    lag_bytes = group_status.lag_bytes(coordinator, node)
    if lag_bytes is None:
        return "how far it is behind is not known"
    return None if lag_bytes <= max_lag_bytes else f"it is {lag_bytes} bytes behind"
