"""Selects whom one leader would promote: the ranking, the node an operator named, and what failed before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promotion.actions import Facts, Request
from promotion.candidates import Policy, Ranking
from promotion.current_ranking import operator_may_name, rank_now
from promotion.sealing import Sealing
from promotion.view import NodeView


class CandidateSelector:
    """``avoid`` names nodes whose promotion failed a moment ago, with the reason."""

    def __init__(
        self, policy: Policy, request: Request | None, avoid: Mapping[str, str], sealing: Sealing
    ) -> None:
        self._policy = policy
        self._requested = request.candidate if request else None
        self._avoid = avoid
        self._sealing = sealing

    def named(self, node: str | None) -> bool:
        """Whether a person asked for this very node."""
        return node is not None and self._requested == node

    def choose(self, views: Sequence[NodeView], facts: Facts, prefer: str | None) -> Ranking:
        """``prefer``, the target of a dead leader's intent, goes first if it is eligible."""
        if prefer is not None:
            ranking = self.rank(views, facts, prefer)
            # Durability would refuse it, so it must not come before the node that an operator named.
            if ranking.chosen is not None and not (self._requested and self._sealing.refusal(views, facts)):
                return ranking
        return self.rank(views, facts, self._requested)

    def refusal(self, ranking: Ranking, views: Sequence[NodeView], facts: Facts) -> str | None:
        """Why nobody of ``ranking`` may be promoted; None if a person decided, whom no rule refuses."""
        return None if ranking.decided else self._sealing.refusal(views, facts)

    def overrules(self, ranking: Ranking, views: Sequence[NodeView], facts: Facts) -> bool:
        """Whether a person named the node against a rule, in a case that is for people to decide."""
        return self.named(ranking.chosen) and ranking.chosen in operator_may_name(views, facts)

    def why_nobody(self, ranking: Ranking) -> str:
        """Why ``ranking`` has chosen no node."""
        return ranking.why_nobody(self._requested)

    def rank(
        self,
        views: Sequence[NodeView],
        facts: Facts,
        requested: str | None,
        barred: Mapping[str, str] | None = None,
    ) -> Ranking:
        """If ``requested`` is given, only that node may be chosen. ``barred``: whom a rule will forbid."""
        if self._sealing.taken:
            barred = self._sealing.barred(views, facts)
        return rank_now(
            self._policy,
            views,
            facts,
            requested=requested,
            by_operator=self.named(requested),
            avoid=self._avoid,
            barred=barred,
        )
