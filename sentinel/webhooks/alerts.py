"""Decides which notices become webhooks, and which sentinel delivers each.

A leader delivers the events of its own work. Every other sentinel also keeps a completed failover, and
delivers it under the same id if the leader cannot: the id is derived from the topology. The time is part of
every id, because a receiver drops repetitions: it may also hear of a group of the same name elsewhere, or of
this one before it was set up again. Events without a leader (a node goes down or comes back) are delivered by
the first sentinel in rank that is in touch: the rank is that of elections, so it is normally the leader as
well. The others see these events too, and publish them only to their own listeners.

A refused failover is retried for as long as the primary is down. A person who was woken by the first refusal
knows of it. So later refusals become webhooks only if their reason is new, and so does the end of the outage
(``failover.completed`` or ``primary.up``). Each sentinel considers only its own webhooks, not those that
another claims to have sent: if the leader dies before its webhook was delivered, the next leader sends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from promotion import events as work
from promotion.switchover import SWITCHOVER
from quorum.messages import Topology
from quorum.rank import ranking
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.notice import Notice, NoticeEvent
from sentinel.peers.in_touch import InTouch
from sentinel.process.instants import iso
from sentinel.webhooks.briefing import About, severity, summary
from sentinel.webhooks.event import WebhookEvent, event_id
from sentinel.webhooks.incidents import Incident, Incidents

ORPHAN_AFTER_S = 10.0
"""An event whose owner is unknown (because this sentinel was restarted) is taken over after this time."""
MAX_OWNERS = 1000

_NoWebhook: TypeAlias = (
    nodes.NodeDown
    | nodes.NodeUp
    | nodes.NodeUnknown
    | nodes.Misconfigured
    | nodes.Blind
    | nodes.Discovered
    | nodes.NotWatched
    | nodes.Dropped
    | nodes.Foreign
    | nodes.Double
    | nodes.Balanced
    | nodes.Contested
    | nodes.Clustered
    | nodes.Unlisted
    | nodes.Identified
    | leaders.OnTheWay
    | leaders.Stalled
    | operators.Requested
    | operators.Scheduled
    | operators.ScheduleClosed
    | operators.OrderDone
    | operators.OrderRefused
    | work.Held
    | work.Sealing
    | work.Regressed
    | work.Overruled
    | work.CandidateChosen
    | work.IntentCancelled
    | work.WritesPaused
    | work.WritesResumed
    | work.HandedOver
    | work.Promoted
    | work.Repointed
    | work.SafetyKept
    | work.StepFailed
)
"""The events that are no webhooks: they are only in the log, some in the history or the metrics."""
MAX_REASONS = 16
"""The most reasons kept for a group: beyond it the oldest is forgotten, and sent again if it returns."""


@dataclass(frozen=True, slots=True)
class Alert:
    """``owner``: this sentinel delivers it; else it stands by."""

    event: WebhookEvent
    owner: bool
    kept: bool = True
    """False: only for this sentinel's listeners. Another sentinel delivers its own event, or it is a
    repetition of a delivered one."""


class Alerts:
    """``boot`` makes ids differ between restarts."""

    def __init__(self, in_touch: InTouch, boot: int) -> None:
        self._self_id = in_touch.self_id
        self._in_touch = in_touch
        self._boot = boot
        self._seq = 0
        self._owners: dict[str, tuple[str, str]] = {}
        self._orphans: dict[str, float] = {}
        self._refusals: dict[str, dict[str, None]] = {}
        """For each group whose primary is down: the reasons of refusals that this sentinel has sent."""
        self.incidents = Incidents(in_touch.self_id)
        self._about: dict[str, About] = {}

    def begin(self, group: str, topology: Topology | None, about: About) -> None:
        """The group opens: ``topology`` is in force, and ``about`` goes into every body."""
        self.incidents.begin(group, topology)
        self._about[group] = about

    def on_notice(self, notice: Notice, wall_ms: int) -> list[Alert]:
        event = notice.event
        unheard = isinstance(event, nodes.QuorumUp) and self.incidents.was_only_primary(notice.group, event)
        incident = self.incidents.follow(notice)
        alerts = [] if unheard else self._alerts(notice, wall_ms)
        return [replace(alert, event=self._briefed(alert.event, incident)) for alert in alerts]

    def _briefed(self, event: WebhookEvent, incident: Incident | None) -> WebhookEvent:
        """The same event, with what a pager needs beside the facts."""
        data = {**event.data, **(incident.fields if incident is not None else {})}
        data |= {"severity": severity(event.type, data), "summary": summary(event.type, event.group, data)}
        about = self._about.get(event.group, About())
        return replace(event, data={**data, **about.fields})

    def _alerts(self, notice: Notice, wall_ms: int) -> list[Alert]:
        group, event, term = notice.group, notice.event, notice.term
        self._note_outage(group, event)
        if isinstance(event, _NoWebhook):
            return []
        match event:
            case nodes.QuorumDown():
                type_ = "primary.down" if event.primary else "replica.down"
                data: dict[str, object] = {"node": event.node, "sentinels": [*event.agree]}
                data |= self.incidents.cause_of(group, event.node)
                return self._on_duty(type_, group, data | self._term(group), wall_ms)
            case nodes.QuorumUp():
                type_ = "primary.up" if event.primary else "replica.up"
                data = {"node": event.node, "sentinels": [*event.agree], **self._term(group)}
                return self._on_duty(type_, group, data | _lost(event.may_have_lost), wall_ms)
            case nodes.Degraded(node, refuses, detail) | nodes.Recovered(node, refuses, detail):
                data = {"node": node, "refuses": refuses, "detail": detail, **self._term(group)}
                return self._on_duty(f"primary.{event.name}", group, data, wall_ms)
            case nodes.Unwatched(node):
                # Each sentinel speaks for itself: the others may watch it.
                data = {"node": node, "sentinel": self._self_id}
                id_ = event_id("primary.unwatched", group, self._self_id, self._boot, node)
                return [Alert(WebhookEvent(id_, "primary.unwatched", group, wall_ms, data), owner=True)]
            case nodes.DataLost(node, lost):
                data = {"node": node, **self._term(group), **_lost(lost)}
                return self._on_duty("writes.possibly_lost", group, data, wall_ms)
            case leaders.LossMeasured(topology):
                return self._measured(group, topology, wall_ms)
            case operators.Paused(since_ms, by, reason):
                data = {"by": by, "reason": reason, "since": iso(since_ms)}
                return self._on_duty("group.paused", group, data, wall_ms)
            case operators.Resumed():
                return self._on_duty("group.resumed", group, {}, wall_ms)
            case nodes.Ambiguous(reason):
                return self._on_duty("group.ambiguous", group, {"reason": reason}, wall_ms)
            case leaders.FailoverStarted(primary, cause, _, operation):
                if cause == SWITCHOVER:
                    return []
                data = {"term": term, "old_primary": primary, "cause": cause}
                retry = bool(self._refusals.get(group)) and not operation
                return [replace(self._mine("failover.started", group, data, term, wall_ms), kept=not retry)]
            case leaders.FailoverAborted(reason=why):
                # A term may see two: a schedule is dropped before the failover that is refused.
                alert = self._mine("failover.aborted", group, _aborted(event, term), term, wall_ms, why)
                return [replace(alert, kept=self._is_news(group, event))]
            case work.Demoted(node, primary, lost):
                data = {"term": term, "node": node, "primary": primary, **_lost(lost)}
                return [self._mine("node.demoted", group, data, term, wall_ms, node)]
            case leaders.TopologyCommitted(topology):
                return [self._completed(group, topology)] if topology.previous is not None else []
            case _:
                assert_never(event)

    def to_claim(self, standby: Iterable[str], now: float) -> list[str]:
        """The ids of ``standby`` events that this sentinel must deliver now."""
        in_touch = self._in_touch.peers()
        claims = []
        self._orphans = {id_: self._orphans.get(id_, now) for id_ in standby}
        for id_, since in self._orphans.items():
            group, owner = self._owners.get(id_, ("", ""))
            if owner in in_touch or (not owner and now - since < ORPHAN_AFTER_S):
                continue
            if self._first_in_line(group):
                claims.append(id_)
        return claims

    def _term(self, group: str) -> dict[str, object]:
        return self.incidents.term_of(group)

    def _note_outage(self, group: str, event: NoticeEvent) -> None:
        """Begin with no reasons at each outage: those of one outage silence nothing in the next."""
        match event:
            case nodes.QuorumDown(primary=True):
                self._refusals[group] = {}
            case nodes.QuorumUp(primary=True) | leaders.TopologyCommitted():
                self._refusals.pop(group, None)
            case _:
                pass

    def _is_news(self, group: str, aborted: leaders.FailoverAborted) -> bool:
        """Whether this refusal becomes a webhook: not if its reason was already sent in this outage.

        The refusal of an operator's request always does: a person waits for the answer.
        """
        sent = self._refusals.get(group)
        if sent is None or aborted.operation:
            return True
        if aborted.reason in sent:
            return False
        if len(sent) == MAX_REASONS:
            del sent[next(iter(sent))]
        sent[aborted.reason] = None
        return True

    def _completed(self, group: str, topology: Topology) -> Alert:
        type_ = "switchover.completed" if topology.cause == SWITCHOVER else "failover.completed"
        id_ = event_id(type_, group, topology.term, topology.since_ms)
        data = {
            "term": topology.term,
            "old_primary": topology.previous,
            "new_primary": topology.primary,
            "cause": topology.cause,
            "sentinel": topology.leader,
            "duration_ms": topology.duration_ms,
            **_lost(topology.may_have_lost, topology.lost_bytes),
        }
        self._owners[id_] = (group, topology.leader)
        while len(self._owners) > MAX_OWNERS:
            del self._owners[next(iter(self._owners))]
        # The topology's own time, so that every sentinel sends the same facts.
        event = WebhookEvent(id_, type_, group, topology.since_ms, data)
        return Alert(event, owner=topology.leader == self._self_id)

    def _measured(self, group: str, topology: Topology, wall_ms: int) -> list[Alert]:
        """The old primary is back, and the loss is known. It is no news that nothing was lost."""
        if not topology.lost_bytes and not topology.may_have_lost:
            return []
        data = {
            "term": topology.term,
            "old_primary": topology.previous,
            "new_primary": topology.primary,
            **_lost(topology.may_have_lost, topology.lost_bytes),
        }
        return self._on_duty("writes.possibly_lost", group, data, wall_ms)

    def _mine(
        self, type_: str, group: str, data: dict[str, object], term: int, wall_ms: int, *more: str
    ) -> Alert:
        id_ = event_id(type_, group, term, wall_ms, *more)
        event = WebhookEvent(id_, type_, group, wall_ms, data | {"sentinel": self._self_id})
        return Alert(event, owner=True)

    def _on_duty(self, type_: str, group: str, data: dict[str, object], wall_ms: int) -> list[Alert]:
        mine = self._in_touch.elects() and self._first_in_line(group)
        self._seq += 1
        id_ = event_id(type_, group, self._self_id, self._boot, self._seq, wall_ms)
        event = WebhookEvent(id_, type_, group, wall_ms, data | {"sentinel": self._self_id})
        return [Alert(event, owner=mine, kept=mine)]

    def _first_in_line(self, group: str) -> bool:
        here = self._in_touch.members()
        line = ranking(group, self._in_touch.membership.voters)
        return next(member for member in line if member in here) == self._self_id


def _lost(may_have_lost: str | None, lost_bytes: int | None = None) -> dict[str, object]:
    words: dict[str, object] = {"may_have_lost": may_have_lost} if may_have_lost else {}
    return words if lost_bytes is None else words | {"bytes_possibly_lost": lost_bytes}


def _aborted(event: leaders.FailoverAborted, term: int) -> dict[str, object]:
    verdicts = event.ranking.verdicts if event.ranking is not None else ()
    return {
        "term": term,
        "old_primary": event.primary,
        "reason": event.reason,
        "candidates": {verdict.node: verdict.reason for verdict in verdicts},
    }
