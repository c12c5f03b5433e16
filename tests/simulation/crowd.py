"""Many groups at three sentinels, each of which has one event loop, one line of elections and one link to
each peer for all of them. Then all primaries are lost at once.

Each group is a ``World`` of its own, with its nodes and its part of each sentinel; they share the clock and
the loops. What a callback costs was measured on real sentinels, roughly: some 20 ms for each lost primary.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from promotion.sealing import WriteRules
from quorum.effects import Persist, Send
from quorum.inputs import Gossip, Observed, PeerGone, Received, Stalled, Wake
from quorum.messages import Message
from sentinel.coordination.inputs import GroupEffect, GroupInput, InfoSeen, LinkHeard, Perform, Read
from sentinel.group.election_line import ElectionLine
from sentinel.group.peer_reports import Reports
from sentinel.nodes.info_pace import AT_ONCE, LINKS_AT_ONCE, LINKS_PAUSE_S, PAUSE_S, Pace
from sentinel.notices import leaders
from sentinel.notices.notice import Notice
from tests.simulation.contact import Contact
from tests.simulation.faults import Cast
from tests.simulation.host import TICK_S, GroupShape, Host
from tests.simulation.loops import Loop, Quota
from tests.simulation.node import Settings
from tests.simulation.probing import Eye, Probing
from tests.simulation.schedule import Schedule
from tests.simulation.world import PORT, Setup, World

SENTINELS = ("h1", "h2", "h3")
NODES = tuple(f"n{number}:{PORT}" for number in (1, 2, 3))
QUIET_S = 4.0
LOOK_S = 0.01
"""How exactly it is known when a group has a primary again."""

MS = 0.001
CALLBACK_S = 0.03 * MS
TICK_COST_S = 0.01 * MS
"""One callback ticks for many groups."""
STEP_S = 0.25 * MS
CONFIRMS_S = 0.05 * MS
PARSE_S = 0.1 * MS
BY_INPUT = {InfoSeen: 0.8 * MS, LinkHeard: 0.2 * MS, Received: 0.25 * MS, Observed: 0.3 * MS}
SEND_S = 0.08 * MS
PERSIST_S = 0.2 * MS
READ_S = 0.3 * MS
PERFORM_S = 3.0 * MS


class Machine:
    """What the groups of one sentinel share."""

    def __init__(self, name: str, schedule: Schedule, factor: float, share: float) -> None:
        self.name = name
        self.hosts: list[CrowdHost] = []
        self.loop = Loop(schedule, self._on_stall, factor, Quota(share))
        self.line = ElectionLine(self.loop)
        self.infos: Pace[Eye] = Pace(lambda eye: eye.ask_info(), AT_ONCE, PAUSE_S, self.loop)
        self.links: Pace[Eye] = Pace(lambda eye: eye.ask_link(), LINKS_AT_ONCE, LINKS_PAUSE_S, self.loop)
        self.reports = Reports(self._register, self.loop)
        self.stalls = 0

    def _register(self, group: str) -> CrowdHost | None:
        return next((host for host in self.hosts if host.shape.name == group), None)

    def _on_stall(self, gap_s: float) -> None:
        self.stalls += 1
        for host in self.hosts:
            host.feed(Stalled(gap_s))


class SharedContact(Contact):
    """The links of the first group's are all groups' links."""

    def __init__(self, host: CrowdHost) -> None:
        self._machine = host.machine
        super().__init__(host)

    @property
    def _is_first(self) -> bool:
        return self._machine.hosts[0].contact is self

    def tick(self) -> None:
        if self._is_first:
            super().tick()

    def heard(self, peer: str) -> None:
        if self._is_first:
            super().heard(peer)
        else:
            self._machine.hosts[0].contact.heard(peer)

    def _on_touch(self, peer: str, in_touch: bool) -> None:
        for host in self._machine.hosts:
            host.gossip() if in_touch else host.feed(PeerGone(peer))


class CrowdHost(Host):
    def __init__(
        self, name: str, world: World, shape: GroupShape, members: frozenset[str], machine: Machine
    ) -> None:
        self.machine = machine
        super().__init__(name, world, shape, members)
        machine.hosts.append(self)
        self.phase = len(machine.hosts)
        self.probing = Probing(self)
        self.vouched = True
        self._place = machine.line.place()
        self.crowd = self._place
        self._tick_waits_for_turn = False
        self.contact = SharedContact(self)

    def start(self) -> None:
        super().start()
        if self.brain is not None:
            self._place.belongs_to(self.brain.member, partial(self.feed, Wake()))

    @property
    def lags(self) -> bool:
        return True

    def late_s(self) -> float:
        return self.machine.loop.late_s()

    def unread_s(self) -> float:
        return self.machine.loop.unread_s()

    @property
    def spares(self) -> bool:
        return self.machine.loop.spares

    @property
    def read_up_to(self) -> float:
        return self.machine.loop.read_up_to

    def when_awake(self, call: Callable[[], None], can_wait: object = None) -> None:
        def run() -> None:
            self.machine.loop.spend(CALLBACK_S)
            call()

        self.machine.loop.submit(run, can_wait)

    def worked(self, given: GroupInput, *, stepped: bool) -> None:
        cost_s = BY_INPUT.get(type(given), STEP_S) if stepped else CONFIRMS_S
        if isinstance(given, Gossip) and not given.looks:
            cost_s = CONFIRMS_S
        self.machine.loop.look()
        self.machine.loop.spend(cost_s)

    def stepped(self) -> None:
        self._place.look()

    def receive(self, sender: str, message: Message) -> None:
        self.machine.loop.spend(PARSE_S)
        self.machine.reports.heard(sender, [(self.shape.name, message)])

    def received(self, sender: str, message: Message) -> None:
        """As ``sentinel.peer_reports`` wants it."""
        super().receive(sender, message)

    def ask_info(self, eye: Eye) -> None:
        self.machine.infos.request(eye)

    def ask_link(self, eye: Eye) -> None:
        self.machine.links.request(eye)

    def _apply(self, effect: GroupEffect) -> None:
        match effect:
            case Send():
                self.machine.loop.spend(SEND_S)
            case Persist():
                self.machine.loop.spend(PERSIST_S)
            case Read():
                self.machine.loop.spend(READ_S)
            case Perform():
                self.machine.loop.spend(PERFORM_S)
        super()._apply(effect)

    def _tick(self, boots: int) -> None:
        if self.boots != boots:
            return
        self.world.schedule.at(TICK_S, partial(self._tick, boots))
        if not self._tick_waits_for_turn:
            self._tick_waits_for_turn = True
            self.machine.loop.submit(self._take_tick)

    def _take_tick(self) -> None:
        self._tick_waits_for_turn = False
        self.machine.loop.spend(TICK_COST_S)
        self._on_tick()


class GroupWorld(World):
    """One of the groups."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self.crowd = crowd
        self.name = f"g{number}"
        self.lost: str | None = None
        self.lost_at = self.recovered_at = 0.0
        cast = Cast(SENTINELS, NODES, ())
        seed = crowd.seed * 1000 + number
        super().__init__(Setup(seed, "any", cast, WriteRules(), Settings(), ()), crowd.schedule)

    def add_host(self, place: str, members: frozenset[str]) -> Host:
        shape = GroupShape(name=self.name)
        self.hosts[place] = host = CrowdHost(place, self, shape, members, self.crowd.machines[place])
        return host

    def on_notice(self, host: Host, notice: Notice) -> None:
        super().on_notice(host, notice)
        if self.lost is not None:
            if isinstance(notice.event, leaders.SteppedDown):
                self.crowd.ends[notice.event.reason] += 1
            self.crowd.notices[notice.event.name] += 1

    def lose_primary(self) -> None:
        topology = self.hosts["h1"].disk.committed.topology
        assert topology is not None
        self.elected.clear()
        self.lost, self.lost_at = topology.primary, self.schedule.now
        self.nodes[self.lost].crash()

    def look(self) -> None:
        if self.recovered_at or self.lost is None:
            return
        if any(node.follows is None for node in self.nodes.values() if node.running):
            self.recovered_at = self.schedule.now

    @property
    def is_settled(self) -> bool:
        """Every sentinel knows of the new primary."""
        topologies = [host.disk.committed.topology for host in self.hosts.values()]
        return all(topology is not None and topology.primary != self.lost for topology in topologies)


