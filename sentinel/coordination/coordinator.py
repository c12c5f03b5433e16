"""Coordinates one group at one sentinel: connects the agreement core (``quorum``) with the leader's work
(``promotion``). It does no I/O: ``step(input, at) -> effects``, so the simulator runs it as the daemon does.

The leader's actions are in ``leading``, the work that needs a leader in ``work_left``, the facts about the
group in ``situation``. None of them calls it back: each returns its requests, and one loop carries them out
(``_follow``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from promotion.actions import Request
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
    Propose,
    RefusalSeen,
    Replaced,
    Stalled,
    StopLeading,
    Watch,
    YieldTo,
)
from quorum.member import Member
from quorum.messages import Topology
from quorum.role import Role
from quorum.usability import Source
from sentinel.coordination.agreed import Agreed
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
    ReadDone,
    Requested,
    StepDone,
    StepFailed,
    StepFenced,
    StepUnsent,
    Tell,
)
from sentinel.coordination.judgements import Judgements
from sentinel.coordination.leading import Leading
from sentinel.coordination.moment import Moment
from sentinel.coordination.newcomers import Dropped, Elsewhere, Found, Newcomers, event_of, nowhere
from sentinel.coordination.node_refusals import refused_now
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.orders import Order
from sentinel.coordination.own_reach import OwnReach
from sentinel.coordination.situation import CoordinatorConfig, Situation
from sentinel.coordination.wanted import Wanted
from sentinel.coordination.who_is_who import WhoIsWho
from sentinel.coordination.work_left import WorkLeft
from sentinel.notices import leaders
from sentinel.notices.notice import Notice, NoticeEvent

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
        self._leading = Leading(config, member, self.situation, now)
        self._contact = Contact(config.work.rules.self_fence, member, book, self.situation, now)
        self._degradation = Degradation(member.config.patience.down_after_s)
        self._work_left = WorkLeft(member, self.situation, self._leading)
        self._judgements = Judgements(member)
        self._agreed = Agreed(config.group, member.view.committed)
        self._out: list[GroupEffect] = []

    # -- what can be asked ---------------------------------------------------------------------

    @property
    def committed(self) -> Topology | None:
        """The newest topology known to be committed, in the names that are used here."""
        topology = self.member.view.committed.topology
        return self.member.names.localized(topology) if topology else None

    @property
    def directives(self) -> Directives:
        """The operators' directives to the group, as far as they are known to be committed."""
        return self.member.view.committed.directives

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
        view = self.member.view
        return view.term == term and view.lease_valid(now)

    def busy(self, now: float) -> bool:
        """Whether a change is under way, here or at another sentinel."""
        return self.work is not None or self.request is not None or self.member.view.hears_leader(now)

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
                    self._feed(LinkSaid(node, self.situation.link(link, at.now - took_s)), at)
            case ReadDone():
                self._do(self._leading.read_done(given, at), at)
            case StepDone() | StepFailed() | StepUnsent() | StepFenced():
                self._do(self._leading.step_over(given, at), at)
            case Requested(request):
                self._do(self._leading.requested(request, at.now), at)
            case Ordered(order):
                self._leading.ordering.ordered(order, at.now)
            case MajorityConfirmed(until):
                command, event = self._contact.confirmed(until, at.now)
                if command is not None:
                    self._out.append(command)
                self._tell_all((event,))
            case Observed(node):
                self._feed(given, at)
                self._tell_all(self._judgements.seen(node))
            case Stalled(gap_s):
                self._tell(leaders.Stalled(round(gap_s * 1000)))
                self._contact.stalled(at.now)
                self._feed(given, at)
            case _:
                self._feed(given, at)
        self._settle(at)
        if self.member.view.role is Role.LEADER and not self.leads_for_something:
            self._feed(StopLeading(), at)
        out, self._out = self._out, []
        return out

    @property
    def quiet(self) -> bool:
        """Whether what it thinks need not be repeated at each gossip; ``self_fence`` waits for that."""
        return self.member.quiet and not self.config.work.rules.self_fence

    def _settle(self, at: Moment) -> None:
        """Draw the conclusions from what changed."""
        if self.who_is_who.keep():
            self._watch(at)
            self._tell_who(at.now)
        self._follow(self._tell_clock(at), at)
        self._do(self._leading.wake(at), at)
        primary = self.member.primary
        refusing = self.member.usability.refusing(primary or "")
        degraded = self._degradation.look(primary, refusing, at.now)
        self._tell_all((self.reach.news(at.now), self._judgements.look(), degraded))
        self._follow(self._tell_work(at), at)

    # -- the loop ------------------------------------------------------------------------------

    def _feed(self, given: Input, at: Moment) -> None:
        """Step the agreement core, and everything that follows."""
        self._follow(self.member.step(given, at.now), at)

    def _do(self, wanted: list[Wanted], at: Moment) -> None:
        """Carry out the requests of the leader's side, and everything that follows."""
        if wanted:
            self._follow(self._act_on(wanted, at), at)

    def _follow(self, made: list[Effect], at: Moment) -> None:
        """Carry out requests until there are none. New effects of the agreement core are queued meanwhile.

        So its effects leave in the order in which it made them: an older state never overwrites a newer one.
        """
        if not made:
            return  # As nearly always.
        line = deque(made)
        while line:
            effect = line.popleft()
            if isinstance(effect, Emit):
                line += self._act_on(self._on_event(effect.event, at), at)
            else:
                self._out.append(effect)

    def _act_on(self, wanted: Iterable[Wanted], at: Moment) -> list[Effect]:
        """Returns what the agreement core makes of it."""
        made: list[Effect] = []
        for each in wanted:
            match each:
                case StopLeading():
                    # Report the work left first: a leader that stops may stand again for it at once.
                    made += self._tell_clock(at)
                    made += self._tell_work(at)
                    made += self.member.step(each, at.now)
                case Propose() | YieldTo():
                    made += self.member.step(each, at.now)
                case _:
                    self._out.append(each)
        return made

    def _tell_clock(self, at: Moment) -> list[Effect]:
        """Whether the time of a schedule has come, for the agreement core, if that has changed."""
        said = self.situation.clock_said(at.wall_ms)
        return self.member.step(said, at.now) if said is not None else []

    def _tell_work(self, at: Moment) -> list[Effect]:
        """Report the work that needs a leader to the agreement core, if it has changed."""
        wanted, event = self._work_left.look(at.now)
        self._tell_all((event,))
        return self.member.step(wanted, at.now) if wanted is not None else []

    # -- what the agreement core emits ---------------------------------------------------------

    def _on_event(self, event: Event, at: Moment) -> list[Wanted]:
        """Returns what the leader's side wants then."""
        match event:
            case Elected():
                return self._leading.elected(event, at)
            case SteppedDown(term, reason):
                self._stepped_down(term, reason)
                self._leading.end()
            case Committed(entry):
                self.situation.relief.learned(entry, at.now)
                self._out += self._agreed.learned(entry)
                return self._leading.committed(entry, at)
            case OpinionChanged(opinion):
                self._tell_all(self._judgements.changed(opinion, at.now))
                self._tell_who(at.now)
            case OdownChanged(node, down, agree):
                self._tell_all((self._judgements.quorum_changed(node, down, agree, at.now),))
        return []

    def _stepped_down(self, term: int, reason: str) -> None:
        again = self._leading.repeating and reason == "resigned"
        self._tell(leaders.SteppedDown(reason), term, again=again)
        # Who came back just before was passed over, and what it said until then does not count.
        self._out += [LookAnew(), LookAgain()]

    # -- nodes ---------------------------------------------------------------------------------

    def _on_info(self, seen: InfoSeen, at: Moment) -> None:
        if seen.node not in self.book or not self._has_one_server(seen.node, seen.info.run_id, at):
            return
        before = self.book[seen.node].info
        another, is_news = self.impostors.look(seen.node, seen.info, self.member.primary, at)
        if is_news:
            self._feed(Replaced(seen.node, another), at)
        if another is not None:
            return
        self.book.update(seen.node, seen.info, seen.peer_ip, at.now, at.now - seen.took_s)
        if self.who_is_who.saw(seen.node, at.now):
            self._watch(at)
        # Decisions go by the server's answers to the name that is used.
        if self.book.local(seen.node) == seen.node:
            self._mind_newcomers(seen.node, at)
            self.situation.note_witness(seen.node, at.now)
            if seen.node in self.book:
                link = self.situation.link(seen.info.link, at.now - seen.took_s)
                self._feed(DataObserved(seen.node, seen.info.data_seen(), link, seen.took_s), at)
                refusing = refused_now(seen.info, before)
                if refusing != self.member.usability.says(seen.node, Source.INFO):
                    self._feed(RefusalSeen(seen.node, Source.INFO, refusing), at)
        self._tell_who(at.now)

    def _has_one_server(self, name: str, run_id: str, at: Moment) -> bool:
        """Not if the name leads to several servers in turn: then the one that answers is unknown."""
        if self.who_is_who.heard(name, run_id, at.now):
            self._watch(at)
            self._tell_who(at.now)
        return name not in self.book.balanced

    def _mind_newcomers(self, node: str, at: Moment) -> None:
        entries = (self.member.view.newest, self.member.view.committed)
        news = self.newcomers.seen(node, self.member.primary, entries, at.now)
        self._tell_all(map(event_of, news))
        if any(isinstance(each, Found | Dropped) for each in news):
            self._watch(at)

    def _watch(self, at: Moment) -> None:
        self._feed(Watch(self.book.names, self.book.aliases), at)

    def _tell_who(self, now: float) -> None:
        self._tell_all(self.who_is_who.news(looked_at_all=self.situation.looked_at_all(now)))

    def _tell_all(self, events: Iterable[NoticeEvent | None]) -> None:
        for event in events:
            if event is not None:
                self._tell(event)

    def _tell(self, event: NoticeEvent, term: int = 0, *, again: bool = False) -> None:
        self._out.append(Tell(Notice(self.config.group, event, term, again)))
