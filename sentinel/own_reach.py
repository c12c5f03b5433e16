"""Whether this sentinel could promote anybody, and what is told if its peers could and it could not. Pure.

What the ranking finds is asked of the nodes that this sentinel can use: one that refuses its password or its
certificate, or that it cannot look at, is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from promotion.forecast import forecast
from quorum.member import Member
from sentinel.nodebook import NodeBook
from sentinel.notices import NoticeName
from sentinel.situation import CoordinatorConfig, Situation

if TYPE_CHECKING:
    from promotion.candidates import Ranking

FRESH_S = 0.25
"""It is asked at each attempt to stand and at each report; in between, nothing new is known for so long."""
TELL_EVERY_S = 1.0
LASTS_S = 5.0
"""What is so for a moment, as at the start, is not told."""
MAX_CHARS = 200


class OwnReach:
    def __init__(
        self, config: CoordinatorConfig, member: Member, book: NodeBook, situation: Situation, now: float
    ) -> None:
        self._config = config
        self._member = member
        self._book = book
        self._situation = situation
        self._known: tuple[object, float, str] = (None, 0.0, "")
        self._told = ""
        self._told_at = -math.inf
        self._alone_since = now
        member.standing.why_not = self.why_not

    def why_not(self, now: float) -> str:
        """Why it could promote nobody now, in words; empty if it could, or if there is no primary yet."""
        known = (self._book.version, self._member.judgements, self._member.register.state.entry.id)
        if self._known[0] != known or not 0 <= now - self._known[1] < FRESH_S:
            self._known = (known, now, self._judge(now))
        return self._known[2]

    def tell(self, now: float, tell: Callable[..., None]) -> None:
        """What is wrong with this sentinel alone is told once: its peers could, and it could not."""
        if 0 <= now - self._told_at < TELL_EVERY_S:
            return
        self._told_at = now
        why = self.why_not(now)
        able = self._member.standing.able_peers()
        if not (why and able):
            self._alone_since = now
        if now - self._alone_since >= LASTS_S and not self._told:
            self._told = why
            tell(NoticeName.STANDS_BACK, reason=why, able=list(able))
        elif not why and self._told:
            self._told = ""
            tell(NoticeName.STANDS_AGAIN)

    def _judge(self, now: float) -> str:
        member = self._member
        if member.primary is None:
            return ""
        reasons = {}
        for name in self._book.names:
            verdict = member.verdict(name, now)
            refused = member.misconfigured(name) or member.blind(name)
            if verdict.down or verdict.unknown or refused:
                reasons[name] = refused or verdict.detail or "down"
        usable = [name for name in self._book.names if name not in reasons]
        facts = self._situation.facts(now)
        if facts.intent is not None and facts.intent.target in usable:
            return ""
        # A leader reads all of them anew, so how old what they said last is counts for nothing.
        views = [replace(view, age_s=0.0) for view in self._situation.views(now, usable)]
        ranking = forecast(self._config.work, views, facts, self._situation.avoided(now))
        return "" if ranking.chosen is not None else self._said(ranking, reasons)

    def _said(self, ranking: Ranking, reasons: dict[str, str]) -> str:
        each = (f"{v.node}: {reasons.get(v.node, v.reason)}" for v in ranking.verdicts)
        return (ranking.refusal or "; ".join(each) or "no other node is known")[:MAX_CHARS]