@dataclass(frozen=True, slots=True)
class Result:
    """Times are from the loss of the primaries on."""

    groups: int
    recovered: tuple[float, ...]
    elections: int
    settled: int
    ends: dict[str, int]
    notices: dict[str, int]
    busy_s: float
    """Processor time of one sentinel, meanwhile."""
    latest_s: float
    stalls: int

    @property
    def elections_each(self) -> float:
        return self.elections / self.groups

    @property
    def last_s(self) -> float:
        return max(self.recovered, default=0.0)

    @property
    def longest_wait_s(self) -> float:
        """Without any group's getting its primary."""
        times = [0.0, *sorted(self.recovered)]
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)

    def __str__(self) -> str:
        median = statistics.median(self.recovered) if self.recovered else 0.0
        return (
            f"{len(self.recovered)} of {self.groups} groups recovered, {self.settled} settled; "
            f"{self.elections_each:.2f} elections a group; median {median:.2f} s, last {self.last_s:.2f} s, "
            f"longest without progress {self.longest_wait_s:.2f} s; {self.busy_s:.2f} s of processor time a "
            f"sentinel, a callback waited {self.latest_s:.2f} s at most, {self.stalls} stalls; ended: "
            f"{dict(sorted(self.ends.items()))}"
        )


class Crowd:
    """``factor``: how slow the machines are; ``share``: of a processor, that each sentinel has."""

    def __init__(self, groups: int, *, factor: float = 1.0, share: float = 1.0, seed: int = 1) -> None:
        self.seed = seed
        self.schedule = Schedule()
        self.ends: Counter[str] = Counter()
        self.notices: Counter[str] = Counter()
        self._factor, self._share = factor, share
        self.machines = {name: Machine(name, self.schedule, 0.1, 1.0) for name in SENTINELS}
        self.groups = [GroupWorld(self, number) for number in range(groups)]
        for machine in self.machines.values():
            machine.loop.start()
        self._checked = 0
        self.schedule.after_each = self._check

    def run(self, limit_s: float = 40.0) -> Result:
        """All is well at first, with time enough; then the primaries are lost, and it is short."""
        self.schedule.run(QUIET_S)
        for machine in self.machines.values():
            machine.loop.factor, machine.loop.quota.share = self._factor, self._share
        self.schedule.run(1.0)
        for group in self.groups:
            assert group.unsettled() is None, group.unsettled()
        loops = [machine.loop for machine in self.machines.values()]
        stalls = sum(machine.stalls for machine in self.machines.values())
        for loop in loops:
            loop.latest_s = loop.busy_s = 0.0
        for group in self.groups:
            group.lose_primary()
        began, waited_s = self.schedule.now, 0.0
        while waited_s < limit_s and not all(
            group.recovered_at and group.is_settled for group in self.groups
        ):
            self.schedule.run(LOOK_S)
            waited_s += LOOK_S
            for group in self.groups:
                group.look()
        return Result(
            len(self.groups),
            tuple(group.recovered_at - began for group in self.groups if group.recovered_at),
            sum(len(group.elected) for group in self.groups),
            sum(group.is_settled for group in self.groups),
            dict(self.ends),
            dict(self.notices),
            statistics.mean(loop.busy_s for loop in loops),
            max(loop.latest_s for loop in loops),
            sum(machine.stalls for machine in self.machines.values()) - stalls,
        )

    def _check(self) -> None:
        """One group's rules after each event: in turn, for all at each would take for ever."""
        self._checked = (self._checked + 1) % len(self.groups)
        self.groups[self._checked].checks.leases()
