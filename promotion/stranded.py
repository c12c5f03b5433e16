"""Replicas that do not follow the primary, and hold its data all the same.

One may have followed another replica, which died along with the primary; or the primary of before, because
the change after that could not reach it. Nobody would ever point them anywhere: that takes a primary. What
they hold of its history counts as what a replica of it holds, so that they are a last resort, after all that
follow it.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.actions import Facts
from promotion.view import SEALED, NodeView, find


def newest_stranded(
    holders: Sequence[NodeView], views: Sequence[NodeView], facts: Facts, max_link_down_s: float
) -> NodeView | None:
    """Of those of ``holders``, which hold data and may be promoted, the one that goes furthest along."""
    along = _histories(views, facts)

    def place(view: NodeView) -> tuple[int, bool, int, int, str]:
        held = [(n, offset) for n, history in enumerate(along) if (offset := view.held(history)) is not None]
        newest, offset = held[0]
        return newest, bool(view.would_refuse), view.priority, -offset, view.run_id

    stranded = [
        view
        for view in holders
        if view.role == "slave"
        and view.follows not in (facts.primary, SEALED)
        and view.priority
        and any(view.held(history) is not None for history in along)
        and _is_cut_off(view, views, max_link_down_s)
    ]
    return min(stranded, key=place, default=None)


def lacks(view: NodeView, views: Sequence[NodeView], facts: Facts) -> str | None:
    """What of the primary's own history it is known not to have, in words."""
    newest = next(iter(_histories(views, facts)), None)
    if newest is None or view.held(newest) is not None:
        return None
    return f"all that {facts.primary} wrote in its history {newest[:8]}, which {view.name} does not hold"


def _histories(views: Sequence[NodeView], facts: Facts) -> tuple[str, ...]:
    """What the primary wrote, the newest first, and what it continued."""
    primary = find(facts.primary, views)
    seen = (primary.replid, primary.replid2) if primary is not None else ()
    known = (facts.history, *seen, *sorted(facts.histories))
    return tuple(dict.fromkeys(history for history in known if history))


def _is_cut_off(view: NodeView, views: Sequence[NodeView], max_link_down_s: float) -> bool:
    """Whoever is linked to a server that serves was pointed there by somebody, and is no replica of ours."""
    if view.link_up:
        above = find(view.follows, views)
        return above is not None and above.role == "slave"
    return view.link_down_s is not None and view.link_down_s <= max_link_down_s
