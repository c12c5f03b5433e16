"""The facts about a group at one sentinel: for the leader's work, and for whether there is any.

Pure queries over the agreement core and the node book. It remembers only the nodes whose promotion failed,
what was ambiguous, and since when no leader was heard.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from promotion.actions import Facts, PendingIntent, Request
from promotion.candidates import Ranking
from promotion.discovery import Ambiguous, discover
from promotion.forecast import forecast
from promotion.plan import reconcile
from promotion.unwritable import is_relief, relief
from promotion.view import NodeView
from promotion.withheld import withhold
from promotion.work_settings import WorkSettings
from promotion.write_safety import correction, keep_fence
from quorum.detector import Verdict
from quorum.evidence import LinkSeen
from quorum.inputs import ClockSaid
from quorum.member import Member
from quorum.messages import Grade, Place
from quorum.votes import majority
from sentinel.coordination.agreed_nodes import place_of, read_place
from sentinel.coordination.link_info import LinkInfo
from sentinel.coordination.newcomers import DiscoveryRules
from sentinel.coordination.node_views import Onlooker
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.orders import time_by
from sentinel.coordination.relief import Relief
from sentinel.coordination.tried import Tried

UNCLEAR_FOR_S = 2.0
SETTLE_S = 0.25
"""An INFO that comes so soon after a leader was heard may have been asked for before it was done."""
SAID_LATELY_S = 60.0
UNSAFE_FOR_S = 1.0
"""A node that is down for a moment must not make the demand on the primary go up and down."""


@dataclass(frozen=True, slots=True)
class CoordinatorConfig:
    """``told`` is the ``primary:`` of the configuration."""

    group: str
    work: WorkSettings
    told: str | None
    discovery: DiscoveryRules = field(default_factory=DiscoveryRules)


class Situation:
    """``ambiguous`` says why the first primary is not clear, or is None."""

    def __init__(self, config: CoordinatorConfig, member: Member, book: NodeBook, now: float) -> None:
        self.ambiguous: str | None = None
        self._config = config
        self._member = member
        self._book = book
        self._unclear_since = now
        self._quiet_since = now
        self._unsafe_since = now
        self._baseline: dict[str, NodeView] = {}
        self.tried = Tried(config.work.limit_s)
        self.relief = Relief(member.view.committed, now)
        self._found: tuple[object, str | None] = (None, None)
        self._standing: tuple[object, bool, bool] = (None, False, True)

    def views(self, now: float, answered: Collection[str] | None = None) -> list[NodeView]:
        """Every node as last seen. Reachable are those that ``answered``, or else all that are not down."""

        return self._book.views(self._onlooker(now, answered))

    def _onlooker(self, now: float, answered: Collection[str] | None = None) -> Onlooker:
        def down(name: str) -> bool:
            return self._member.verdict(name, now).down

        def reachable(name: str) -> bool:
            return not down(name) if answered is None else name in answered

        return self._book.onlooker(now, reachable, down)

    def ranking(self, now: float, request: Request | None = None) -> Ranking | None:
        """A failover's choice by the current facts; None before the first topology."""
        if self._member.primary is None:
            return None
        return forecast(self._config.work, self.views(now), self.facts(now), self.avoided(now), request)

    def is_odd(self, now: float) -> bool:
        """The primary has left a PING unanswered for a while: the time to hear the witnesses."""
        primary = self._member.primary
        if primary is None:
            return False
        silence_s = self._member.silence_s(primary, now)
        return 2 * self._config.work.ping_interval_s < silence_s < math.inf

    def awaits_witness(self, node: str, now: float) -> bool:
        """Whether ``node`` should be looked at, as it was not since the primary fell silent."""
        return node not in self._baseline and self.is_odd(now)

    def note_witness(self, node: str, now: float) -> None:
        """``node`` was just seen. What it said first in a silence is what later looks are compared with."""
        if not self.is_odd(now):
            self._baseline.clear()
        elif node not in self._baseline:
            self._baseline |= {view.name: view for view in self._book.views(self._onlooker(now), (node,))}

    def local(self, name: str) -> str:
        """The node's name here, by whatever name it was meant, or address."""
        known = self._member.names.local(name)
        place = read_place(known)
        if known in self._book or place is None:
            return known
        found = self._book.name_of(place.host, place.port)
        return found if found in self._book else known

    def place(self, node: str | None) -> Place | None:
        """The place of ``node`` for an entry that names it."""
        return place_of(self._book[node]) if node is not None and node in self._book else None

    def link(self, said: LinkInfo, asked_at: float) -> LinkSeen | None:
        """The same by the name of the node that it replicates from."""
        if said.host is None or said.port is None:
            return None
        return LinkSeen(self._book.name_of(said.host, said.port), said.up, asked_at)

    def to_ask(self, now: float) -> tuple[str, ...]:
        """The replicas to be asked again and again for their links, for the primary may only look dead."""
        links, primary = self._member.doubted_links(now), self._member.primary
        if links is None:
            return ()
        return tuple(
            name
            for name in self._book.names
            if name != primary
            and not links.is_settled(name)
            # Whom the replicas follow since a change was last seen before it.
            and (links.begins or self._follows(name, primary))
        )

    def _follows(self, name: str, primary: str | None) -> bool:
        info = self._book[name].info
        if info is None or info.link.host is None or info.link.port is None:
            return False
        return self._book.name_of(info.link.host, info.link.port) == primary

    def avoided(self, now: float) -> dict[str, str]:
        """Whose promotion failed a moment ago, and why: another may be better for a while."""
        return self.tried.not_promoted(now)

    def given_up(self, request: Request | None, now: float) -> bool:
        """The work was; whether the next attempt waits for something else than the elections: an operator, or
        what a primary that refuses writes is replaced by."""
        facts = self.facts(now)
        if is_relief(request, facts):
            self.relief.failed(now)
            return True
        return request is not None and not facts.down

    def clock_said(self, wall_ms: int) -> ClockSaid | None:
        """The opinion of this sentinel's wall clock on the schedule, if it has changed."""
        time = time_by(self._member.view.newest.directives.schedule, wall_ms)
        return ClockSaid(time) if time != self._member.board.time else None

    def newest_term(self, now: float) -> int | None:
        """The highest that the cluster has come to; None while a majority has not said lately that it knows
        of no other primary: then there may be a higher one."""
        primary = self._member.primary
        known = primary is not None and self.majority_supports(primary, now - SAID_LATELY_S)
        return self._member.view.term if known else None

    def majority_supports(self, node: str, since: float) -> bool:
        """Whether a majority, this sentinel included, said after ``since`` ``node`` is primary and up."""
        supporters = self._member.board.supporters(node, since)
        return len(supporters) + 1 >= majority(len(self._member.config.members))

    def unwritable(self, now: float) -> bool:
        """Whether the primary is to be replaced because it refuses writes that another would take."""
        primary = self._member.primary
        if primary is None or not self._member.is_unwritable(primary, now):
            return False
        if self._member.paused or not self.relief.may(now):
            return False
        return relief(self._config.work, self.views(now), self._facts(now), self.avoided(now)) is not None

    @property
    def quiet_since(self) -> float:
        """The time at which a leader was last heard."""
        return self._quiet_since

    def counts(self, asked_at: float) -> bool:
        """Whether what a node was asked then it said after any leader was last heard."""
        return asked_at > self._quiet_since + SETTLE_S

    def is_settled(self, now: float) -> bool:
        """Nothing needs repair or closer watching."""
        return self._standing[1:] == (False, True) and not self._baseline and not self.is_odd(now)

    def goes_on(self, now: float) -> None:
        """All is as it was: what was safe is safe still."""
        self._unsafe_since = now

    def facts(self, now: float) -> Facts:
        """The facts for the leader's work."""
        return replace(self._facts(now), unwritable=self.unwritable(now))

    def _facts(self, now: float) -> Facts:
        member = self._member
        view = member.view
        topology = member.names.localized(view.newest.topology) if view.newest.topology else None
        primary = topology.primary if topology else None
        down = primary is not None and member.is_odown(primary)
        intent = view.newest.intent
        verdict = member.verdict(primary, now) if primary is not None else Verdict(False)
        return Facts(
            primary=primary,
            settled=view.newest == view.committed,
            intent=PendingIntent(member.names.local(intent.target), intent.cause) if intent else None,
            down=down,
            cause=verdict.grade.value if down else "",
            gone_by_all=primary is not None and member.gone_by_all(primary, now),
            silence_s=member.silence_s(primary, now) if primary is not None else 0.0,
            unanswered_s=member.unanswered_s(primary, now) if primary is not None else 0.0,
            earlier=tuple(self._baseline.values()),
            nodes=self._book.names,
            down_nodes=frozenset(name for name in self._book.names if self._mute(name, now)),
            configured_primary=member.names.local(self._config.told) if self._config.told else None,
            odown_nodes=frozenset(name for name in self._book.names if member.is_odown(name)),
            gone_s=now - verdict.since if verdict.grade is Grade.REFUSED else 0.0,
            histories=member.memory.lost,
            history=member.memory.history,
            process=member.memory.process
            or (at.run_id if (at := topology and topology.primary_at) else None),
            previous=topology.previous if topology else None,
            loss_known=topology is None or topology.lost_bytes is not None,
            paused=member.paused,
            missed_s=self._missed_s(primary) if down and primary is not None else {},
        )

    def _missed_s(self, primary: str) -> dict[str, float]:
        missed = ((name, self._book.missed_s(name, primary)) for name in self._book.names)
        return {name: seconds for name, seconds in missed if seconds}

    def _mute(self, node: str, now: float) -> bool:
        """Down, and does not answer: one that is unusable or was wiped does, and says how it stands."""
        verdict = self._member.verdict(node, now)
        return verdict.down and verdict.grade not in (Grade.UNUSABLE, Grade.REGRESSED)

    def can_bootstrap(self, now: float) -> bool:
        """A leader is only worth electing once it is clear who is primary; until then, note what is not."""
        known = (self._book.version, self._member.judgements)
        if self._found[0] != known:
            told = self._member.names.local(self._config.told) if self._config.told else None
            found = discover(self.views(now), len(self._book.names), told)
            self._found = (known, found.reason if isinstance(found, Ambiguous) else None)
        reason = self._found[1]
        if reason is None or not self.looked_at_all(now):
            self._unclear_since = now
        # Nodes and sentinels that start together are unclear for a moment; that is not announced.
        self.ambiguous = reason if now - self._unclear_since >= UNCLEAR_FOR_S else None
        return reason is None

    def contradicted(self, now: float) -> bool:
        """Whether a node, seen after any leader was last heard, plainly does not follow the primary.

        Also if none may be made to, for that would wipe it: then the leader's work is to say so.
        """
        view = self._member.view
        if view.hears_leader(now):
            self._quiet_since = self._unsafe_since = now
            return False
        primary = self._member.primary
        if primary is None or self._member.is_odown(primary):
            return False
        # Asked at every step, while what it depends on changes with an INFO.
        known = (self._book.version, self._member.judgements, view.committed.id, self._quiet_since)
        if self._standing[0] != known:
            views = self.views(now)
            astray, safe = self._astray(primary, views), self._safe(primary, views)
            self._standing = (known, astray, safe)
        _, astray, safe = self._standing
        if safe:
            self._unsafe_since = now
        return astray or now - self._unsafe_since >= UNSAFE_FOR_S

    def _astray(self, primary: str, known: Sequence[NodeView]) -> bool:
        seen = {name for name in self._book.names if self.counts(self._book[name].asked_at)}
        views = [view for view in known if view.name == primary or view.name in seen]
        slots = self._config.work.parallel_syncs
        plan = reconcile(primary, views, parallel_syncs=slots, lost=self._member.memory.lost)
        topology = self._member.view.newest.topology
        previous = self._member.names.local(topology.previous) if topology and topology.previous else None
        return bool(plan.steps) or plan.would_wipe or withhold(previous, views) is not None

    def _safe(self, primary: str, views: Sequence[NodeView]) -> bool:
        """Whether the primary demands of writes what it should, and has the fence."""
        if keep_fence(primary, views) is not None:
            return False
        asked = self._config.work.rules.safety
        gone = [name for name in self._book.names if self._member.is_odown(name)]
        return asked is None or correction(asked, primary, views, gone) is None

    def looked_at_all(self, now: float) -> bool:
        """Whether each node has answered, or is down."""
        return all(
            self._book[name].info is not None or self._member.verdict(name, now).down
            for name in self._book.names
        )
