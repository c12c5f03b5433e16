"""Decides how many replicas a primary demands for each write, so that one that is cut off stops accepting.

The demand is the configured one as long as that many other nodes exist. If some are objectively down, it is
lowered to how many are left, for else nobody could write to the group. It is raised again only when that many
are linked to the primary, so that a first synchronisation does not block writes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from promotion.step_types import KeepFence, KeepSafety, WriteSafety
from promotion.view import NodeView, find


def at_promotion(configured: WriteSafety, node: str, views: Sequence[NodeView]) -> WriteSafety:
    """The demand of a node about to be promoted: replicas that can follow it without a full copy count."""
    promoted = find(node, views)
    others = [
        view
        for view in views
        if view.name != node and view.reachable and not view.down and view.role == "slave"
    ]
    alike = sum(promoted is not None and view.replid == promoted.replid for view in others)
    return WriteSafety(min(configured.min_replicas, alike), configured.max_lag_s)


def correction(
    configured: WriteSafety, primary: str, views: Sequence[NodeView], gone: Collection[str]
) -> KeepSafety | None:
    """The step that corrects the primary's demand; None if it is right, or was not read.

    ``gone`` are the nodes that a quorum calls down.
    """
    view = find(primary, views)
    if view is None or view.safety is None or view.role != "master" or not view.reachable or view.down:
        return None
    if view.hands_off:
        return None
    others = [other for other in views if other.name != primary]
    at_most = min(configured.min_replicas, sum(other.name not in gone for other in others))
    at_least = min(configured.min_replicas, sum(_linked(other, primary) for other in others))
    wanted = max(min(view.safety.min_replicas, at_most), at_least)
    if wanted == view.safety.min_replicas and configured.max_lag_s == view.safety.max_lag_s:
        return None
    return KeepSafety(primary, WriteSafety(wanted, configured.max_lag_s))


def keep_fence(primary: str, views: Sequence[NodeView]) -> KeepFence | None:
    """The step that writes a missing fence: with an evicted one, as term 0, a stale leader would pass."""
    view = find(primary, views)
    if view is None or not view.fence_missing or view.role != "master" or not view.reachable or view.down:
        return None
    return KeepFence(primary)


def _linked(view: NodeView, primary: str) -> bool:
    return view.reachable and not view.down and view.follows == primary and view.link_up
