"""Whole sentinels (coordinators) on virtual time against modelled Redis servers, all drawn from one seed."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from promotion.candidates import Policy
from promotion.step_types import Promote, Repoint
from promotion.work import WorkSettings
from quorum.detector import Patience
from quorum.effects import Persist, Send
from quorum.errors import NotLeaderError
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Gossip, Observed, PeerGone, Received, Stalled, Wake, Watch
from quorum.member import Member, MemberConfig
from quorum.messages import HardState, Message
from quorum.timing import Timing
from sentinel.coordinator import Coordinator
from sentinel.group_inputs import (
    GroupEffect,
    GroupInput,
    InfoSeen,
    Perform,
    Read,
    ReadDone,
    StepDone,
    StepFailed,
    StepFenced,
    Tell,
)
from sentinel.nodebook import NodeBook, NodeSpec
from sentinel.notices import NoticeName
from sentinel.situation import CoordinatorConfig
from tests.simulation.quorum_net import SafetyError
from tests.simulation.redis_model import FakeRedis, replicate

TICK_S = 0.05
STALL_S = 0.3


@dataclass
class SimSentinel:
    name: str
    disk: HardState = field(default_factory=HardState)
    boots: int = 0
    brain: Coordinator | None = None
    paused_until: float = 0.0
    ran_at: float = 0.0
    unreachable: set[str] = field(default_factory=set)
    """Nodes that this sentinel knows to be gone, so that their end is told once."""


class ClusterSim:
    """``sentinels`` of them, three nodes. ``story`` is what was told, for a failed seed."""

    def __init__(self, seed: int, sentinels: int = 3) -> None:
        self.rng = random.Random(seed)
        self.now = 100.0
        self.nodes = {name: FakeRedis(name) for name in ("a:1", "b:2", "c:3")}
        self.nodes["b:2"].follows = self.nodes["c:3"].follows = "a:1"
        self.sentinels = {f"s{i}": SimSentinel(f"s{i}") for i in range(1, sentinels + 1)}
        self.cut: set[tuple[str, str]] = set()
        self.story: list[str] = []
        self.primary_of: dict[int, str] = {}
        self.told: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._ids = itertools.count()
        for name in self.sentinels:
            self.start(name)
        self._tick()

    # -- life and faults -----------------------------------------------------------------------

    def start(self, name: str) -> None:
        host = self.sentinels[name]
        host.boots += 1
        host.ran_at = self.now
        host.unreachable = set()
        members = frozenset(self.sentinels)
        config = MemberConfig(
            name, "g", members, len(members) // 2 + 1, Patience(0.1, 1.0, 30.0), Timing(), 3.0, host.boots
        )
        member = Member(config, host.disk, random.Random(self.rng.random()), self.now)
        specs = [NodeSpec(n, n.partition(":")[0], int(n.partition(":")[2])) for n in self.nodes]
        work = WorkSettings(Policy(max_link_down_s=10.0, max_age_s=5.0), parallel_syncs=1, limit_s=10.0)
        book = NodeBook(specs, discover=True)
        host.brain = Coordinator(CoordinatorConfig("g", work, None), member, book, self.now)
        self.feed(name, Watch(tuple(self.nodes)))

    def crash(self, name: str) -> None:
        self.sentinels[name].brain = None
        for other in self.sentinels:
            self.feed(other, PeerGone(name))

    def reaches(self, one: str, other: str) -> bool:
        return (one, other) not in self.cut and (other, one) not in self.cut

    # -- time ----------------------------------------------------------------------------------

    def at(self, delay_s: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + delay_s, next(self._ids), call))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        for _ in range(2_000_000):
            if not self._events or self._events[0][0] > end:
                break
            self.now, _, call = heapq.heappop(self._events)
            call()
        else:
            raise AssertionError("events without end")
        self.now = end

    def _tick(self) -> None:
        replicate(self.nodes, self.now)
        for name, host in self.sentinels.items():
            if host.brain is None or self.now < host.paused_until:
                continue
            self.feed(name, Wake())
            for node in self.nodes.values():
                self._probe(host, node)
            if self.rng.random() < TICK_S:
                self.feed(name, Gossip())
        self.at(TICK_S, self._tick)

    def _probe(self, host: SimSentinel, node: FakeRedis) -> None:
        if not self.reaches(host.name, node.name) or node.hung:
            return
        if not node.alive:
            if node.name not in host.unreachable:
                host.unreachable.add(node.name)
                self.feed(host.name, Observed(node.name, Evidence(EvidenceKind.CLOSED)))
            self.feed(host.name, Observed(node.name, Evidence(EvidenceKind.REFUSED)))
            return
        back = node.name in host.unreachable
        host.unreachable.discard(node.name)
        self.feed(host.name, Observed(node.name, Evidence(EvidenceKind.ALIVE)))
        if back or self.rng.random() < 0.1:
            self._see(host.name, node)

    def _see(self, name: str, node: FakeRedis) -> None:
        self.feed(name, InfoSeen(node.name, node.info(self.now, list(self.nodes.values())), None))

    # -- stepping ------------------------------------------------------------------------------

    def feed(self, name: str, given: GroupInput) -> None:
        host = self.sentinels[name]
        if host.brain is None:
            return
        if self.now < host.paused_until:
            # A stopped process takes it in when it goes on.
            self.at(host.paused_until - self.now, partial(self.feed, name, given))
            return
        gap_s, host.ran_at = self.now - host.ran_at, self.now
        if gap_s > STALL_S:
            self._apply(host, host.brain.step(Stalled(gap_s), self.now, 0))
        try:
            self._apply(host, host.brain.step(given, self.now, 0))
        except NotLeaderError:
            return
        self._check_leases()
        deadline = host.brain.next_deadline(self.now)
        if deadline is not None and deadline - self.now < TICK_S and not isinstance(given, Wake):
            self.at(max(0.0, deadline - self.now), partial(self.feed, name, Wake()))

    def _apply(self, host: SimSentinel, effects: list[GroupEffect]) -> None:
        for effect in effects:
            match effect:
                case Persist(state):
                    host.disk = state
                case Send(to, message):
                    self._send(host.name, to, message)
                case Read(token, nodes):
                    self.at(
                        self.rng.uniform(0.001, 0.02), partial(self._read, host, host.boots, token, nodes)
                    )
                case Perform():
                    self.at(self._latency_s(), partial(self._perform, host, host.boots, effect))
                case Tell(notice):
                    self.counts[notice.name] = self.counts.get(notice.name, 0) + 1
                    self.story.append(
                        f"{self.now:9.3f} {host.name} {notice.name.value} {dict(notice.fields)}"
                    )
                    if notice.name is NoticeName.TOPOLOGY:
                        self._check_topology(host.name, host.disk)

    def _latency_s(self) -> float:
        return self.rng.uniform(0.001, 0.02)

    def _send(self, sender: str, to: str, message: Message) -> None:
        copies = self.rng.choices([0, 1, 2], [0.02, 0.96, 0.02])[0]
        for _ in range(copies):
            self.at(self.rng.uniform(0.0005, 0.01), partial(self._deliver, sender, to, message))

    def _deliver(self, sender: str, to: str, message: Message) -> None:
        if self.reaches(sender, to):
            self.feed(to, Received(sender, message))

    def _read(self, host: SimSentinel, boots: int, token: int, nodes: tuple[str, ...]) -> None:
        if host.boots != boots:
            return
        answered = {n for n in nodes if self.nodes[n].answers and self.reaches(host.name, n)}
        for name in sorted(answered):
            self._see(host.name, self.nodes[name])
        self.feed(host.name, ReadDone(token, frozenset(answered)))

    def _perform(self, host: SimSentinel, boots: int, effect: Perform) -> None:
        """The executor. A process may be stopped between its last look at the lease and the EXEC."""
        if host.boots != boots or host.brain is None:
            return
        if self.now < host.paused_until:
            self.at(host.paused_until - self.now, partial(self._perform, host, boots, effect))
            return
        if not host.brain.lease_valid(effect.term, self.now):
            self.feed(host.name, StepFailed(effect.token, "the lease has run out"))
            return
        slept_s = self.rng.choice([0.0, 0.0, 0.0, 0.0, 3.0])
        if slept_s:
            host.paused_until = self.now + slept_s
        watched = self.nodes[effect.step.node].fence
        self.at(slept_s + 0.001, partial(self._execute, host, effect, watched))

    def _execute(self, host: SimSentinel, effect: Perform, watched: int) -> None:
        node = self.nodes[effect.step.node]
        if not node.answers or not self.reaches(host.name, node.name):
            self.feed(host.name, StepFailed(effect.token, "no answer"))
            return
        if node.fence != watched:
            self.feed(host.name, StepFenced(effect.token, node.fence))
            return
        if isinstance(effect.step, Promote):
            found = node.promote(effect.term)
        else:
            step = effect.step
            assert isinstance(step, Repoint)
            found = node.repoint(f"{step.primary_host}:{step.primary_port}", effect.term)
        if found is not None:
            self.counts["refused by the fence"] = self.counts.get("refused by the fence", 0) + 1
            self.feed(host.name, StepFenced(effect.token, found))
        else:
            self.feed(host.name, StepDone(effect.token))

    # -- the rules -----------------------------------------------------------------------------

    def _check_leases(self) -> None:
        leaders = [
            host.name
            for host in self.sentinels.values()
            if host.brain is not None and host.brain.member.register.lease_valid(self.now)
        ]
        if len(leaders) > 1:
            raise SafetyError(f"S4: {leaders} hold a lease at the same time")

    def _check_topology(self, name: str, disk: HardState) -> None:
        """What is told is on disk, one primary a term, and never older than what was told before."""
        topology = disk.committed.topology
        if topology is None:
            raise SafetyError(f"S3: {name} tells of a topology that it has not written down")
        term, primary = topology.term, topology.primary
        other = self.primary_of.setdefault(term, primary)
        if other != primary:
            raise SafetyError(f"S3: {other} and {primary} are both primary in term {term}")
        if term < self.told.get(name, 0):
            raise SafetyError(f"S3: {name} went back to term {term}")
        self.told[name] = term

    def settled(self) -> str | None:
        """L1: why the group is not in order; None if it is."""
        masters = [node.name for node in self.nodes.values() if node.answers and node.role == "master"]
        topologies = {host.brain.topology for host in self.sentinels.values() if host.brain is not None}
        primaries = {topology.primary if topology else None for topology in topologies}
        if len(primaries) != 1:
            return f"the sentinels name {primaries}"
        if masters != list(primaries):
            return f"{masters} are masters, {primaries} is agreed on"
        lost = [n.name for n in self.nodes.values() if n.answers and n.role == "slave" and not n.link_up]
        return f"{lost} do not replicate" if lost else None
