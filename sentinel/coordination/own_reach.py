"""Judges whether this sentinel could promote a node, and reports it if only its peers could. Pure.

Only the nodes that this sentinel can use are ranked: one that refuses its password or its certificate, or
that it cannot read, does not count.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from promotion.forecast import forecast
from quorum.member import Member
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.situation import CoordinatorConfig, Situation
from sentinel.notices.leaders import StandsAgain, StandsBack

if TYPE_CHECKING:
    from promotion.candidates import Ranking

FRESH_S = 0.25
"""That it could promote nobody is found out anew after so long, and once anything new is known."""
CALM_S = 1.0
"""While no leader is wanted that can wait: behind each of a hundred promotions there is news all the time."""
HOLDS_S = 15.0
"""Whom it could promote it asks for anew after so long, and as soon as it cannot use that node. To rank all
nodes takes as long as several steps, and it is asked at each attempt to stand and at each report.
"""
TELL_EVERY_S = 1.0
LASTS_S = 5.0
"""A state that lasts only a moment, as at the start, is not announced."""
MAX_CHARS = 200


class OwnReach:
    def __init__(
        self, config: CoordinatorConfig, member: Member, book: NodeBook, situation: Situation, now: float
    ) -> None:
        self._config = config
        self._member = member
        self._book = book
        self._situation = situation
        self._known: tuple[object, float, str] = (None, -math.inf, "")
        self._candidate: tuple[str, float] = ("", -math.inf)
        """The node that it could promote, and the time of that finding."""
        self._could_use = frozenset[str]()
        self._told = ""
        self._told_at = -math.inf
        self._alone_since = now
        member.standing.why_not = self.why_not

    def why_not(self, now: float) -> str:
        """Why it could promote nobody now, in words; empty if it could, or if there is no primary yet."""
        if self._could_promote(now):
            return ""
        if self._may_wait(now):
            return self._known[2]
        known = (self._book.version, self._member.judgements, self._member.view.newest.id)
        if self._known[0] != known or not 0 <= now - self._known[1] < FRESH_S:
            self._known = (known, now, self._judge(now))
            self._could_use = self._can_use(now)
        return self._known[2]

    def _may_wait(self, now: float) -> bool:
        """No leader is wanted, and it can use the same nodes as when it looked last."""
        lately = 0 <= now - self._known[1] < CALM_S
        return lately and not self._member.troubled(now) and self._could_use == self._can_use(now)

    def _can_use(self, now: float) -> frozenset[str]:
        book = self._book
        return frozenset(
            name for name in book.names if book[name].info is not None and not self._unusable(name, now)
        )

    def news(self, now: float) -> StandsBack | StandsAgain | None:
        """A problem of this sentinel alone is announced once: its peers could promote a node, but not it."""
        if 0 <= now - self._told_at < TELL_EVERY_S:
            return None
        self._told_at = now
        why = self.why_not(now)
        able = self._member.standing.able_peers()
        if not (why and able):
            self._alone_since = now
        if now - self._alone_since >= LASTS_S and not self._told:
            self._told = why
            return StandsBack(why, tuple(able))
        if not why and self._told:
            self._told = ""
            return StandsAgain()
        return None

    def goes_on(self, now: float) -> None:
        """All is as it was: what was well is well still."""
        if not self._known[2]:
            self._alone_since = now

    def _could_promote(self, now: float) -> bool:
        node, at = self._candidate
        if not 0 <= now - at < HOLDS_S or node == self._member.primary or node not in self._book:
            return False
        return not self._unusable(node, now)

    def _unusable(self, node: str, now: float) -> str:
        """Why this sentinel cannot use the node; empty if it can."""
        member, verdict = self._member, self._member.verdict(node, now)
        refused = member.misconfigured(node) or member.blind(node)
        return (refused or verdict.detail or "down") if verdict.down or verdict.unknown or refused else ""

    def _judge(self, now: float) -> str:
        member = self._member
        if member.primary is None:
            return ""
        reasons = {name: why for name in self._book.names if (why := self._unusable(name, now))}
        usable = [name for name in self._book.names if name not in reasons]
        if not set(usable) - {member.primary}:
            # To rank them takes long, and comes to the same.
            return "; ".join(f"{name}: {why}" for name, why in reasons.items())[:MAX_CHARS]
        facts = self._situation.facts(now)
        if facts.intent is not None and facts.intent.target in usable:
            self._candidate = (facts.intent.target, now)
            return ""
        # A leader reads all of them anew, so how old what they said last is counts for nothing.
        views = [replace(view, age_s=0.0) for view in self._situation.views(now, usable)]
        ranking = forecast(self._config.work, views, facts, self._situation.avoided(now))
        if ranking.chosen is None:
            return self._said(ranking, reasons)
        self._candidate = (ranking.chosen, now)
        return ""

    def _said(self, ranking: Ranking, reasons: dict[str, str]) -> str:
        each = (f"{v.node}: {reasons.get(v.node, v.reason)}" for v in ranking.verdicts)
        return (ranking.refusal or "; ".join(each) or "no other node is known")[:MAX_CHARS]
