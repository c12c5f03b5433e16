"""One sentinel's whole part in one group: ``step(input, now) -> effects`` and ``next_deadline(now)``.

It connects the parts: evidence makes this sentinel's opinion of each node, a quorum's opinions make a node
objectively down, and that, or any other work, makes the agreement elect a leader. It has no clock and does no
I/O; the daemon and the simulator run the same code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from quorum.agreement import Agreement, AgreementInput, Campaign, Distrust, Gossiped, Reconsider
from quorum.detector import Detector, Verdict
from quorum.directives import TimeCome
from quorum.effects import BackendEffect, Committed, Effect, Emit, OdownChanged, OpinionChanged
from quorum.evidence import DataSeen, Evidence
from quorum.inputs import (
    ClockSaid,
    DataObserved,
    Gossip,
    IdTwice,
    Input,
    LinkSaid,
    Observed,
    PeerGone,
    Propose,
    Received,
    RefusalSeen,
    Replaced,
    Stalled,
    StopLeading,
    Wake,
    Want,
    Watch,
    YieldTo,
)
from quorum.links import Links, hear_end, hear_link
from quorum.member_config import MemberConfig
from quorum.memory import Memory
from quorum.messages import EntryId, Grade, Opinion, Opinions
from quorum.names import Names
from quorum.opinions import OpinionBoard, Report
from quorum.rank import ranking
from quorum.role import Role
from quorum.usability import Usability
from quorum.votes import majority

WAKE = Wake()
ODOWN = "odown"
UNFINISHED = "unfinished"


class Member:
    """``agreement`` is known by its ``view`` alone. ``peers`` are the members without this one, by rank."""

    def __init__(self, config: MemberConfig, agreement: Agreement, now: float) -> None:
        self.config = config
        order = ranking(config.group, config.members)
        self.rank = order.index(config.self_id)
        self.peers = tuple(member for member in order if member != config.self_id)
        self.agreement = agreement
        self.view = agreement.view
        self.standing = agreement.standing
        self._campaign, self._is_told = Campaign(frozenset()), False
        self.names = Names()
        me, ttl_s = config.self_id, config.opinion_ttl_s
        self.board = OpinionBoard(me, config.quorum, ttl_s, self.names, config.late_s)
        self.usability = Usability(config.unwritable_after_s)
        self._detectors: dict[str, Detector] = {}
        self.memory = Memory()
        self.memory.reign(self.primary)
        self._judged_term, self._judged_at = self._topology_term, now
        self._odown, self._wanted, self._urgent = frozenset[str](), frozenset[str](), False
        self.judgements = 0
        """Grows whenever this sentinel, or the quorum, changed its mind about a node."""
        self._opinions_changed, self._effects = False, list[Effect]()

    # -- what can be asked ---------------------------------------------------------------------

    @property
    def primary(self) -> str | None:
        """The primary by the newest topology known to be committed, by its name here."""
        topology = self.view.committed.topology
        return self.names.local(topology.primary) if topology else None

    @property
    def paused(self) -> bool:
        """Whether operators want nothing to be changed: by the newest entry, committed or about to be."""
        return self.view.newest.directives.pause is not None

    @property
    def _topology_term(self) -> int:
        topology = self.view.committed.topology
        return topology.term if topology else 0

    def verdict(self, node: str, now: float) -> Verdict:
        detector = self._detectors.get(node)
        return detector.judge(now) if detector else Verdict(False)

    def confirms(self, node: str, evidence: Evidence, now: float) -> bool:
        """As ``step(Observed(...))`` where nothing follows from it: almost always. False: step it."""
        detector = self._detectors.get(node)
        return detector is not None and detector.confirms(evidence, now)

    def repeats(self, sender: str, report: Opinions, now: float) -> bool:
        """As ``confirms``, for a peer's report that equals its last one."""
        if not (self.agreement.repeats(sender, report) and self.board.repeats(sender, report, now)):
            return False
        self.agreement.repeated(sender, report)
        return True

    def say_again(self, now: float) -> list[BackendEffect]:
        """What this sentinel thinks, to all peers, so that it does not go stale with them: without a step."""
        return self.agreement.say(self.board, now, to_all=True)

    def troubled(self, now: float) -> bool:
        """Whether this group may soon want a leader: its primary is being lost, or was never found."""
        detector = self._detectors.get(self.primary or "")
        return not self.paused and (detector is None or detector.doubtful(now))

    def doubted_links(self, now: float) -> Links | None:
        """The replicas' reports of their links to the primary, while they may decide whether it is down."""
        detector = self._detectors.get(self.primary or "")
        return detector.links if detector is not None and detector.wants_links(now) else None

    def misconfigured(self, node: str) -> str | None:
        return detector.misconfigured if (detector := self._detectors.get(node)) else None

    def blind(self, node: str) -> str | None:
        """Why this sentinel cannot look at ``node``; None: it can."""
        return detector.blind if (detector := self._detectors.get(node)) else None

    def silence_s(self, node: str, now: float) -> float:
        """Seconds since the node's last valid reply; infinite if it never answered this process."""
        if (detector := self._detectors.get(node)) is None:
            return 0.0
        return now - detector.last_valid_at if detector.reached else math.inf

    def unanswered_s(self, node: str, now: float) -> float:
        """As ``silence_s``, except that a stall of this process does not restart it."""
        detector = self._detectors.get(node)
        return now - detector.answered_at if detector is not None and detector.reached else 0.0

    @property
    def quiet(self) -> bool:
        """Nothing is down or unfinished, so no opinion has to be repeated to stay fresh."""
        told = self.board.time.operation or any(o.down or o.unwritable for o in self.board.own())
        return not (self.view.listening or self.view.is_open or told)

    def time_come(self, now: float) -> TimeCome:
        """The opinion of a majority's wall clocks, including this sentinel's, on the group's schedule."""
        return self.board.time_come(majority(len(self.config.members)), now)

    def is_odown(self, node: str) -> bool:
        return node in self._odown

    def is_unwritable(self, node: str, now: float) -> bool:
        """It lives, but a quorum has seen it refuse writes for so long that another node must replace it."""
        return node not in self._odown and self.board.unwritable(node, now)

    def gone_by_all(self, node: str, now: float) -> bool:
        """Whether every sentinel that calls the node down saw its connection closed and refused."""
        grades = set(self.board.down(node, now).values())
        return bool(grades) and grades <= {Grade.REFUSED, Grade.REGRESSED}

    def confirmed_at(self, said: Callable[[str, EntryId], float], now: float) -> float:
        """Until when what is known to be committed was the newest. ``said(peer, entry_id)``: until when the
        peer had stored nothing newer than that, by its own word.
        """
        return self.view.confirmed_at(said, now)

    def next_deadline(self, now: float) -> float | None:
        parts: tuple[Agreement | Usability, ...] = (self.agreement, self.usability)
        deadlines = [self.board.next_expiry(now), *(part.next_deadline(now) for part in parts)]
        if self.view.is_open and self.view.hears_leader(now):
            deadlines.append(self.view.leader_until(now))
        deadlines += [detector.next_deadline(now) for detector in self._detectors.values()]
        return min((at for at in deadlines if at is not None), default=None)

    # -- the step ------------------------------------------------------------------------------

    def step(self, given: Input, now: float) -> list[Effect]:
        """Take in one input. The effects are to be applied in their order.

        Raises NotLeaderError, PeerViolationError (both: nothing was changed) and InvariantError (a bug).
        """
        match given:
            case Wake():
                pass
            case Received(sender, Opinions() as report):
                self._on_opinions(sender, report, now)
            case Watch(nodes, aliases):
                self._watch(nodes, dict(aliases), now)
            case Observed(node, evidence):
                if node in self._detectors:
                    self._detectors[node].observe(evidence, now)
                    hear_end(self._detectors, node, evidence)
            case DataObserved(node, seen, link, took_s):
                hear_link(self._detectors, node, link)
                self._on_data(node, seen, now, now - took_s)
            case RefusalSeen(node, source, refusing):
                if node in self._detectors:
                    self.usability.saw(node, source, refusing, now)
            case Replaced(node, detail):
                if node in self._detectors:
                    self._detectors[node].saw_another(detail, now)
            case LinkSaid(replica, link):
                hear_link(self._detectors, replica, link)
            case Received() | Propose() | StopLeading() | YieldTo() | IdTwice():
                self._tell(given, now)
            case PeerGone(peer):
                self.board.forget(peer)
                self._tell(given, now)
            case Stalled():
                self._on_stalled(now)
            case Gossip():
                self._opinions_changed = True
            case Want(reasons, urgent):
                self._wanted, self._urgent = reasons, urgent
                if urgent:
                    self._reconsider(now)
            case ClockSaid(time):
                self._opinions_changed = self._opinions_changed or time != self.board.time
                self.board.time = time
        self._settle(now)
        effects, self._effects = self._effects, []
        return effects

    def _settle(self, now: float) -> None:
        """Draw every conclusion from what changed, from the evidence up to the election."""
        if not self._is_told:
            self._tell(WAKE, now)
        self._is_told = False
        self._learn(self._effects, now)
        self._judge(now)
        to_all, self._opinions_changed = self._opinions_changed, False
        self._effects += self.agreement.say(self.board, now, to_all=to_all)
        self._weigh(now)
        reasons = set(self._wanted)
        if self._odown and self.primary in self._odown and not self.paused:
            reasons.add(ODOWN)
        if self._unfinished(now):
            reasons.add(UNFINISHED)
        if reasons != self._campaign.reasons or self._urgent != self._campaign.urgent:
            self._campaign = Campaign(frozenset(reasons), self._urgent)
        made = self.agreement.step(self._campaign, now)
        self._effects += made
        self._learn(made, now)

    def _tell(self, given: AgreementInput, now: float) -> None:
        """Pass each step to the agreement, once."""
        self._effects += self.agreement.step(given, now)
        self._is_told = True

    def _reconsider(self, now: float) -> None:
        self._effects += self.agreement.step(Reconsider(), now)

    def _unfinished(self, now: float) -> bool:
        """A leader died in mid-work: its entry is not known to be committed, or still holds an intent."""
        view = self.view
        return view.is_open and (view.role is not Role.FOLLOWER or not view.hears_leader(now))

    def _learn(self, made: list[Effect], now: float) -> None:
        """A new primary is judged by what is already known of it."""
        for effect in made:
            if isinstance(effect, Emit) and isinstance(effect.event, Committed):
                self._on_committed(now)

    def _judge(self, now: float) -> None:
        for node, detector in self._detectors.items():
            verdict = detector.judge(now)
            unwritable = not verdict.down and self.usability.is_unwritable(node, now)
            if self.board.holds(node, verdict, unwritable):
                continue
            opinion = Opinion(node, verdict.down, verdict.grade, unwritable, unknown=verdict.unknown)
            before, self._opinions_changed = self.board.own_of(node), True
            self.board.set_own(opinion)
            self.judgements += 1
            if replace(before, unwritable=unwritable) == opinion:
                continue
            if verdict.down and verdict.grade is not Grade.UNUSABLE:
                self.usability.gone(node)
            self._effects.append(Emit(OpinionChanged(opinion)))
            if not opinion.down:
                self._reconsider(now)

    def _weigh(self, now: float) -> None:
        odown = frozenset(node for node in self._detectors if self.board.odown(node, now))
        for node in sorted(odown ^ self._odown):
            agree = tuple(self.board.down(node, now))
            self._effects.append(Emit(OdownChanged(node, node in odown, agree)))
            self.judgements += 1
        self._odown = odown

    # -- inputs --------------------------------------------------------------------------------

    def _watch(self, nodes: Iterable[str], aliases: Mapping[str, str], now: float) -> None:
        wanted = dict.fromkeys(nodes)
        self.board.rename(wanted, aliases)
        self.judgements += 1
        for node in [node for node in self._detectors if node not in wanted]:
            del self._detectors[node]
            self.memory.forget(node)
            self.board.forget_node(node)
            self._opinions_changed = True
        self.usability.keep(wanted)
        for node in wanted:
            self._detectors.setdefault(node, Detector(self.config.patience, now, self.config.late_s))

    def _on_opinions(self, sender: str, report: Opinions, now: float) -> None:
        if sender not in self.peers:
            return
        self._tell(Gossiped.of(sender, report), now)
        if sender not in self.view.apart:
            self.board.record(sender, Report.of(report), now)

    def _on_data(self, node: str, seen: DataSeen, now: float, asked_at: float) -> None:
        if node not in self._detectors:
            return
        self.names.saw(node, seen.run_id)
        self.memory.see(node, seen)
        if node == self.primary and asked_at >= self._judged_at:  # Else it is of a role before that.
            self._detectors[node].saw_role(seen.role == "master", now)
        self._judge_data(now)

    def _judge_data(self, now: float) -> None:
        self.memory.reign(self.primary)
        detector = self._detectors.get(self.primary or "")
        if detector is not None:
            fallen = self.memory.judge(lambda node: not self.verdict(node, now).down)
            detector.saw_regression(fallen, now)

    def _on_committed(self, now: float) -> None:
        """In what role a node was seen before the change says nothing about the role it has by it.

        What data it holds is another matter: a primary that was committed once more is judged as before.
        """
        if self._topology_term != self._judged_term:
            made = self.primary if self._judged_term else None
            self._judged_term, self._judged_at = self._topology_term, now
            self.standing.done()
            for node, detector in self._detectors.items():
                detector.got_role(is_made=node == made, now=now)
            self._judge_data(now)

    def _on_stalled(self, now: float) -> None:
        for node, detector in self._detectors.items():
            detector.distrust(now, was_down=self.board.own_of(node).down)
        self.board.forget_all()
        self.usability.distrust(now)
        self._tell(Distrust(), now)
