"""Forecasts whom a failover now would promote, for people to see before there is one.

It applies the rules of a leader at work (``work``) to what is known already, instead of reading the nodes
anew. A replica that would not count for ``durability`` is reported at any time. A replica that is behind
another is reported only once the primary is down: until then that changes with every write, and each replica
was last seen at another moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from promotion.actions import Facts, Request
from promotion.candidate_selector import CandidateSelector
from promotion.candidates import Ranking
from promotion.current_ranking import refusal_with_options
from promotion.sealing import Sealing
from promotion.view import NodeView
from promotion.work_settings import WorkSettings


def forecast(
    settings: WorkSettings,
    views: Sequence[NodeView],
    facts: Facts,
    avoid: Mapping[str, str],
    request: Request | None = None,
) -> Ranking:
    """The ranking. If a rule of the group refuses everybody, nobody is chosen and ``refusal`` says why."""
    candidate = request.candidate if request is not None else None
    sealing = Sealing(settings.rules)
    selector = CandidateSelector(settings.policy, request, avoid, sealing)
    ranking = selector.rank(views, facts, candidate)
    if request is not None and request.switchover and not facts.down:
        return ranking  # The primary hands over all that it has.
    refusal = selector.refusal(ranking, views, facts)
    if refusal and selector.overrules(ranking, views, facts):
        return ranking
    if refusal:
        return replace(ranking, chosen=None, refusal=refusal_with_options(refusal, views, facts))
    if ranking.decided:
        return ranking
    eligible = {verdict.node for verdict in ranking.verdicts if verdict.eligible}
    barred = {node: why for node, why in sealing.will_bar(views, facts).items() if node in eligible}
    return selector.rank(views, facts, candidate, barred) if barred else ranking
