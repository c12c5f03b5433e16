"""A primary that lives and refuses writes: is there a replica that would take them, so that a change helps?

The change is a switchover (``switchover``): the old primary answers, so it hands over all its data. A replica
that would refuse writes too is no better: a change to it would be the first of many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promotion.actions import Facts, Request
from promotion.candidate_selector import CandidateSelector
from promotion.candidates import Ranking
from promotion.sealing import Sealing
from promotion.switchover import SWITCHOVER, UNWRITABLE, objection
from promotion.view import NodeView, find
from promotion.work_settings import WorkSettings

ROOM = 0.1
"""The share of its memory that a successor must have free if the primary has none: two copies of the same
data differ only by a few buffers.
"""


def no_better(primary: str, views: Sequence[NodeView], settings: WorkSettings) -> dict[str, str]:
    """The replicas that would refuse writes as well, or cannot take a handover, with the reason."""
    reasons = {view.name: _why_not(primary, view, views, settings) for view in views if view.name != primary}
    return {name: reason for name, reason in reasons.items() if reason}


def is_relief(request: Request | None, facts: Facts) -> bool:
    """Whether the work is to replace a primary that lives but refuses writes."""
    return request is None and facts.unwritable and not facts.down


def cause_at_start(request: Request | None, facts: Facts) -> str:
    """The cause of a change, as far as it is known before the nodes are read anew."""
    if facts.down:
        return facts.cause
    if facts.intent is not None:
        return facts.intent.cause
    if is_relief(request, facts):
        return UNWRITABLE
    return SWITCHOVER if request is not None and request.switchover else "operator"


def to_hand_over(request: Request | None, facts: Facts) -> tuple[Request, str] | None:
    """The request for which a live primary is to hand over, and the cause; None if there is none."""
    if facts.down:
        return None
    if request is not None:
        return (request, SWITCHOVER) if request.switchover else None
    return (Request("", switchover=True), UNWRITABLE) if is_relief(request, facts) else None


def rank_to_hand_over(
    selector: CandidateSelector,
    settings: WorkSettings,
    views: Sequence[NodeView],
    facts: Facts,
    request: Request,
    cause: str,
) -> tuple[Ranking, str | None]:
    """The ranking for a handover, and why it cannot be done. ``no_better`` applies only to UNWRITABLE."""
    assert facts.primary is not None
    barred = no_better(facts.primary, views, settings) if cause == UNWRITABLE else None
    ranking = selector.rank(views, facts, request.candidate, barred)
    if ranking.chosen is None:
        return ranking, ranking.why_nobody(request.candidate)
    return ranking, objection(facts.primary, ranking.chosen, views)


def relief(
    settings: WorkSettings, views: Sequence[NodeView], facts: Facts, avoid: Mapping[str, str]
) -> str | None:
    """The replica that would take the writes that the primary refuses; None if there is none."""
    if facts.primary is None:
        return None
    selector = CandidateSelector(settings.policy, None, avoid, Sealing(settings.rules))
    ranking, why_not = rank_to_hand_over(selector, settings, views, facts, Request(""), UNWRITABLE)
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
