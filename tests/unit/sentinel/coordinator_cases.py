"""s1's coordinator in a small world: nodes that answer, peers that agree, and a clock that the test moves.

Every effect is checked to come in an order in which a crash between any two of them does no harm.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TypeVar

from promotion.candidates import Policy
from promotion.sealing import WriteRules
from promotion.step_types import Promote, Rehearse, Repoint, Rewrite
from promotion.work_settings import WorkSettings
from quorum.directives import TimeCome
from quorum.effects import Persist, Send
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed, Received, Wake, Watch
from quorum.messages import (
    GENESIS,
    Append,
    AppendReply,
    Entry,
    EntryId,
    HardState,
    Message,
    Opinions,
    PreVoteReply,
    PreVoteRequest,
    Topology,
    VoteReply,
    VoteRequest,
)
from sentinel.coordination.coordinator import Coordinator
from sentinel.coordination.inputs import (
    GroupEffect,
    GroupInput,
    InfoSeen,
    LinkHeard,
    Perform,
    Read,
    ReadDone,
    StepDone,
    Tell,
)
from sentinel.coordination.leading import FOR_NOBODY
from sentinel.coordination.moment import Moment
from sentinel.coordination.node_info import Attached, NodeInfo
from sentinel.coordination.node_spec import NodeSpec
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.situation import CoordinatorConfig
from sentinel.coordination.steady import Steady
from sentinel.notices import leaders
from sentinel.notices.notice import Notice, NoticeEvent
from tests.unit.quorum.member_cases import config, numbered, raft_member

A, B, C = "redis-a:6379", "redis-b:6379", "redis-c:6379"
START, WALL_MS, LIMIT_S = 100.0, 1_700_000_000_000, 10.0
COMMITTED = Entry(1, 1, Topology(A, 1, None, "bootstrap", "s1", 0, 0))
KNOWN = HardState(1, None, COMMITTED, COMMITTED)


def info(name: str, role: str = "slave", follows: str = A, **changes: object) -> NodeInfo:
    """A healthy node with data; a master has one replica attached."""
    is_replica = role == "slave"
    attached = () if is_replica else (Attached("10.0.0.2", 6379, "online", 100, 0),)
    plain = NodeInfo(
        run_id=f"run-{name}",
        version="7.0.15",
        role=role,
        replid="h1",
        replid2=None,
        second_offset=None,
        master_offset_bytes=100,
        replica_offset_bytes=100 if is_replica else None,
        master_host=follows.partition(":")[0] if is_replica else None,
        master_port=6379 if is_replica else None,
        link_up=is_replica,
        link_down_s=None,
        last_io_s=None,
        sync_in_progress=False,
        priority=100,
        read_only=is_replica,
        loading=False,
        async_loading=False,
        keys=9,
        attached=attached,
        uptime_s=0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def offset(node: NodeInfo, bytes_: int) -> NodeInfo:
    return replace(node, master_offset_bytes=bytes_, replica_offset_bytes=bytes_)


@dataclass
class Disk:
    """What is surely on it, checked to be no older than what was there, nor than what depends on it."""

    state: HardState

    def check(self, effect: GroupEffect) -> None:
        match effect:
            case Persist(state, lazy):
                before = (self.state.term, self.state.entry.id, self.state.committed.id)
                assert (state.term, state.entry.id, state.committed.id) >= before, "an older state is written"
                self.state = self.state if lazy else state
            case Perform(_, term, Promote(node)):
                intent = self.state.entry.intent
                assert self.state.entry.term == term and intent is not None and intent.target == node
            case Send(_, Append(term)):
                assert (self.state.term, self.state.voted_for) == (term, "s1")
            case Tell(Notice(_, leaders.TopologyCommitted(told))):
                topology = self.state.committed.topology
                assert topology is not None and topology.term == told.term
            case _:
                pass


E = TypeVar("E")


@dataclass
class World:
    """``members`` sentinels, of which all but s1 just agree while they are ``in_touch``."""

    state: HardState = KNOWN
    members: int = 1
    quorum: int = 1
    unwritable_after_s: float | None = None
    told: str | None = None
    rules: WriteRules = field(default_factory=WriteRules)
    nodes: dict[str, NodeInfo] = field(
        default_factory=lambda: {A: info(A, "master"), B: offset(info(B), 101), C: info(C)}
    )
    dead: set[str] = field(default_factory=set)
    in_touch: bool = True
    hold_entries: bool = False
    """Peers do not answer to an entry yet."""
    asked: list[str] = field(default_factory=list)
    """Nodes that were read without anybody who waits for the answer."""
    linked: bool = False
    """What replicas that are asked for their links to a lost primary say."""
    now: float = START
    wall_ms: int = WALL_MS
    """Stands still unless the test moves it."""
    noted: list[str] | None = None
    """Nodes whose INFO was noted without a step, as the driver does; None: each is a step."""
    clocks: dict[str, TimeCome | None] = field(default_factory=dict)
    """What peers say of the schedule; else as s1 does."""

    def __post_init__(self) -> None:
        made_with = config(
            members=numbered(self.members),
            quorum=self.quorum,
            unwritable_after_s=self.unwritable_after_s,
        )
        member = raft_member(made_with, self.state, random.Random(1), START)
        book = NodeBook([NodeSpec(name, name.partition(":")[0], 6379) for name in self.nodes], discover=True)
        policy = Policy(max_link_down_s=10.0, max_age_s=5.0)
        work = WorkSettings(policy, parallel_syncs=1, limit_s=LIMIT_S, rules=self.rules)
        self.coordinator = Coordinator(CoordinatorConfig("g", work, self.told), member, book, START)
        self.steady = Steady(self.coordinator)
        self.disk = Disk(self.state)
        self.notices: list[Notice] = []
        self.performs: list[Perform] = []
        self._stored: EntryId = GENESIS.id
        self._inputs: deque[GroupInput] = deque()
        self.step(Watch(book.names))
        self.look()
        self.advance(0.6)

    # -- what happens --------------------------------------------------------------------------

    def step(self, given: GroupInput) -> None:
        """One input, and all that follows from it at once: nodes are read, peers answer.

        As by the driver, effects are applied in order: what answers them is only then taken in.
        """
        self._inputs.append(given)
        if len(self._inputs) > 1:
            return
        while self._inputs:
            effects = self.coordinator.step(self._inputs[0], self.moment)
            self.steady.stepped(self._inputs[0])
            for effect in effects:
                self.disk.check(effect)
                self._apply(effect)
            self._inputs.popleft()

    def _apply(self, effect: GroupEffect) -> None:
        match effect:
            case Tell(notice):
                self.notices.append(notice)
            case Perform(token, _, Rewrite()):
                self.step(StepDone(token))
            case Perform():
                self.performs.append(effect)
            case Read(token, nodes) if token == FOR_NOBODY:
                self.asked += nodes
            case Read(token, nodes):
                answered = [node for node in nodes if node not in self.dead]
                self.look(*answered)
                self.step(ReadDone(token, frozenset(answered)))
            case Send(to, message) if self.in_touch:
                self._answer(to, message)
            case _:
                pass

    def look(self, *names: str) -> None:
        for name in names or [node for node in self.nodes if node not in self.dead]:
            seen = InfoSeen(name, self._said_by(name), None)
            if self.noted is not None and self.steady.notes(seen, self.moment):
                self.noted.append(name)
            else:
                self.step(seen)

    def _said_by(self, name: str) -> NodeInfo:
        """A replica's link is down once its primary is gone."""
        seen = self.nodes[name]
        lost = seen.master_host is not None and f"{seen.master_host}:{seen.master_port}" in self.dead
        return replace(seen, link_up=self.linked, link_down_s=0) if lost else seen

    def advance(self, seconds: float) -> None:
        """Time passes in small steps; nodes that are not dead answer their pings."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(end, self.now + 0.05)
            for name in self.nodes:
                if name not in self.dead:
                    self.step(Observed(name, Evidence(EvidenceKind.ALIVE)))
            for name in self.coordinator.situation.to_ask(self.now):
                if name not in self.dead:
                    self.step(LinkHeard(name, self._said_by(name).link))
            self.step(Wake())

    def kill(self, name: str) -> None:
        """Its process is gone, and everybody who looks sees so."""
        self.dead.add(name)
        self.step(Observed(name, Evidence(EvidenceKind.REFUSED, "connection refused")))
        self.advance(0.15)

    def perform(self) -> Perform:
        """The step that is to be taken next."""
        return self.performs.pop(0)

    def succeed(self) -> Perform:
        """The step that is to be taken next is taken, and works."""
        perform = self.perform()
        name = perform.step.node
        if isinstance(perform.step, Promote):
            self.nodes[name] = info(name, "master")
        else:
            assert isinstance(perform.step, Repoint)
            self.nodes[name] = info(name, follows=f"{perform.step.primary_host}:6379")
        self.step(StepDone(perform.token))
        return perform

    def rehearse(self) -> None:
        """Both nodes of a switchover are found to be able to do what it needs."""
        for _ in range(2):
            rehearsal = self.perform()
            assert isinstance(rehearsal.step, Rehearse)
            self.step(StepDone(rehearsal.token))

    def fail_over(self) -> None:
        """From the death of A to the end: B is promoted, C follows it."""
        self.kill(A)
        self.succeed()
        self.succeed()

    # -- what can be seen ----------------------------------------------------------------------

    def told_names(self) -> list[str]:
        """The names of the notices since the last call."""
        names = [notice.event.name for notice in self.notices]
        self.notices.clear()
        return names

    def events(self, kind: type[E]) -> list[E]:
        return [notice.event for notice in self.notices if isinstance(notice.event, kind)]

    def last(self, kind: type[E]) -> E:
        return self.events(kind)[-1]

    def last_notice(self, kind: type[NoticeEvent]) -> Notice:
        return [notice for notice in self.notices if isinstance(notice.event, kind)][-1]

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.wall_ms)

    @property
    def primary(self) -> tuple[str, int] | None:
        topology = self.coordinator.committed
        return (topology.primary, topology.term) if topology else None

    def _answer(self, peer: str, message: Message) -> None:
        match message:
            case PreVoteRequest(term):
                self.step(Received(peer, PreVoteReply(term, True)))
            case VoteRequest(term):
                self.step(Received(peer, VoteReply(term, True)))
            case Append(_, _, entry) if entry is not None and self.hold_entries:
                pass
            case Append(term, round_, entry):
                self._stored = entry.id if entry else self._stored
                self.step(Received(peer, AppendReply(term, round_, self._stored)))
            case Opinions(_, seq, _, committed, time) if time is not None and time.operation:
                said = self.clocks.get(peer, time)
                self.step(Received(peer, Opinions(1, seq, (), committed, said)))
            case _:
                pass
