"""A primary that lives and refuses writes: whether another would take them, so that a change is worth it.

It is the planned change (``switching``): the old primary answers, so it hands over all that it has, and
nothing is lost. Who would refuse them too is no better, and a change to it would only be the first of many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promotion.actions import Facts, Request
from promotion.candidates import Ranking
from promotion.chooser import Chooser
from promotion.sealing import Sealing
from promotion.switching import SWITCHOVER, UNWRITABLE, objection
from promotion.view import NodeView, find
from promotion.work_settings import WorkSettings

ROOM = 0.1
"""Where memory has run out, which share of its own another must have left: it holds the same data, and two
copies differ by a few buffers.
"""


def no_better(primary: str, views: Sequence[NodeView], settings: WorkSettings) -> dict[str, str]:
    """Who would refuse writes as well, or cannot be handed over to, with the reason."""
    reasons = {view.name: _why_not(primary, view, views, settings) for view in views if view.name != primary}
    return {name: reason for name, reason in reasons.items() if reason}


def is_relief(request: Request | None, facts: Facts) -> bool:
    """Whether the work is to replace a primary that lives, and refuses writes."""
    return request is None and facts.unwritable and not facts.down


def cause_at_start(request: Request | None, facts: Facts) -> str:
    """Why a change begins, as far as that is known before anybody is looked at anew."""
    if facts.down:
        return facts.cause
    if facts.intent is not None:
        return facts.intent.cause
    if is_relief(request, facts):
        return UNWRITABLE
    return SWITCHOVER if request is not None and request.switchover else "operator"


def to_hand_over(request: Request | None, facts: Facts) -> tuple[Request, str] | None:
    """What the primary, which is there, is to hand over for, and the cause of it; None if for nothing."""
    if facts.down:
        return None
    if request is not None:
        return (request, SWITCHOVER) if request.switchover else None
    return (Request("", switchover=True), UNWRITABLE) if is_relief(request, facts) else None


def rank_to_hand_over(
    chooser: Chooser,
    settings: WorkSettings,
    views: Sequence[NodeView],
    facts: Facts,
    request: Request,
    cause: str,
) -> tuple[Ranking, str | None]:
    """To whom the primary hands over, and why it cannot; who would be no better counts only for ``cause``."""
    assert facts.primary is not None
    barred = no_better(facts.primary, views, settings) if cause == UNWRITABLE else None
    ranking = chooser.rank(views, facts, request.candidate, barred)
    if ranking.chosen is None:
        return ranking, ranking.why_nobody(request)
    return ranking, objection(facts.primary, ranking.chosen, views)


def relief(
    settings: WorkSettings, views: Sequence[NodeView], facts: Facts, avoid: Mapping[str, str]
) -> str | None:
    """The replica that would take the writes which the primary refuses; None if there is none."""
    if facts.primary is None:
        return None
    chooser = Chooser(settings.policy, None, avoid, Sealing(settings.rules))
    ranking, why_not = rank_to_hand_over(chooser, settings, views, facts, Request(""), UNWRITABLE)
    return ranking.chosen if why_not is None else None


def _why_not(primary: str, view: NodeView, views: Sequence[NodeView], settings: WorkSettings) -> str:
    if view.would_refuse:
        return view.would_refuse
    if _is_short(find(primary, views)) and _is_short(view):
        return f"has no more memory than {primary}, which is full: it would refuse writes soon as well"
    if not view.link_up:
        return f"is not linked to {primary}, so that writes would be lost"
    # Where the group has a ``write_safety``, a leader keeps a demand that can be met.
    demanded = view.safety.min_replicas if view.safety is not None and settings.rules.safety is None else 0
    # The old primary is not counted: from 7.0 on a replica ends itself if its disk refuses what it is sent.
    others = sum(o.reachable and not o.down for o in views if o.name not in (view.name, primary))
    if demanded > others:
        return f"demands {demanded} replicas (min-replicas-to-write), and as a primary would have {others}"
    return ""


def _is_short(view: NodeView | None) -> bool:
    return view is not None and view.free_memory is not None and view.free_memory < ROOM
