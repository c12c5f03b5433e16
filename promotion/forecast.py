"""What a failover now would choose, for people to see before there is one.

The rules are those of a leader at work (``work``), asked about what is known already instead of what is read
anew. Who could not vouch for what WAIT acknowledged is told at any time. Who is behind another, only once the
primary is down: until then that changes with every write, and each was last seen at another moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from promotion.actions import Facts, Request
from promotion.candidates import Ranking
from promotion.choice import refusal_for_people
from promotion.chooser import Chooser
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
    """Nobody is chosen where a rule of the group refuses everybody, as ``refusal`` says then."""
    candidate = request.candidate if request is not None else None
    sealing = Sealing(settings.rules)
    chooser = Chooser(settings.policy, request, avoid, sealing)
    ranking = chooser.rank(views, facts, candidate)
    if request is not None and request.switchover and not facts.down:
        return ranking  # The primary hands over all that it has.
    refusal = chooser.refusal(ranking, views, facts)
    if refusal and chooser.overrules(ranking, views, facts):
        return ranking
    if refusal:
        return replace(ranking, chosen=None, refusal=refusal_for_people(refusal, views, facts))
    if ranking.decided:
        return ranking
    eligible = {verdict.node for verdict in ranking.verdicts if verdict.eligible}
    barred = {node: why for node, why in sealing.will_bar(views, facts).items() if node in eligible}
    return chooser.rank(views, facts, candidate, barred) if barred else ranking
