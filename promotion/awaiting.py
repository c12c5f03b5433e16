"""Whether to wait for a replica that still loads a newer copy than the best one there is.

A replica that loads when the primary dies can be promoted only once it is done; one that is done first may
have begun with an older copy, and lacks all that was written between the two. Whoever loads goes on loading
without the primary, once all of the copy has reached it. So it is waited for, where what the other lacks is
known to be more than nothing: an outage of seconds ends, acknowledged writes do not come back.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.actions import Facts
from promotion.candidates import Ranking
from promotion.view import NodeView, find


def awaited(ranking: Ranking, views: Sequence[NodeView], facts: Facts, limit_s: float) -> str | None:
    """What is waited for, in words; None if nothing is.

    For ``limit_s`` at most since the primary fell silent, or since the best one lost it: that is when it had
    done loading itself. A leader that comes later counts from the same moment.
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
    """It may be too busy to answer. What stops before all has reached it loads no more."""
    loads = view.loading and view.sync_in_progress and view.coming is not None
    if not loads or view.down or view.hands_off or view.barred or not view.priority:
        return False
    assert view.coming is not None
    history, offset_bytes = view.coming
    has = best.held(history)
    return has is None or has < offset_bytes
