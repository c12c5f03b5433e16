"""The world of an interaction script: real members on virtual time, their disks, and a bag of messages.

Nothing moves but by a command: time stands still, and a message stays in the bag until it is delivered or
dropped. Effects are applied as the driver does, in order, a ``Persist`` before what stands behind it.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from quorum.detector import Patience
from quorum.effects import Effect, Emit, Persist, Send
from quorum.errors import MembershipError, NotLeaderError, PeerViolationError
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Input, Observed, Received, Wake, Watch
from quorum.member import Member
from quorum.member_config import MemberConfig
from quorum.messages import HardState, Message
from quorum.timing import Timing
from tests.unit.quorum.interaction_printer import event_text, message_text, persist_text
from tests.unit.quorum.interaction_script import CommandError
from tests.unit.quorum.member_cases import raft_member

NODES = ("n1", "n2", "n3")
GROUP = "g97"
"""A name for which the sentinels' ranks are in the order of their own: s1 is first in line."""
TIMING = Timing()
PATIENCE = Patience(refused_after_s=0.1, down_after_s=1.0, loading_after_s=30.0)
OPINION_TTL_S = 3.0
MAX_STEPS = 2_000
PROBE_EVERY_S = 0.1
SAME_MOMENT_S = 1e-6
"""Sums of the same times in another order differ by less."""


class ChosenDraws(random.Random):
    """Draws what the script says: ``fraction`` of the way from the shortest to the longest timeout."""

    fraction = 0.5

    def random(self) -> float:
        return self.fraction


@dataclass
class Host:
    """A sentinel's machine: ``member`` is None while its process is down; ``disk`` outlives it."""

    name: str
    disk: HardState
    draws: ChosenDraws = field(default_factory=ChosenDraws)
    unwritten: HardState | None = None
    """A lazy write that a crash loses."""
    member: Member | None = None
    boots: int = 0
    probed_at: float = 0.0
    wake_at: float = 0.0
    """The deadline that the member asked for after its last step, or the next probe."""
    members: frozenset[str] = frozenset()
    """With whom its configuration says that it votes."""
    vouched: bool = True
    """Its disk is the one that it wrote last."""
    backup: HardState | None = None
    cannot_reach: set[str] = field(default_factory=set)
    """The nodes that refuse connections, as seen from here."""


@dataclass(frozen=True, slots=True)
class Packet:
    sender: str
    to: str
    message: Message

    def __str__(self) -> str:
        return f"{self.sender}->{self.to} {message_text(self.message)}"


