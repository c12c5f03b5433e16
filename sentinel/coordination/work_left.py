"""Determines the work that needs a leader, beside what the agreement core sees by itself. Pure."""

from __future__ import annotations

from promotion.switchover import UNWRITABLE
from quorum.inputs import Want
from quorum.member import Member
from sentinel.coordination.leading import OPERATOR, Leading
from sentinel.coordination.orders import is_due
from sentinel.coordination.situation import Situation
from sentinel.notices.nodes import Ambiguous

BOOTSTRAP = "bootstrap"
CONTRADICTION = "contradiction"
SCHEDULE = "schedule"


class WorkLeft:
    def __init__(self, member: Member, situation: Situation, leading: Leading) -> None:
        self._member = member
        self._situation = situation
        self._leading = leading
        self._reasons: frozenset[str] = frozenset()

    def look(self, now: float) -> tuple[Want | None, Ambiguous | None]:
        """The report to the agreement core, if it has changed; and why there is no primary, if that has."""
        before = self._situation.ambiguous
        reasons = self._look(now)
        why = self._situation.ambiguous
        event = Ambiguous(why) if why is not None and why != before else None
        if reasons == self._reasons:
            return None, event
        self._reasons = reasons
        return Want(reasons, urgent=OPERATOR in reasons), event

    def _look(self, now: float) -> frozenset[str]:
        committed, leading = self._member.view.committed, self._leading
        reasons = set()
        if committed.topology is None and self._situation.can_bootstrap(now):
            reasons.add(BOOTSTRAP)
        if leading.request is not None or leading.ordering.order is not None:
            reasons.add(OPERATOR)
        if is_due(committed.directives.schedule, self._member.time_come(now)):
            reasons.add(SCHEDULE)
        if leading.work is None and self._situation.unwritable(now):
            reasons.add(UNWRITABLE)
        if leading.work is None and self._situation.contradicted(now) and not self._member.paused:
            reasons.add(CONTRADICTION)
        return frozenset(reasons)
