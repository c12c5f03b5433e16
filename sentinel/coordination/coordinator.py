"""One group's brain at one sentinel: it joins the agreement core (``quorum``) to the leader's work
(``promotion``). Sans-I/O like both: ``step(input, at) -> effects``, so that the simulator runs
it as the daemon does.

It decides two things of its own: which work needs a leader, and what people are told. What a leader does
is in ``leading``, what can be told of the group in ``situation``.
"""

from __future__ import annotations

from collections import deque

from promotion.actions import Request
from promotion.switching import UNWRITABLE
from promotion.work import Work
from quorum.directives import Directives
from quorum.effects import (
    Committed,
    Effect,
    Elected,
    Emit,
    Event,
    OdownChanged,
    OpinionChanged,
    SteppedDown,
)
from quorum.inputs import (
    DataObserved,
    Input,
    LinkSaid,
    Observed,
    RefusalSeen,
    Replaced,
    Stalled,
    StopLeading,
    Want,
    Watch,
)
from quorum.member import Member
from quorum.messages import Topology
from quorum.role import Role
from quorum.usability import Source
from sentinel.coordination.contact import Contact
from sentinel.coordination.contested import Contested
from sentinel.coordination.degradation import Degradation
from sentinel.coordination.impostors import Impostors
from sentinel.coordination.inputs import (
    GroupEffect,
    GroupInput,
    InfoSeen,
    LinkHeard,
    LookAgain,
    LookAnew,
    MajorityConfirmed,
    NameLooked,
    Ordered,
    Publish,
    ReadDone,
    Requested,
    StepDone,
    StepFailed,
    StepFenced,
    StepUnsent,
    Tell,
)
from sentinel.coordination.judgements import Judgements
from sentinel.coordination.leading import OPERATOR, Leading
from sentinel.coordination.moment import Moment
from sentinel.coordination.newcomers import Dropped, Elsewhere, Found, Newcomers, event_of, nowhere
from sentinel.coordination.node_refusals import refused_now
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.orders import Order, is_due
from sentinel.coordination.own_reach import OwnReach
from sentinel.coordination.situation import CoordinatorConfig, Situation
from sentinel.coordination.who_is_who import WhoIsWho
from sentinel.notices import leaders
from sentinel.notices.directives import told_of
from sentinel.notices.nodes import Ambiguous
from sentinel.notices.notice import Notice, NoticeEvent
from sentinel.notices.operators import Resumed

BOOTSTRAP = "bootstrap"
CONTRADICTION = "contradiction"
SCHEDULE = "schedule"
QUIET_GOSSIPS = 10
"""While all is quiet, every so many gossips repeat something: a link that comes up is told all at once."""


