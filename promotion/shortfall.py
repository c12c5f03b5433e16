"""What a new primary is known to lack of the history that the dead one wrote: more than what was under way.

A replica has all that reached it before the primary died, so it is seen to be ahead of the primary's last
look, or with it. One that is behind was not being sent the data: its link was down, or it was loading a copy
that the primary had made before. What it lacks is at least what was seen, and it is told as a loss, for
people may stop at once, look for a backup, or bring back whoever holds the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.actions import Facts
from promotion.view import NodeView, find


def shortfall(node: str, views: Sequence[NodeView], facts: Facts) -> str | None:
    """In words; None if nothing is known to be missing, or the primary is there and can be compared with.

    Replication's own traffic counts too.
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
