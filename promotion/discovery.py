"""Finds the primary at the very first start, before any topology was agreed on.

A wrong guess would overwrite data, so anything but one clear answer is refused, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promotion.view import NodeView


@dataclass(frozen=True, slots=True)
class Found:
    primary: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """``reason`` says what was seen and what would settle it."""

    reason: str


def discover(views: Sequence[NodeView], node_count: int, configured: str | None) -> Found | Ambiguous:
    """The only node that is a master with replicas; or ``configured``, the primary of the configuration.

    A group of a single node needs no replica to be clear.
    """
    masters = [view for view in views if view.reachable and view.role == "master"]
    if configured is not None:
        if any(view.name == configured for view in masters):
            return Found(configured)
        return Ambiguous(f"the configured primary {configured} does not answer as a master")
    followed = {view.follows for view in views if view.reachable and view.role == "slave"}
    # A replica may have no link, for instance if it cannot resolve its primary's name as it spells it.
    attached = [view for view in masters if view.attached] or [v for v in masters if v.name in followed]
    if len(attached) == 1:
        return Found(attached[0].name)
    if len(masters) == 1 and node_count == 1:
        return Found(masters[0].name)
    if not masters:
        return Ambiguous("no node answers as a master")
    names = ", ".join(view.name for view in attached or masters)
    if attached:
        return Ambiguous(f"several masters have replicas: {names}; set primary: in the group")
    return Ambiguous(f"no master has replicas ({names}); attach the replicas, or set primary: in the group")
