"""How many replicas a primary shall demand for each write, so that one that is cut off stops accepting.

The demand is the configured one as long as that many other nodes exist. It is lowered to how many there
are when some are objectively down, for else the group could not be written to at all; and raised again
only when as many are linked to the primary, so that a first synchronisation does not block writes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from promotion.step_types import KeepFence, KeepSafety, WriteSafety
from promotion.view import NodeView, find


def at_promotion(asked: WriteSafety, node: str, views: Sequence[NodeView]) -> WriteSafety:
    """For a node that is about to be promoted: those count that will follow it without a full copy."""
    promoted = find(node, views)
    others = [
        view
        for view in views
        if view.name != node and view.reachable and not view.down and view.role == "slave"
    ]
    alike = sum(promoted is not None and view.replid == promoted.replid for view in others)
    return WriteSafety(min(asked.min_replicas, alike), asked.max_lag_s)


def correction(
    asked: WriteSafety, primary: str, views: Sequence[NodeView], gone: Collection[str]
) -> KeepSafety | None:
    """What the primary must be told; None if it demands what it should, or was not asked.

    ``gone`` are the nodes that a quorum calls down.
    """
    view = find(primary, views)
    if view is None or view.safety is None or view.role != "master" or not view.reachable or view.down:
        return None
    if view.hands_off:
        return None
    others = [other for other in views if other.name != primary]
    at_most = min(asked.min_replicas, sum(other.name not in gone for other in others))
    at_least = min(asked.min_replicas, sum(_linked(other, primary) for other in others))
    wanted = max(min(view.safety.min_replicas, at_most), at_least)
    if wanted == view.safety.min_replicas and asked.max_lag_s == view.safety.max_lag_s:
        return None
    return KeepSafety(primary, WriteSafety(wanted, asked.max_lag_s))


def keep_fence(primary: str, views: Sequence[NodeView]) -> KeepFence | None:
    """The primary has no fence: an evicted one counts as term 0, and would let a stale leader pass."""
    view = find(primary, views)
    if view is None or not view.fence_missing or view.role != "master" or not view.reachable or view.down:
        return None
    return KeepFence(primary)


def _linked(view: NodeView, primary: str) -> bool:
    return view.reachable and not view.down and view.follows == primary and view.link_up