class World:
    """Each method returns the lines of what happened. ``now`` counts from when the members may vote."""

    def __init__(self, size: int, quorum: int, state: HardState) -> None:
        self.names = tuple(f"s{number}" for number in range(1, size + 1))
        self.now = -TIMING.election_max_s
        self.bag: list[Packet] = []
        self.hosts = {name: Host(name, state, members=frozenset(self.names)) for name in self.names}
        self.cut: set[tuple[str, str]] = set()
        self._quorum = quorum
        for name in self.names:
            self.start(name)
        self.advance(0.0)

    @property
    def now_ms(self) -> int:
        return round(self.now * 1000)

    # -- processes -----------------------------------------------------------------------------

    def host(self, name: str) -> Host:
        if name not in self.hosts:
            raise CommandError(f"there is no sentinel {name!r}")
        return self.hosts[name]

    def member(self, name: str) -> Member:
        member = self.host(name).member
        if member is None:
            raise CommandError(f"{name} is not running")
        return member

    def start(self, name: str) -> list[str]:
        host = self.host(name)
        if host.member is not None:
            raise CommandError(f"{name} is running already")
        host.boots += 1
        config = MemberConfig(
            name,
            GROUP,
            host.members,
            self._quorum,
            PATIENCE,
            TIMING,
            OPINION_TTL_S,
            host.boots,
            ballot=host.boots,
            vouched=host.vouched,
        )
        try:
            host.member = raft_member(config, host.disk, host.draws, self.now)
        except MembershipError as error:
            return [f"does not start: {error}"]
        return self.step(name, Watch(NODES)) + self._probe(host)

    def add(self, name: str) -> None:
        """A machine that nobody has configured yet, with an empty disk."""
        if name in self.hosts:
            raise CommandError(f"there is a sentinel {name!r} already")
        self.names = (*self.names, name)
        self.hosts[name] = Host(name, HardState(), vouched=False)

    def put_on_disk(self, name: str, state: HardState) -> None:
        """Another state than the one that the sentinel wrote last."""
        host = self.host(name)
        if host.member is not None:
            raise CommandError(f"{name} is running")
        host.disk, host.vouched = state, False

    def crash(self, name: str) -> list[str]:
        host = self.host(name)
        self.member(name)
        lost = [f"lost: {persist_text(Persist(host.unwritten, True), host.disk)}"] if host.unwritten else []
        host.member = host.unwritten = None
        return lost

    # -- time ----------------------------------------------------------------------------------

    def advance(self, until: float, *, deliver: bool = False, asleep: str = "") -> list[str]:
        """Let time pass. Each member but ``asleep`` is woken when it asked for it.

        With ``deliver`` the network is perfect.
        """
        lines = self.deliver_all() if deliver else []
        for _ in range(MAX_STEPS):
            host = self._next_due(asleep)
            if host is None or host.wake_at > until + SAME_MOMENT_S:
                self.now = max(self.now, until)
                return lines
            self.now = max(self.now, host.wake_at)
            woken = self._probe(host) + self.step(host.name, Wake())
            lines += _under(f"{self.now_ms}ms {host.name} wakes", woken) if woken else []
            lines += self.deliver_all() if deliver else []
        raise CommandError("time does not get on")

    def _next_due(self, asleep: str) -> Host | None:
        running = [host for host in self.hosts.values() if host.member is not None and host.name != asleep]
        return min(running, key=lambda host: host.wake_at, default=None)

    def _probe(self, host: Host) -> list[str]:
        host.probed_at = self.now
        return [line for node in NODES for line in self.probe(host.name, node)]

    def probe(self, name: str, node: str) -> list[str]:
        """A node that is not down for this sentinel answers it."""
        refuses = node in self.host(name).cannot_reach
        kind = EvidenceKind.REFUSED if refuses else EvidenceKind.ALIVE
        return self.step(name, Observed(node, Evidence(kind)))

    # -- messages ------------------------------------------------------------------------------

    def deliver(self, packets: list[Packet]) -> list[str]:
        """Each of ``packets`` that is in the bag, in order."""
        lines: list[str] = []
        for packet in packets:
            self.bag.remove(packet)
            if self.hosts[packet.to].member is None:
                lines.append(f"{packet} (lost: {packet.to} is down)")
            else:
                lines += _under(str(packet), self.step(packet.to, Received(packet.sender, packet.message)))
        return lines

    def deliver_all(self) -> list[str]:
        """Until the bag is empty, what is sent meanwhile included."""
        lines: list[str] = []
        for _ in range(MAX_STEPS):
            if not self.bag:
                return lines
            lines += self.deliver(self.bag[:1])
        raise CommandError("messages without end")

    def lose(self, packets: list[Packet]) -> list[str]:
        for packet in packets:
            self.bag.remove(packet)
        return [f"{packet} (lost)" for packet in packets]

    # -- one step ------------------------------------------------------------------------------

    def step(self, name: str, given: Input) -> list[str]:
        host, member = self.host(name), self.member(name)
        try:
            effects = member.step(given, self.now)
        except (NotLeaderError, PeerViolationError) as error:
            return [f"{type(error).__name__}: {error}"]
        deadline = member.next_deadline(self.now)
        host.vouched = host.vouched or not member.view.listening
        host.wake_at = min(host.probed_at + PROBE_EVERY_S, math.inf if deadline is None else deadline)
        return [self._apply(host, effect) for effect in effects]

    def _apply(self, host: Host, effect: Effect) -> str:
        match effect:
            case Persist(state, lazy):
                said = persist_text(effect, host.unwritten or host.disk)
                host.unwritten = state if lazy else None
                host.disk = host.disk if lazy else state
                return said
            case Send(to, message):
                packet = Packet(host.name, to, message)
                if (host.name, to) in self.cut:
                    return f"{packet} (lost: cut off)"
                self.bag.append(packet)
                return str(packet)
            case Emit(event):
                return event_text(event)


def _under(heading: str, lines: list[str]) -> list[str]:
    return [heading, *(f"  {line}" for line in lines)]
