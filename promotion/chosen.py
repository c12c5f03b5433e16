"""Whom a leader has chosen to promote in its term, and what follows from that."""

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
class Chosen:
    """``ranking`` None: it was not chosen among others."""

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
        """``handed_over``: the target was waited for until it had all that ``previous`` took."""
        return WriteTopology(
            self.target, previous, self.cause, 0 if handed_over else None, self.may_have_lost
        )


def chosen(
    target: str,
    cause: str,
    ranking: Ranking | None,
    views: Sequence[NodeView],
    facts: Facts,
    asked: WriteSafety | None,
) -> Chosen:
    """``asked`` is what the group's configuration demands of writes."""
    safety = at_promotion(asked, target, views) if asked is not None else None
    masters = [view.name for view in views if view.role == "master"]
    # Whoever goes on with what a dead leader began says what that one would have said.
    lost = ranking.may_have_lost if ranking is not None else shortfall(target, views, facts)
    promote = Promote(target, safety, reinstate=target in (facts.primary, *masters))
    return Chosen(target, cause, promote, ranking, lost)
