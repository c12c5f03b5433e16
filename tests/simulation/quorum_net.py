"""A small in-memory network of agreement cores on virtual time, with every fault that a test asks for.

It applies effects as the driver does: in order, with a ``Persist`` on disk before what follows. A crash
may come between any two effects. After each step the safety rules are checked from outside.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from quorum.detector import Patience
from quorum.directives import Directives, Pause
from quorum.effects import Committed, Effect, Elected, Emit, Persist, Send
from quorum.errors import MembershipError, NotLeaderError, PeerViolationError
from quorum.inputs import Input, Propose, Received, StopLeading, Wake, Want, Watch
from quorum.member import Member
from quorum.member_config import MemberConfig
from quorum.messages import Entry, HardState, Message, Topology
from quorum.timing import Timing
from tests.unit.quorum.member_cases import raft_member

NODES = ("redis-a:6379", "redis-b:6379", "redis-c:6379")
TIMING = Timing()
SLOW = Timing(heartbeat_s=0.3, election_min_s=0.9, election_max_s=1.5, lease_s=0.75)
SLOWEST = Timing(heartbeat_s=0.8, election_min_s=2.4, election_max_s=3.0, lease_s=2.0)
TIMINGS = (TIMING, SLOW, SLOWEST)
"""As sentinels have them while they are restarted one by one with other times."""


class SafetyError(AssertionError):
    """A rule of the design was broken."""


@dataclass
class Host:
    name: str
    disk: HardState = field(default_factory=HardState)
    unsynced: HardState | None = None
    """A lazy write that a crash may lose."""
    member: Member | None = None
    boots: int = 0
    clock_rate: float = 1.0
    timing: Timing = TIMING
    """Of its next start."""
    vouched: bool = False
    """Its disk is the one that it wrote last, and it has taken part with that."""
    members: tuple[str, ...] = ()
    """Of its configuration."""
    stored: tuple[int, int] = (0, 0)
    """The newest entry that it ever had on disk."""

    def note(self) -> None:
        """After whole steps, as the daemon does it behind all that was to be written."""
        if self.member is not None and not self.member.view.listening and self.disk.membership is not None:
            self.vouched = True


@dataclass(frozen=True)
class Packet:
    sender: str
    to: str
    message: Message


def order_of(entry: Entry) -> int:
    """The number of the newest order that an entry holds."""
    return entry.directives.pause.since_ms if entry.directives.pause is not None else 0


class QuorumNet:
    """``seed`` draws the members' own randomness; what happens is the caller's choice."""

    def __init__(self, size: int, seed: int = 0, *, leaders_work: bool = True, spare: int = 0) -> None:
        self.names = tuple(f"s{i}" for i in range(1, size + spare + 1))
        first = self.names[:size]
        self.rng = random.Random(seed)
        self.now = 100.0
        self.packets: list[Packet] = []
        self.hosts = {name: Host(name, members=first) for name in self.names}
        self.cut: set[tuple[str, str]] = set()
        self.leaders_work = leaders_work
        self.leader_of: dict[int, str] = {}
        self.primary_of: dict[int, str] = {}
        self.committed: dict[tuple[int, int], Entry] = {}
        self.newest_told: dict[str, int] = {}
        self.orders = 0
        self.refused: dict[str, str] = {}
        """Who did not start by its configuration, and why."""
        for name in first:
            self.start(name)

    # -- faults and life -----------------------------------------------------------------------

    def start(self, name: str) -> None:
        host = self.hosts[name]
        host.boots += 1
        config = MemberConfig(
            name,
            "g",
            frozenset(host.members),
            len(host.members) // 2 + 1,
            Patience(0.1, 1.0, 30.0),
            host.timing,
            3.0,
            host.boots,
            ballot=host.boots,
            vouched=host.vouched,
        )
        rng = random.Random(self.rng.random())
        self.refused.pop(name, None)
        try:
            host.member = self.make(config, host.disk, rng, self.local(name))
        except MembershipError as error:
            self.refused[name] = str(error)
            return
        self.step(name, Watch(NODES))

    def make(self, config: MemberConfig, state: HardState, rng: random.Random, now: float) -> Member:
        return raft_member(config, state, rng, now)

    def refuses(self, _one: str, _other: str) -> bool:
        """Whether these two have no link, by their handshakes."""
        return False

    def retime(self, name: str, timing: Timing) -> None:
        """A restart with other times."""
        self.hosts[name].timing = timing
        self.crash(name, lose_lazy=False)
        self.start(name)

    def reconfigure(self, name: str, members: Sequence[str]) -> None:
        """Restarted with another configuration."""
        host = self.hosts[name]
        self.crash(name, lose_lazy=False)
        host.members = tuple(members)
        self.start(name)

    def roll_back(self, name: str, disk: HardState) -> None:
        """It goes on with what a backup held, or with an empty directory."""
        host = self.hosts[name]
        self.crash(name, lose_lazy=True)
        host.disk, host.vouched = disk, False
        self.newest_told.pop(name, None)
        self.start(name)

    def leave_out(self, name: str) -> None:
        """It is started without the group, as far as the group sees of it, and does not run it."""
        self.crash(name, lose_lazy=True)
        host = self.hosts[name]
        host.disk = host.disk.retire()

    def crash(self, name: str, *, lose_lazy: bool) -> None:
        host = self.hosts[name]
        if host.unsynced is not None and not lose_lazy:
            host.disk = host.unsynced
        host.unsynced = None
        host.member = None

    def partition(self, group: set[str]) -> None:
        """Nothing passes between ``group`` and the others."""
        self.cut = {(a, b) for a in self.names for b in self.names if (a in group) != (b in group)}

    def heal(self) -> None:
        self.cut = set()

    # -- time and messages ---------------------------------------------------------------------

    def local(self, name: str) -> float:
        return self.now * self.hosts[name].clock_rate

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for name in self.names:
            self.step(name, Wake())

    def deliver(self, index: int, *, keep: bool = False) -> None:
        packet = self.packets[index] if keep else self.packets.pop(index)
        if (packet.sender, packet.to) not in self.cut and not self.refuses(packet.sender, packet.to):
            self.step(packet.to, Received(packet.sender, packet.message))

    def deliver_some(self, rng: random.Random) -> None:
        """Deliver one of the oldest, perhaps not for the last time; or lose it."""
        index = min(int(rng.expovariate(0.5)), len(self.packets) - 1)
        if rng.random() < 0.1:
            self.drop(index)
        else:
            self.deliver(index, keep=rng.random() < 0.1)

    def drop(self, index: int) -> None:
        self.packets.pop(index)

    def run(self, seconds: float, tick_s: float = 0.01) -> None:
        """Let time pass, delivering everything in order."""
        end = self.now + seconds
        while self.now < end:
            for _ in range(10_000):
                if not self.packets:
                    break
                self.deliver(0)
            else:
                raise AssertionError("messages without end")
            self.advance(tick_s)

    # -- stepping ------------------------------------------------------------------------------

    def step(self, name: str, given: Input, crash_after: int | None = None) -> None:
        """One input; with ``crash_after``, the process dies after that many of its effects."""
        host = self.hosts[name]
        if host.member is None:
            return
        try:
            effects = host.member.step(given, self.local(name))
        except (NotLeaderError, PeerViolationError):
            return  # A stranger's, by its configuration: the links would not even have let it in.
        for applied, effect in enumerate(effects):
            if crash_after is not None and applied >= crash_after:
                self.crash(name, lose_lazy=True)
                break
            self._apply(host, effect)
        else:
            host.note()
        self.check()

    def _apply(self, host: Host, effect: Effect) -> None:
        match effect:
            case Persist(state, lazy):
                if lazy:
                    host.unsynced = state
                else:
                    host.disk = state
                    host.unsynced = None
                    host.stored = max(host.stored, state.entry.id)
            case Send(to, message):
                if (host.name, to) not in self.cut:
                    self.packets.append(Packet(host.name, to, message))
            case Emit(Elected(term, _, entry)):
                self._elected(host, term, entry)
            case Emit(Committed(entry)):
                self._committed(host, entry)
            case _:
                pass

    def _elected(self, host: Host, term: int, entry: Entry) -> None:
        newest = max((id_ for id_ in self.committed if id_[0] < term), default=(0, 0))
        if entry.id < newest:
            raise SafetyError(f"S3: {host.name} leads in term {term} with {entry.id}: {newest} is undone")
        other = self.leader_of.setdefault(term, host.name)
        if other != host.name:
            raise SafetyError(f"S1: {other} and {host.name} both lead in term {term}")

    def _committed(self, host: Host, entry: Entry) -> None:
        known = self.committed.setdefault(entry.id, entry)
        if known != entry:
            raise SafetyError(f"S3: {known} and {entry} are both committed")
        stored = [h.name for h in self.hosts.values() if h.stored >= entry.id]
        member = host.member
        if member is not None and not member.view.membership.elects(stored):
            raise SafetyError(f"S5: {entry} is called committed, but only {stored} have stored it")
        topology = entry.topology
        if topology is not None:
            other = self.primary_of.setdefault(topology.term, topology.primary)
            if other != topology.primary:
                raise SafetyError(f"S3: two primaries in term {topology.term}: {other}, {topology.primary}")
            if topology.term < self.newest_told.get(host.name, 0):
                raise SafetyError(f"S3: {host.name} went back to term {topology.term}")
            self.newest_told[host.name] = topology.term
        self._directives_only_grow()

    def _directives_only_grow(self) -> None:
        """S8: what operators were told to be agreed on is never undone by a leader that was told nothing."""
        orders = [order_of(self.committed[id_]) for id_ in sorted(self.committed)]
        if orders != sorted(orders):
            raise SafetyError(f"S8: an order is forgotten: {orders}")

    # -- the leader's work, in its shortest form -----------------------------------------------

    def work(self, name: str, primary: str) -> None:
        """If ``name`` leads, it proposes ``primary`` as its term's topology, once."""
        member = self.hosts[name].member
        if member is None or not member.view.lease_valid(self.local(name)):
            return
        view = member.view
        current = view.newest.topology
        if current is None or current.term != view.term:
            previous = current.primary if current else None
            topology = Topology(primary, view.term, previous, "test", name, 0, 0)
            self.step(name, Propose(topology))

    def order(self, name: str) -> None:
        """If ``name`` leads, it proposes the next of the operators' orders."""
        member = self.hosts[name].member
        if member is None or not member.view.lease_valid(self.local(name)):
            return
        self.orders += 1
        entry = member.view.newest
        self.step(name, Propose(entry.topology, None, Directives(Pause(self.orders, name))))

    def resign(self, name: str) -> None:
        self.step(name, Want(frozenset()))
        self.step(name, StopLeading())

    def leaders(self) -> list[str]:
        return [
            host.name
            for host in self.hosts.values()
            if host.member is not None and host.member.view.lease_valid(self.local(host.name))
        ]

    def check(self) -> None:
        leaders = self.leaders()
        if len(leaders) > 1:
            raise SafetyError(f"S4: {leaders} hold a lease at the same time")
        for host in self.hosts.values():
            if host.member is not None:
                view = host.member.view
                if host.disk.term > view.term or host.disk.entry.id > view.newest.id:
                    raise SafetyError(f"S2: {host.name} forgot what is on its disk")
