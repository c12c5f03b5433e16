"""Finds stranded replicas: they do not follow the primary, but they hold its data.

Such a replica followed another replica, which died along with the primary; or it followed the former primary,
because the change after that could not reach it. No leader re-points it before there is a primary. Its data
in the primary's history counts like a replica's, so it is a last resort, after all that follow the primary.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.actions import Facts
from promotion.view import SEALED, NodeView, find


def newest_stranded(
    holders: Sequence[NodeView], views: Sequence[NodeView], facts: Facts, max_link_down_s: float
) -> NodeView | None:
    """The stranded one of ``holders`` (which hold data and may be promoted) with the newest data."""
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
    """The part of the primary's own history that ``view`` is known to lack, in words; None if none."""
    newest = next(iter(_histories(views, facts)), None)
    if newest is None or view.held(newest) is not None:
        return None
    return f"all that {facts.primary} wrote in its history {newest[:8]}, which {view.name} does not hold"


def _histories(views: Sequence[NodeView], facts: Facts) -> tuple[str, ...]:
    """The histories that the primary wrote or continued, the newest first."""
    primary = find(facts.primary, views)
    seen = (primary.replid, primary.replid2) if primary is not None else ()
    known = (facts.history, *seen, *sorted(facts.histories))
    return tuple(dict.fromkeys(history for history in known if history))


def _is_cut_off(view: NodeView, views: Sequence[NodeView], max_link_down_s: float) -> bool:
    """Whether nobody serves it. A replica linked to a serving master was pointed there on purpose."""
    if view.link_up:
        above = find(view.follows, views)
        return above is not None and above.role == "slave"
    return view.link_down_s is not None and view.link_down_s <= max_link_down_s
