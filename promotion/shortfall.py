"""Finds what a new primary is known to lack of the dead one's history, beyond the writes under way.

A replica has all that reached it before the primary died, so normally its offset is at least the one that
the primary was last seen with. A replica behind that was not being sent the data: its link was down, or it
was loading an older copy. What it lacks is at least the difference, and is reported as a loss: people may
stop at once, look for a backup, or bring back the node that holds the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.actions import Facts
from promotion.view import NodeView, find


def shortfall(node: str, views: Sequence[NodeView], facts: Facts) -> str | None:
    """The shortfall in words; None if none is known, or the primary is there and can be compared with.

    The bytes include replication's own traffic.
    """
    view, primary = find(node, views), find(facts.primary, views)
    if view is None or not facts.down or node == facts.primary:
        return None
    seen = (primary.replid, primary.replid2) if primary is not None else ()
    for history in (facts.history, *seen):
        if history is not None and (has := view.held(history)) is not None:
            return _beyond(has, history, view, views, facts)
    return None


def _beyond(has: int, history: str, view: NodeView, views: Sequence[NodeView], facts: Facts) -> str | None:
    held = {other.name: at for other in views if (at := other.held(history)) is not None}
    most = max(held, key=lambda name: (held[name], name == facts.primary, name))
    missing_bytes = held[most] - has
    if missing_bytes <= 0:
        return None
    if most != facts.primary:
        return f"at least {missing_bytes} bytes that {most} holds"
    written_s = facts.missed_s.get(view.name)
    within = f", within {written_s:.1f} s" if written_s else ""
    return f"at least {missing_bytes} bytes that {most} was seen to have written{within}"