class Coordinator:
    """``member`` is this sentinel's part in the agreement, ``book`` what it knows of the nodes."""

    def __init__(
        self,
        config: CoordinatorConfig,
        member: Member,
        book: NodeBook,
        now: float,
        elsewhere: Elsewhere = nowhere,
        contested: Contested | None = None,
    ) -> None:
        self.config = config
        self.member = member
        self.book = book
        self.who_is_who = WhoIsWho(config.group, member, book, contested or Contested())
        self.newcomers = Newcomers(book, config.discovery, elsewhere)
        self.impostors = Impostors(book, self.newcomers.relations)
        self.situation = Situation(config, member, book, now)
        self.reach = OwnReach(config, member, book, self.situation, now)
        self._leading = Leading(config, member, self.situation, self, now)
        self._contact = Contact(config.work.rules.self_fence, member, book, self.situation, self, now)
        self._degradation = Degradation(member.config.patience.down_after_s, self.tell)
        self._wanted: frozenset[str] = frozenset()
        self._judgements = Judgements(member, self.tell)
        self._told_directives = self.directives
        self._told_topology = member.register.state.committed.topology
        self._pending: deque[Effect] = deque()
        self._draining = False
        self._out: list[GroupEffect] = []

    # -- what can be asked ---------------------------------------------------------------------

    @property
    def topology(self) -> Topology | None:
        """The newest topology known to be committed, in the names that are used here."""
        topology = self.member.register.state.committed.topology
        return self.member.names.localized(topology) if topology else None

    @property
    def directives(self) -> Directives:
        """What operators have told the group for later, as far as it is known to be agreed on."""
        return self.member.register.state.committed.directives

    @property
    def work(self) -> Work | None:
        """The leader's work, while this sentinel leads."""
        return self._leading.work

    @property
    def leads_for_something(self) -> bool:
        """Whether there is work for this leader, or directives under way to be agreed on."""
        return self._leading.has_work

    @property
    def request(self) -> Request | None:
        """An operator's request that is not done yet."""
        return self._leading.request

    @property
    def order(self) -> Order | None:
        """An operator's order that no majority has agreed on yet."""
        return self._leading.ordering.order

    def lease_valid(self, term: int, now: float) -> bool:
        """The last check before a command to Redis: still the leader, and of that very term."""
        register = self.member.register
        return register.state.term == term and register.lease_valid(now)

    def busy(self, now: float) -> bool:
        """Whether a change is under way, here or at another sentinel."""
        return self.work is not None or self.request is not None or self.member.register.hears_leader(now)

    def next_deadline(self, now: float) -> float | None:
        deadlines = (
            self.member.next_deadline(now),
            self._leading.next_deadline,
            self._degradation.next_deadline,
        )
        return min((at for at in deadlines if at is not None), default=None)

    # -- the step ------------------------------------------------------------------------------

    def step(self, given: GroupInput, at: Moment) -> list[GroupEffect]:
        """Take in one input. The effects are to be applied in their order."""
        match given:
            case InfoSeen():
                self._on_info(given, at)
            case NameLooked(node, run_id):
                self._has_one_server(node, run_id, at)
            case LinkHeard(node, link, took_s):
                if node in self.book and self.book.local(node) == node:
                    self.feed(LinkSaid(node, self.situation.link(link, at.now - took_s)), at)
            case ReadDone():
                self._leading.read_done(given, at)
            case StepDone() | StepFailed() | StepUnsent() | StepFenced():
                self._leading.step_over(given, at)
            case Requested(request):
                self._leading.requested(request, at.now)
            case Ordered(order):
                self._leading.ordering.ordered(order, at.now)
            case MajorityConfirmed(until):
                self._contact.confirmed(until, at.now)
            case Observed(node):
                self.feed(given, at)
                self._judgements.seen(node)
            case Stalled(gap_s):
                self.tell(leaders.Stalled(round(gap_s * 1000)))
                self._contact.stalled(at.now)
                self.feed(given, at)
            case _:
                self.feed(given, at)
        self.settle(at)
        if self.member.register.role is Role.LEADER and not self.leads_for_something:
            self.feed(StopLeading(), at)
        out, self._out = self._out, []
        return out

    @property
    def quiet(self) -> bool:
        """Whether what it thinks need not be repeated at each gossip; ``self_fence`` waits for that."""
        return self.member.quiet and not self.config.work.rules.self_fence

    def settle(self, at: Moment) -> None:
        if self.who_is_who.keep():
            self._watch(at)
            self._tell_who(at.now)
        if (said := self.situation.clock_said(at.wall_ms)) is not None:
            self.feed(said, at)
        self._leading.wake(at)
        self.reach.tell(at.now, self.tell)
        self._judgements.look()
        primary = self.member.primary
        self._degradation.look(primary, self.member.usability.refusing(primary or ""), at.now)
        wanted = self._wants(at.now)
        if wanted != self._wanted:
            self._wanted = wanted
            self.feed(Want(wanted, urgent=OPERATOR in wanted), at)

    def feed(self, given: Input, at: Moment) -> None:
        """Step the agreement core, and everything that follows from what it emits.

        A call from within only adds to the queue: effects leave in the order in which the core made them,
        so an older state is never written over a newer one.
        """
        self._pending.extend(self.member.step(given, at.now))
        if self._draining:
            return
        self._draining = True
        try:
            while self._pending:
                effect = self._pending.popleft()
                if isinstance(effect, Emit):
                    self._on_event(effect.event, at)
                else:
                    self._out.append(effect)
        finally:
            self._draining = False

    # -- what the agreement core emits ---------------------------------------------------------

    def _on_event(self, event: Event, at: Moment) -> None:
        match event:
            case Elected():
                self._leading.elected(event, at)
            case SteppedDown(term, reason):
                self._stepped_down(term, reason)
                self._leading.end()
            case Committed(entry):
                self.situation.relief.learned(entry, at.now)
                self._tell_topology(entry.topology)
                self._tell_directives(entry.directives, at.now)
                self._leading.committed(entry, at)
            case OpinionChanged(opinion):
                self._judgements.changed(opinion, at.now)
                self._tell_who(at.now)
            case OdownChanged(node, down, agree):
                self._judgements.quorum_changed(node, down, agree, at.now)

    def _stepped_down(self, term: int, reason: str) -> None:
        again = self._leading.repeating and reason == "resigned"
        self.tell(leaders.SteppedDown(reason), term, again=again)
        # Who came back just before was passed over, and what it said until then does not count.
        self.put(LookAnew())
        self.put(LookAgain())

    def _tell_topology(self, topology: Topology | None) -> None:
        told = self._told_topology
        if topology is None or (told is not None and topology.term < told.term):
            return
        self._told_topology = topology
        if told is None or topology.term > told.term:
            self._leading.request = None
            self.put(Publish())
            # What was known of the nodes is from before the change.
            self.put(LookAnew())
            self.tell(leaders.TopologyCommitted(topology), topology.term)
        elif topology.lost_bytes is not None and told.lost_bytes is None:
            self.tell(leaders.LossMeasured(topology), topology.term)

    def _tell_directives(self, directives: Directives, now: float) -> None:
        told, self._told_directives = self._told_directives, directives
        events = list(told_of(told, directives))
        if events:
            self.put(Publish())
        for event in events:
            if isinstance(event, Resumed):
                self._leading.resumed_at = now
            self.tell(event)

    def _wants(self, now: float) -> frozenset[str]:
        """The work that needs a leader, beside what the agreement core sees by itself."""
        before = self.situation.ambiguous
        wanted = set()
        if self.topology is None and self.situation.can_bootstrap(now):
            wanted.add(BOOTSTRAP)
        if (why := self.situation.ambiguous) is not None and why != before:
            self.tell(Ambiguous(why))
        if self.request is not None or self.order is not None:
            wanted.add(OPERATOR)
        if is_due(self.directives.schedule, self.member.time_come(now)):
            wanted.add(SCHEDULE)
        if self.work is None and self.situation.unwritable(now):
            wanted.add(UNWRITABLE)
        if self.work is None and self.situation.contradicted(now) and not self.member.paused:
            wanted.add(CONTRADICTION)
        return frozenset(wanted)

    # -- nodes ---------------------------------------------------------------------------------

    def _on_info(self, seen: InfoSeen, at: Moment) -> None:
        if seen.node not in self.book or not self._has_one_server(seen.node, seen.info.run_id, at):
            return
        before = self.book[seen.node].info
        another, is_news = self.impostors.look(seen.node, seen.info, self.member.primary, at)
        if is_news:
            self.feed(Replaced(seen.node, another), at)
        if another is not None:
            return
        self.book.update(seen.node, seen.info, seen.peer_ip, at.now, at.now - seen.took_s)
        if self.who_is_who.saw(seen.node, at.now):
            self._watch(at)
        # What is decided is decided by what the server says to the name that is used.
        if self.book.local(seen.node) == seen.node:
            self._mind_newcomers(seen.node, at)
            self.situation.note_witness(seen.node, at.now)
            if seen.node in self.book:
                link = self.situation.link(seen.info.link, at.now - seen.took_s)
                self.feed(DataObserved(seen.node, seen.info.data_seen(), link, seen.took_s), at)
                refusing = refused_now(seen.info, before)
                if refusing != self.member.usability.says(seen.node, Source.INFO):
                    self.feed(RefusalSeen(seen.node, Source.INFO, refusing), at)
        self._tell_who(at.now)

    def _has_one_server(self, name: str, run_id: str, at: Moment) -> bool:
        """Not where the name leads to several in turn: then nothing is known of whoever answers."""
        if self.who_is_who.heard(name, run_id, at.now):
            self._watch(at)
            self._tell_who(at.now)
        return name not in self.book.balanced

    def _mind_newcomers(self, node: str, at: Moment) -> None:
        news = self.newcomers.seen(node, self.member.primary, self.member.register.state, at.now)
        for each in news:
            if (event := event_of(each)) is not None:
                self.tell(event)
        if any(isinstance(each, Found | Dropped) for each in news):
            self._watch(at)

    def _watch(self, at: Moment) -> None:
        self.feed(Watch(self.book.names, self.book.aliases), at)

    def _tell_who(self, now: float) -> None:
        for event in self.who_is_who.news(looked_at_all=self.situation.looked_at_all(now)):
            self.tell(event)

    def tell(self, event: NoticeEvent, term: int = 0, *, again: bool = False) -> None:
        self.put(Tell(Notice(self.config.group, event, term, again)))

    def put(self, effect: GroupEffect) -> None:
        self._out.append(effect)
