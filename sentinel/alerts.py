"""Which notices become webhooks, and which sentinel delivers each.

What a leader did is told by that leader. A completed failover is also noted by every other sentinel, which
delivers it under the same id if the leader cannot: the id is made of what the topology says. The time is in
every id, for a receiver may also hear of a group of the same name elsewhere, or of this one from before it
was set up anew: it drops what it takes for a repetition.
What no leader does (a node goes down or comes back) is told by the first sentinel in line that is in
touch: the same line in which sentinels stand for election, so normally by the leader as well. The others
see it too, and only their own listeners hear of it from them.

A refused failover is tried again for as long as the primary is down. Who has been woken by the first refusal
knows that: the next ones are webhooks only if their reason is new, and so is its end (``failover.completed``
or ``primary.up``). Each sentinel goes by what it has told itself and by nothing that another claims to have
told: if the leader dies with its webhook undelivered, the next leader tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from promotion.switching import SWITCHOVER
from quorum.rank import ranking
from quorum.votes import majority
from sentinel.notices import Notice, NoticeName
from sentinel.webhook_event import WebhookEvent, event_id

ORPHAN_AFTER_S = 10.0
"""An event whose owner is not known any more (this sentinel was restarted) is taken over after this long."""
MAX_OWNERS = 1000
MAX_REASONS = 16
"""Of one group: beyond it the oldest is forgotten, and told again if it returns."""


@dataclass(frozen=True, slots=True)
class Alert:
    """``owner``: this sentinel delivers it; else it stands by."""

    event: WebhookEvent
    owner: bool
    kept: bool = True
    """False: no webhook, only for who listens here. Another sentinel delivers an event of its own, or it is
    the repetition of one that was delivered."""


class Alerts:
    """``in_touch`` gives the peers in touch now; ``boot`` keeps ids apart between restarts."""

    def __init__(
        self, self_id: str, members: frozenset[str], in_touch: Callable[[], frozenset[str]], boot: int
    ) -> None:
        self._self_id = self_id
        self._members = members
        self._in_touch = in_touch
        self._boot = boot
        self._seq = 0
        self._owners: dict[str, tuple[str, str]] = {}
        self._orphans: dict[str, float] = {}
        self._refusals: dict[str, dict[str, None]] = {}
        """Of the groups whose primary is down: why it was not replaced, as far as this sentinel has told."""

    def on_notice(self, notice: Notice, wall_ms: int) -> list[Alert]:
        fields: Mapping[str, Any] = notice.fields
        group = notice.group
        self._note_outage(notice.name, group, fields)
        match notice.name:
            case NoticeName.QUORUM_DOWN | NoticeName.QUORUM_UP:
                what = "primary" if fields["primary"] else "replica"
                type_ = f"{what}.{'down' if notice.name is NoticeName.QUORUM_DOWN else 'up'}"
                data = {"node": fields["node"], "sentinels": fields["agree"]}
                if fields.get("may_have_lost"):
                    data["may_have_lost"] = fields["may_have_lost"]
                return self._on_duty(type_, group, data, wall_ms)
            case NoticeName.DEGRADED | NoticeName.RECOVERED:
                type_ = f"primary.{notice.name.value}"
                data = {"node": fields["node"], "refuses": fields["refuses"], "detail": fields["detail"]}
                return self._on_duty(type_, group, data, wall_ms)
            case NoticeName.UNWATCHED:
                # Each sentinel speaks for itself: the others may watch it.
                data = {"node": fields["node"], "sentinel": self._self_id}
                id_ = event_id("primary.unwatched", group, self._self_id, self._boot, fields["node"])
                return [Alert(WebhookEvent(id_, "primary.unwatched", group, wall_ms, data), owner=True)]
            case NoticeName.AMBIGUOUS:
                return self._on_duty("group.ambiguous", group, {"reason": fields["reason"]}, wall_ms)
            case NoticeName.FAILOVER_STARTED:
                if fields["cause"] == SWITCHOVER:
                    return []
                data = {"term": fields["term"], "old_primary": fields["primary"], "cause": fields["cause"]}
                anew = bool(self._refusals.get(group)) and not fields.get("operation")
                return [replace(self._mine("failover.started", group, data, wall_ms), kept=not anew)]
            case NoticeName.FAILOVER_ABORTED:
                # A term may see two: a schedule is dropped before the failover that is refused.
                why = fields["reason"]
                alert = self._mine("failover.aborted", group, self._aborted(fields), wall_ms, why)
                return [replace(alert, kept=self._is_news(group, fields))]
            case NoticeName.DEMOTED:
                data = {"term": fields["term"], "node": fields["node"], "primary": fields["primary"]}
                if fields.get("may_have_lost"):
                    data["may_have_lost"] = fields["may_have_lost"]
                return [self._mine("node.demoted", group, data, wall_ms, fields["node"])]
            case NoticeName.TOPOLOGY if fields["previous"] is not None:
                return [self._completed(group, fields)]
            case _:
                return []

    def to_claim(self, standby: Iterable[str], now: float) -> list[str]:
        """Of the events on which this sentinel stands by, those that it must deliver now."""
        in_touch = self._in_touch()
        claims = []
        self._orphans = {id_: self._orphans.get(id_, now) for id_ in standby}
        for id_, since in self._orphans.items():
            group, owner = self._owners.get(id_, ("", ""))
            if owner in in_touch or (not owner and now - since < ORPHAN_AFTER_S):
                continue
            if self._first_in_line(group, in_touch):
                claims.append(id_)
        return claims

    def _note_outage(self, name: NoticeName, group: str, fields: Mapping[str, Any]) -> None:
        """What was told of one outage silences nothing in the next one."""
        about_primary = name in (NoticeName.QUORUM_DOWN, NoticeName.QUORUM_UP) and fields["primary"]
        if about_primary or name is NoticeName.TOPOLOGY:
            self._refusals.pop(group, None)
        if about_primary and name is NoticeName.QUORUM_DOWN:
            self._refusals[group] = {}

    def _is_news(self, group: str, fields: Mapping[str, Any]) -> bool:
        """Whether this refusal is to be told: not if the same outage has seen it already.

        An operator's request was refused to a person, who is always answered.
        """
        told = self._refusals.get(group)
        if told is None or fields.get("operation"):
            return True
        reason = fields["reason"]
        if reason in told:
            return False
        if len(told) == MAX_REASONS:
            del told[next(iter(told))]
        told[reason] = None
        return True

    def _completed(self, group: str, fields: Mapping[str, Any]) -> Alert:
        leader = fields["leader"]
        type_ = "switchover.completed" if fields["cause"] == SWITCHOVER else "failover.completed"
        id_ = event_id(type_, group, fields["term"], fields["since_ms"])
        data = {
            "term": fields["term"],
            "old_primary": fields["previous"],
            "new_primary": fields["primary"],
            "cause": fields["cause"],
            "sentinel": leader,
            "duration_ms": fields["duration_ms"],
        }
        if fields.get("may_have_lost"):
            data["may_have_lost"] = fields["may_have_lost"]
        self._owners[id_] = (group, leader)
        while len(self._owners) > MAX_OWNERS:
            del self._owners[next(iter(self._owners))]
        # The topology's own time, so that the body is the same whoever sends it.
        event = WebhookEvent(id_, type_, group, fields["since_ms"], data)
        return Alert(event, owner=leader == self._self_id)

    def _aborted(self, fields: Mapping[str, Any]) -> dict[str, object]:
        ranking_ = fields.get("ranking")
        rejected = {v.node: v.reason for v in ranking_.verdicts} if ranking_ is not None else {}
        return {
            "term": fields["term"],
            "old_primary": fields["primary"],
            "reason": fields["reason"],
            "candidates": rejected,
        }

    def _mine(self, type_: str, group: str, data: dict[str, object], wall_ms: int, *more: str) -> Alert:
        term = data["term"]
        assert isinstance(term, int)
        id_ = event_id(type_, group, term, wall_ms, *more)
        event = WebhookEvent(id_, type_, group, wall_ms, data | {"sentinel": self._self_id})
        return Alert(event, owner=True)

    def _on_duty(self, type_: str, group: str, data: dict[str, object], wall_ms: int) -> list[Alert]:
        in_touch = self._in_touch()
        has_majority = len(in_touch) + 1 >= majority(len(self._members))
        mine = has_majority and self._first_in_line(group, in_touch)
        self._seq += 1
        id_ = event_id(type_, group, self._self_id, self._boot, self._seq, wall_ms)
        event = WebhookEvent(id_, type_, group, wall_ms, data | {"sentinel": self._self_id})
        return [Alert(event, owner=mine, kept=mine)]

    def _first_in_line(self, group: str, in_touch: frozenset[str]) -> bool:
        line = [m for m in ranking(group, self._members) if m == self._self_id or m in in_touch]
        return line[0] == self._self_id
