"""The promotion that a leader has decided on in its term, with the entries to commit before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promotion.actions import Action, Facts, Note, WriteIntent, WriteTopology
from promotion.candidates import Ranking
from promotion.events import CandidateChosen
from promotion.shortfall import shortfall
from promotion.step_types import Promote, WriteSafety
from promotion.view import NodeView
from promotion.write_safety import at_promotion


@dataclass(frozen=True, slots=True)
class PlannedPromotion:
    """``ranking`` None: the target was not chosen among others."""

    target: str
    cause: str
    promote: Promote
    ranking: Ranking | None = None
    may_have_lost: str | None = None
    """What the change may have lost, in words."""

    def intend(self) -> list[Action]:
        return [
            Note(CandidateChosen(self.target, self.ranking)),
            WriteIntent(self.target, self.cause),
        ]

    def topology(self, previous: str | None, *, handed_over: bool) -> WriteTopology:
        """``handed_over``: the leader waited until the target had all that ``previous`` took."""
        return WriteTopology(
            self.target, previous, self.cause, 0 if handed_over else None, self.may_have_lost
        )


def plan_promotion(
    target: str,
    cause: str,
    ranking: Ranking | None,
    views: Sequence[NodeView],
    facts: Facts,
    configured: WriteSafety | None,
) -> PlannedPromotion:
    """``configured`` is what the group's configuration demands of writes."""
    safety = at_promotion(configured, target, views) if configured is not None else None
    masters = [view.name for view in views if view.role == "master"]
    # A leader that finishes a dead leader's intent reports the loss that the dead one would have reported.
    lost = ranking.may_have_lost if ranking is not None else shortfall(target, views, facts)
    promote = Promote(target, safety, reinstate=target in (facts.primary, *masters))
    return PlannedPromotion(target, cause, promote, ranking, lost)
