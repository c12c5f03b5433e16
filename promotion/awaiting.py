"""Decides whether to wait for a replica that is still loading a newer copy than the best candidate holds.

A replica that loads when the primary dies can be promoted only once it is done. Another one, done earlier,
may have loaded an older copy and lack what was written between the two. A replica goes on loading without
the primary, once all of the copy has reached it. So the leader waits where the best candidate is known to
lack something: an outage of seconds ends, acknowledged writes do not come back.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.actions import Facts
from promotion.candidates import Ranking
from promotion.view import NodeView, find


def awaited(ranking: Ranking, views: Sequence[NodeView], facts: Facts, limit_s: float) -> str | None:
    """The reason to wait, in words; None to go on now.

    The wait ends ``limit_s`` after the primary fell silent, or after the best candidate lost its link (when
    it had finished loading). A later leader counts from the same moment.
    """
    best = find(ranking.chosen, views)
    if best is None or ranking.may_have_lost is None or not facts.down:
        return None
    lost_it_s = best.link_down_s if best.link_down_s is not None else limit_s
    if min(lost_it_s, max(facts.silence_s, facts.unanswered_s)) >= limit_s:
        return None
    newer = [view.name for view in views if _will_hold_more(view, best)]
    if not newer:
        return None
    return f"{best.name} lacks {ranking.may_have_lost}; {', '.join(newer)} still loads a newer copy"


def _will_hold_more(view: NodeView, best: NodeView) -> bool:
    """It may be too busy to answer. A replica that had not received the whole copy loads no more."""
    loads = view.loading and view.sync_in_progress and view.coming is not None
    if not loads or view.down or view.hands_off or view.barred or not view.priority:
        return False
    assert view.coming is not None
    history, offset_bytes = view.coming
    has = best.held(history)
    return has is None or has < offset_bytes
