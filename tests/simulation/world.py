"""One whole run: sentinels, nodes, clients, a network, and what is to go wrong, on one virtual clock."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import partial

from promotion.actions import Request
from promotion.sealing import WriteRules
from promotion.step_types import SEAL_HOST, SEAL_PORT, WriteSafety
from quorum.messages import Topology
from sentinel.coordination.inputs import Ordered, Requested
from sentinel.coordination.orders import ResumeOrder
from sentinel.notices import leaders, nodes
from sentinel.notices.notice import Notice
from sentinel.notices.sentences import sentence
from tests.simulation import seen
from tests.simulation.balancing import ADDED, draw_balanced
from tests.simulation.balancing import ONE_IN as BALANCED_ONE_IN
from tests.simulation.checks import Checks
from tests.simulation.clients import EVERY_S, KEY, Client
from tests.simulation.cluster_ids import NAMED, IdRegister, draw_ids
from tests.simulation.cluster_mode import ONE_IN, draw_cluster_mode
from tests.simulation.cluster_mode import leave as leave_cluster_mode
from tests.simulation.coverage import Coverage
from tests.simulation.directories import KINDS as DIRECTORIES
from tests.simulation.directories import TROUBLED, Backups, draw_directories
from tests.simulation.faults import (
    DIRECTIVES,
    HARMLESS,
    HARMLESS_TO_LINKS,
    NAMES,
    REFUSING,
    SAFETY_S,
    SENTINELS_ONLY,
    Cast,
    Fault,
    draw_directives,
    draw_names,
    draw_of,
    draw_plan,
    draw_returns,
)
from tests.simulation.foreign import Foreign, draw_foreign
from tests.simulation.host import GroupShape, Host
from tests.simulation.lasting import (
    LASTING,
    LIMIT_S,
    Lasting,
    Loss,
    begin,
    draw_lasting,
    draw_lasting_rules,
    lose_primary,
    staying,
    unserved,
)
from tests.simulation.naming import ALIAS, Naming, Nodes, true_name
from tests.simulation.network import Network
from tests.simulation.node import Node, Servers, Settings
from tests.simulation.replacing import REPLACED, Replacement, Replacing, draw_replacement
from tests.simulation.schedule import Schedule
from tests.simulation.strikes import strike
from tests.simulation.terms import RAISE, RAISED, SPOIL, draw_terms, repair
from tests.simulation.twins import TWINNED, Pairs, draw_twins

QUIET_S = 3.0
TO_MEMBERS = frozenset({*DIRECTIVES, *NAMES, *DIRECTORIES, RAISE, SPOIL, ADDED})
HEAL_S = 90.0
PORT = 6379
SAFETY = WriteSafety(1, 2)
RETURNING = 0.1
"""In so many runs a primary comes back in the role of a replica, and nothing else fails."""
DIRECTED = 4
"""In one of so many runs operators also pause the group and schedule switchovers."""
ASK_EVERY_S = 0.05
"""How often every sentinel is asked who is primary."""
MIXED_TIMES = 6
"""In one of so many runs the sentinels do not have the same times."""
RENAMED = 4
"""In one of so many runs sentinels are restarted with nodes under other names, left out, or listed twice."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a seed makes of a run, beside the faults. ``style`` says which promises are checked at the end."""

    seed: int
    style: str
    cast: Cast
    rules: WriteRules
    settings: Settings
    plan: tuple[Fault, ...]
    wild_clock: bool = False
    spare: Fault | None = None
    """What becomes of a replica that nobody configured, if there is one."""
    write_every_s: float = EVERY_S
    lasting: tuple[Lasting, ...] = ()
    """Faults that stay until the group has served again: then the primary is lost, as ``loss`` says."""
    loss: Loss | None = None
    mixed_times: bool = False
    """Each start of a sentinel draws the times of its elections: operators are changing them, one by one."""
    replacement: Replacement | None = None
    """A sentinel is replaced by another."""
    ids: tuple[tuple[str, float], ...] = ()
    """From when on each sentinel speaks of the cluster's id; empty: there is none in this run."""
    crowd: int = 1
    """How many groups each sentinel has that want a leader at the same time, as far as it believes."""


def draw_setup(seed: int) -> Setup:
    """``any``: everything may fail. ``gentle``: only sentinels. ``harmless``: nothing that is down.
    ``durable``: WAIT is to be honoured, one node fails at a time. ``refusing``: nodes live, and refuse.
    ``returns``: only primaries come back as replicas, and what another node had is to be kept.
    """
    if random.Random(f"{seed} lasting").randrange(LASTING) == 0:
        return _draw_lasting(seed)
    if random.Random(f"{seed} twins").randrange(TWINNED) == 0:
        return _draw_twins(seed)
    rng = random.Random(seed)
    sentinels = tuple(f"h{i}" for i in range(1, rng.choice([3, 3, 3, 5]) + 1))
    nodes = tuple(f"h{i}:{PORT}" for i in range(1, rng.choice([2, 3, 3, 3]) + 1))
    cast = Cast(sentinels, nodes, ("c1", "c2"))
    style = rng.choices(["any", "gentle", "durable", "harmless", "refusing"], [6, 2, 2, 1, 2])[0]
    rules = WriteRules()
    if style == "durable":
        rules = WriteRules(acknowledged_by=1)
    elif style == "any" and rng.random() < 0.4:
        safety = SAFETY if rng.random() < 0.7 else None
        rules = WriteRules(
            safety=safety,
            fence_wait=safety is not None and rng.random() < 0.5,
            acknowledged_by=rng.choice([None, None, 1, 2]),
            self_fence=rng.random() < 0.5,
        )
    settings = Settings(
        saves=rng.random() < 0.7 or style == "durable",
        backlog_bytes=rng.choice([1000, 1 << 20, 1 << 20]),
        pausing=rng.random() < 0.7,
    )
    if style == "gentle":
        enabled = ["operator switchover", *rng.sample(SENTINELS_ONLY[:-1], rng.randrange(1, 5))]
        plan = draw_of(rng, cast, enabled)
    elif style == "harmless":
        plan = draw_of(rng, cast, rng.choice([HARMLESS, HARMLESS_TO_LINKS]))
    elif style == "refusing":
        plan = draw_of(rng, cast, REFUSING, sparing=True)
    else:
        plan = draw_plan(rng, cast, sparing=style == "durable")
    if seed % DIRECTED == 2 and style != "harmless":
        plan = sorted([*plan, *draw_directives(rng, cast)], key=lambda fault: fault.at_s)
    if seed % RENAMED == 3 and style in ("any", "gentle"):
        names = draw_names(random.Random(f"{seed} names"), cast)
        plan = sorted([*plan, *names], key=lambda fault: fault.at_s)
    raised = random.Random(f"{seed} terms")
    if style != "harmless" and raised.randrange(RAISED) == 0:
        plan = sorted([*plan, *draw_terms(raised, cast)], key=lambda fault: fault.at_s)
    modes = random.Random(f"{seed} cluster mode")
    if style == "any" and modes.randrange(ONE_IN) == 0:
        plan = sorted([*plan, *draw_cluster_mode(modes, cast)], key=lambda fault: fault.at_s)
    listed = random.Random(f"{seed} balanced name")
    if style == "gentle" and listed.randrange(BALANCED_ONE_IN) == 0:
        plan = sorted([*plan, *draw_balanced(listed, cast)], key=lambda fault: fault.at_s)
    disks = random.Random(f"{seed} directories")
    if style != "harmless" and disks.randrange(TROUBLED) == 0:
        plan = sorted([*plan, *draw_directories(disks, cast)], key=lambda fault: fault.at_s)
    chance = random.Random(f"{seed} returns")
    if chance.random() < RETURNING:
        # Nothing else fails, and no rule of the group asks for more.
        style, rules, plan = "returns", WriteRules(), draw_returns(chance, cast)
    crowd = random.Random(f"{seed} crowd").choice([1, 1, 1, 20, 120])
    own = random.Random(f"{seed} foreign")
    spare = (
        draw_foreign(own) if style == "any" and rules.acknowledged_by is None and own.random() < 0.5 else None
    )
    mixed = random.Random(f"{seed} times").randrange(MIXED_TIMES) == 0
    staff = random.Random(f"{seed} replaced")
    # Which of two things that somebody does to a member comes first is for people to decide.
    steady = {fault.kind for fault in plan}.isdisjoint(TO_MEMBERS)
    replacement = (
        draw_replacement(staff, cast)
        if steady and style not in ("harmless", "returns") and staff.randrange(REPLACED) == 0
        else None
    )
    return Setup(
        seed,
        style,
        cast,
        rules,
        settings,
        tuple(plan),
        spare=spare,
        mixed_times=mixed,
        replacement=replacement,
        ids=_draw_ids(seed, cast, upgraded=replacement is None),
        crowd=crowd,
    )


def _draw_ids(seed: int, cast: Cast, *, upgraded: bool) -> tuple[tuple[str, float], ...]:
    rng = random.Random(f"{seed} ids")
    return draw_ids(rng, cast, upgraded=upgraded) if rng.randrange(NAMED) == 0 else ()


def _draw_lasting(seed: int) -> Setup:
    """``lasting``: nothing else fails. The nodes are beside the sentinels, or on hosts of their own."""
    rng = random.Random(seed)
    sentinels = tuple(f"h{i}" for i in range(1, rng.choice([3, 3, 5]) + 1))
    where = rng.choice("hn")
    cast = Cast(sentinels, tuple(f"{where}{i}:{PORT}" for i in (1, 2, 3)), ("c1", "c2"))
    lasting, loss = draw_lasting(rng, cast)
    settings = Settings(pausing=rng.random() < 0.7)
    crowd = rng.choice([1, 1, 20])
    rules = draw_lasting_rules(random.Random(f"{seed} lasting rules"), lasting)
    if rules != WriteRules():
        # With one lost and one that refuses there is still a replica for what the group demands.
        cast = replace(cast, nodes=(*cast.nodes, f"{where}4:{PORT}"))
    return Setup(seed, "lasting", cast, rules, settings, (), lasting=lasting, loss=loss, crowd=crowd)


def _draw_twins(seed: int) -> Setup:
    """``twins``: two processes of one id, among sentinels that have to elect meanwhile."""
    rng = random.Random(seed)
    sentinels = tuple(f"h{i}" for i in range(1, rng.choice([3, 3, 5]) + 1))
    cast = Cast(sentinels, tuple(f"n{i}:{PORT}" for i in (1, 2, 3)), ("c1", "c2"))
    settings = Settings(pausing=rng.random() < 0.7)
    plan = tuple(draw_twins(rng, cast))
    return Setup(seed, "twins", cast, WriteRules(), settings, plan, ids=_draw_ids(seed, cast, upgraded=True))


class World:
    """``run`` it once. ``story`` is what happened, line by line."""

    def __init__(self, setup: Setup, schedule: Schedule | None = None) -> None:
        self.setup = setup
        self.rng = random.Random(setup.seed + 1)
        self.schedule = schedule or Schedule()
        self.network = Network(self.rng)
        self.coverage = Coverage()
        self.checks = Checks(self)
        self.story: list[str] = []
        self.emptied = False
        """Somebody destroyed data on purpose, so that an empty node is nothing wrong."""
        self.unfenced = False
        """Somebody, or a lost file, has taken the fence out of the data set."""
        self._bereft: dict[tuple[str, int], str] = {}
        """Which history a node lost as the primary of which term, its process ended and not all kept."""
        self.denials: set[tuple[str, str]] = set()
        self.nameless: set[tuple[str, str]] = set()
        self.out_of_files: set[str] = set()
        """Sentinels that can make no new connection to a node."""
        self.slow_info: dict[str, float] = {}
        self.forwarded_until: dict[str, float] = {}
        """From when on the forwarder of a node may be away again."""
        self._begun: set[str] = set()
        """Faults, by kind."""
        self.late: list[float] = []
        self.trap: tuple[int, float] | None = None
        """After how many effects the next leader is stopped, for how long, or crashes if that is 0."""
        self.elected: list[str] = []
        self.backups = Backups()
        self.pairs = Pairs(self)
        self._processes = 0
        self._operations = 0
        self.nodes = Nodes(setup.cast.nodes)
        servers = Servers(self.schedule, self.network, random.Random(self.rng.random()), true_name)
        first = setup.cast.nodes[0].partition(":")[0]
        for name in setup.cast.nodes:
            host = name.partition(":")[0]
            follows = None if host == first else (first, PORT)
            self.nodes[name] = servers.add(host, PORT, setup.settings, follows)
        for node in self.nodes.values():
            node.start()
        self.servers = Nodes(setup.cast.nodes, self.nodes)
        """Those that nobody configured too."""
        self.replacing: Replacing | None = None
        self.foreign: Foreign | None = None
        if setup.spare is not None:
            self.foreign = Foreign(self, servers, setup.settings, (first, PORT))
            self.servers[self.foreign.node.name] = self.foreign.node
        self.hosts: dict[str, Host] = {}
        for place in setup.cast.sentinels:
            self.add_host(place, frozenset(setup.cast.sentinels))
        for machine in self.hosts.values():
            machine.start()
        wait = setup.rules.acknowledged_by or 1
        self.clients = [
            Client(name, self, wait if index % 2 else 0) for index, name in enumerate(setup.cast.clients)
        ]
        self.schedule.after_each = self.after_each
        self._looks = 0
        self._ask_at = 0.0

    def add_host(self, place: str, members: frozenset[str]) -> Host:
        """A machine with a sentinel that was never started."""
        self.hosts[place] = self.make_host(place, members)
        return self.hosts[place]

    def make_host(self, place: str, members: frozenset[str]) -> Host:
        return Host(place, self, GroupShape(rules=self.setup.rules, crowd=self.setup.crowd), members)

    def make_ids(self, host: Host) -> IdRegister | None:
        """Whoever comes later speaks of it from its first start on."""
        return IdRegister(host, dict(self.setup.ids).get(host.name, 0.0)) if self.setup.ids else None

    def next_process(self) -> int:
        """Of all sentinels together, so that no two have the same."""
        self._processes += 1
        return self._processes

    def remove_host(self, place: str) -> None:
        """Its sentinel is stopped for good, and its directory thrown away."""
        self.tell(place, "leaves for good")
        host = self.hosts.pop(place)
        host.removed = True
        host.crash()

    @property
    def gentle(self) -> bool:
        return self.setup.style == "gentle"

    @property
    def at_s(self) -> float:
        """Seconds since the start of the run."""
        return self.schedule.now - 1000.0

    @property
    def wall_ms(self) -> int:
        """What the time really is; each sentinel has a wall clock of its own."""
        return round(self.schedule.now * 1000)

    def run(self) -> None:
        """Raises RuleBrokenError, or whatever the code under test raises."""
        self.schedule.run(QUIET_S)
        if self.unsettled() is not None:
            self.checks.broken(f"L1: {self.unsettled()} after a quiet start")
        if self.setup.loss is not None:
            self._serves_while_faults_stay(self.setup.loss)
        for fault in self.setup.plan:
            self.schedule.at(fault.at_s, partial(self._strike, fault))
        if self.foreign is not None and self.setup.spare is not None:
            self.schedule.at(self.setup.spare.at_s, partial(self.foreign.strike, self.setup.spare))
        if self.setup.replacement is not None:
            self.replacing = Replacing(self, self.setup.replacement)
        self.schedule.run(SAFETY_S)
        for kind in self._begun:
            if seen.was_seen(self, kind):
                self.coverage.add(seen.happened(kind))
        self._heal()
        if not self.settles(HEAL_S):
            if self._refuses_to_wipe():
                self.coverage.add("refused to let an empty primary wipe the rest")
            elif self._refuses_to_choose():
                self.coverage.add("refused to choose among nodes that need not have what was lost")
            else:
                self.checks.broken(f"L1: {self.unsettled()}, {HEAL_S:.0f} s after everything was healed")
            self._decide()
            if not self.settles(HEAL_S):
                self.checks.broken(f"L1: {self.unsettled()}, though an operator decided")
        self.schedule.run(5.0)
        # What was on its way when it was first in order may have upset it once more.
        if not self.settles(HEAL_S):
            self.checks.broken(f"L1: {self.unsettled()}, once more, {HEAL_S:.0f} s after it was in order")
        self.schedule.run(5.0)
        before = len(self.elected)
        self.schedule.run(5.0)
        # An operator's request may have been put off until now.
        for_nothing = [who for who in self.elected[before:] if "operator" not in who]
        if for_nothing:
            self.checks.broken(f"L1: elections go on in a group that is in order: {for_nothing}")
        if self.setup.style in ("gentle", "durable", "refusing"):
            self.checks.fenced()
        self._check_writes()

    def _serves_while_faults_stay(self, loss: Loss) -> None:
        for trouble in self.setup.lasting:
            begin(self, trouble)
        self.schedule.run(loss.after_s)
        lost = lose_primary(self, loss)
        self.tell("", f"FAULT   {lost} {'hangs' if loss.hangs else 'crashes'} for good")
        for _ in range(int(LIMIT_S)):
            self.schedule.run(1.0)
            if unserved(self) is None:
                break
        else:
            self.checks.broken(f"L1: {unserved(self)}, {LIMIT_S:.0f} s after {lost} was lost")
        self.schedule.run(15.0)
        if unserved(self) is not None:
            self.checks.broken(f"L1: {unserved(self)}, after the group had served again")
        for trouble in self.setup.lasting:
            if seen.was_seen(self, trouble.kind):
                self.coverage.add(staying(trouble.kind))

    def settles(self, limit_s: float) -> bool:
        """Whether all is in order within that time."""
        for _ in range(int(limit_s)):
            self._resume()
            self.schedule.run(1.0)
            if self.unsettled() is None:
                return True
        return False

    def _resume(self) -> None:
        """What a person does who finds the group still paused when all is well again."""
        for host in self.hosts.values():
            brain = host.brain
            if brain is not None and brain.directives.pause is not None and brain.order is None:
                host.feed(Ordered(ResumeOrder(self.next_operation())))
                return

    def _decide(self) -> None:
        """What a person does who was told that no node may be promoted: name the one with the most data.

        The primary itself is none to fail over to, though clients may have filled it again.
        """
        primaries = {true_name(topology.primary) for topology in self._topologies() if topology}
        others = [node for node in self.nodes.values() if node.name not in primaries]
        most = max(others, key=lambda node: len(node.values.get(KEY, ())))
        self.tell("", f"OPERATOR  fails over to {most.name}")
        for host in self.hosts.values():
            self.request(host, most.name, switchover=False)

    # -- what others ask -----------------------------------------------------------------------

    def tell(self, who: str, what: str) -> None:
        self.story.append(f"{self.at_s:8.3f}  {who:4} {what}")

    def on_notice(self, host: Host, notice: Notice) -> None:
        self.tell(host.label, sentence(notice))
        self.coverage.on_notice(host.name, notice)
        self.checks.on_notice(host, notice)
        event, harmless = notice.event, self.setup.style == "harmless"
        if isinstance(event, leaders.Elected):
            self.elected.append(f"{host.label} for {list(event.reasons)}")
            if self.trap is not None:
                self._spring(host, *self.trap)
        if harmless and isinstance(event, nodes.QuorumDown) and event.primary:
            self.checks.broken("S6: the primary is called down, and it never was")
        if harmless and isinstance(event, leaders.TopologyCommitted) and event.topology.previous is not None:
            self.checks.broken(f"S6: {event.topology.cause} although no node was down")

    def _spring(self, host: Host, count: int, seconds: float) -> None:
        self.trap = None
        self.network.did[seen.LED] += 1
        if seconds:
            host.stop_in = (count, seconds)
        else:
            host.crash_in = count
            self.schedule.at(self.rng.uniform(1.0, 6.0), host.start)

    def network_names_lost(self, host: str, node: str) -> bool:
        return self._met(seen.NAMELESS, (host, node) in self.nameless)

    def denied(self, host: str, node: str) -> bool:
        return self._met(seen.DENIED, (host, node) in self.denials)

    def info_delay_s(self, node: Node) -> float:
        self._met(seen.SLOW_INFO, node.name in self.slow_info)
        return self.slow_info.get(node.name, 0.0)

    def late_s(self) -> float:
        """How much longer than the rest the transaction about to be sent is under way."""
        return self.late.pop() if self._met(seen.LATE, bool(self.late)) else 0.0

    def _met(self, by: str, it_is: bool) -> bool:
        self.network.did[by] += it_is
        return it_is

    def would_answer(self, client: str, host: Host) -> bool:
        there = self.network.reaches(client, host.name) and self.network.reaches(host.name, client)
        return there and host.contact.answers()

    # -- faults --------------------------------------------------------------------------------

    def _strike(self, fault: Fault) -> None:
        if strike(self, fault):
            self._begun.add(fault.kind)
            self.tell("", f"FAULT   {fault.kind} {' '.join(fault.targets)} {fault.amount:.3g}")

    def _heal(self) -> None:
        self.tell("", "HEALED  from here on nothing goes wrong")
        self.pairs.heal()
        self.network.cuts.clear()
        self.network.silent.clear()
        self.network.undialled.clear()
        self.network.away.clear()
        self.network.unrouted.clear()
        self.network.laggards.clear()
        self.network.weather = replace(self.network.weather, loss=0.0, copies=0.0, slow=0.0)
        self.denials.clear()
        self.nameless.clear()
        self.out_of_files.clear()
        self.slow_info.clear()
        self.late.clear()
        self.trap = None
        for node in self.nodes.values():
            node.sickness.end_all()
            leave_cluster_mode(self, node)
            node.start()
            node.resume()
        for host in self.hosts.values():
            host.crash_in = host.stop_in = None
            host.fsync_s = 0.002
            host.disk_refuses = False
            host.lag_s = 0.0
            host.set_rate(1.0)
            host.set_wall(0.0)
            if host.naming[0] is Naming.WITHOUT:
                # A node that nobody lists need not be made to follow: somebody puts it back.
                host.naming = (Naming.PLAIN, "")
                host.crash()
            repair(self, host)
            host.start()
            host.go_on()

    # -- the end -------------------------------------------------------------------------------

    def unsettled(self) -> str | None:
        """What is not yet as it should be (L1)."""
        if self.replacing is not None and not self.replacing.done:
            return "a sentinel is not replaced yet"
        primaries = {true_name(topology.primary) if topology else None for topology in self._topologies()}
        if len(primaries) != 1 or None in primaries:
            return f"the sentinels name {sorted(map(str, primaries))}"
        told = {host.disk.committed.directives for host in self.hosts.values()}
        if len(told) != 1 or any(directives.pause is not None for directives in told):
            return f"the sentinels do not agree that the group is not paused: {told}"
        ids = {host.ids.id for host in self.hosts.values() if host.ids is not None}
        if self.at_s > QUIET_S + SAFETY_S and ids and (len(ids) > 1 or "" in ids):
            return f"the sentinels call their cluster {sorted(ids)}"
        (name,) = primaries
        primary = self.nodes[str(name)]
        if primary.follows is not None:
            return f"{name} is a replica"
        if primary.writes_paused or not primary.safe_to_write or primary.loading:
            return f"{name} takes no writes"
        for node in self.nodes.values():
            if node is primary:
                continue
            follows = true_name(node.follows[0]) if node.follows is not None else None
            if follows != primary.host or not node.link_up:
                return f"{node.name} does not follow {name}"
        return None

    def bereave(self, node: Node) -> None:
        """``node`` is about to lose data. What it lost before counts while another node still holds it."""
        self.unfenced = True
        reigns = {(true_name(topology.primary), topology.term) for topology in self._topologies() if topology}
        entries = [host.disk.entry for host in self.hosts.values()]
        reigns |= {(true_name(entry.intent.target), entry.term) for entry in entries if entry.intent}
        held = {other.history for other in self.nodes.values() if other is not node and other.values}
        for name, term in reigns:
            if name == node.name and self._bereft.get((name, term)) not in held:
                self._bereft[name, term] = node.history

    def _topologies(self) -> list[Topology | None]:
        return [host.disk.committed.topology for host in self.hosts.values()]

    def _refuses_to_wipe(self) -> bool:
        """The primary lost its data unseen, and the others have some: that is for people to decide.

        It may only end like this if nobody remembers the primary from before, and if it is told.
        """
        names = {true_name(topology.primary) for topology in self._topologies() if topology}
        primary = self.nodes[names.pop()] if len(names) == 1 else None
        if primary is None or primary.follows is not None or primary.values:
            return False
        told = any("would lose data by following it" in line for line in self.story[-200:])
        return told and any(node.values for node in self.nodes.values() if node is not primary)

    def _refuses_to_choose(self) -> bool:
        """The primary's process lost its data, and no replica is known to have what it took.

        That is so if too few nodes follow it and have not followed it into its new history: one, or as many
        as ``durability`` needs. Others may hold data from before it was promoted, from before somebody
        changed roles by hand, or that WAIT may have acknowledged only in part. There is no good replica
        then, and whom to take is for people to decide (S7 goes above L1). It may only end like this if they
        were told whom they may name, and not if a leader had promoted somebody already.

        Where ``durability`` counts, so it is also if the primary came back as a replica, and few others were
        linked since they were started, for what each acknowledged before need not be what it holds; or they
        hold different histories, for the primary, which is none, no longer says which of them was its own.
        """
        names = {true_name(topology.primary) for topology in self._topologies() if topology}
        primary = self.nodes[names.pop()] if len(names) == 1 else None
        term = max((topology.term for topology in self._topologies() if topology), default=0)
        if primary is None:
            return False
        lost = self._bereft.get((primary.name, term))
        wait = self.setup.rules.acknowledged_by
        if lost is None and (wait is None or primary.follows is None):
            return False
        intents = [host.disk.entry.intent for host in self.hosts.values()]
        begun = [self.nodes[intent.target] for intent in intents if intent is not None]
        if any(node.follows is None and node.values for node in begun if node is not primary):
            return False
        others = [node for node in self.nodes.values() if node is not primary]
        following = ((primary.host, PORT), (SEAL_HOST, SEAL_PORT))
        linked = [n for n in others if n.values and n.follows in following]
        if lost is None:
            said = {n.history for n in linked}
            linked = [n for n in linked if n.was_linked]
            alike = list(said) if len(said) == 1 else []
        else:
            alike = [lost]
        good = max(([n for n in linked if n.history == one] for one in alike), key=len, default=[])
        needed = 1 if wait is None else max(1, len(others) - wait + 1)
        holders = [node.name for node in others if node.values]
        told = next((line for line in reversed(self.story) if "failover given up" in line), "")
        offered = told.partition("an operator may name")[2].partition(" (")[0]
        return len(good) < needed and bool(offered) and all(name in offered for name in holders)

    def _check_writes(self) -> None:
        topology = next(iter(self.hosts.values())).disk.committed.topology
        assert topology is not None
        held = self.nodes[topology.primary].values.get(KEY, set())
        lost = [ack for client in self.clients for ack in client.acks if ack.value not in held]
        if lost:
            self.coverage.add("a plain write lost")
        if self.gentle and lost:
            self.checks.broken(f"{len(lost)} acknowledged writes lost, though no node failed: {lost[0]}")
        wanted = 1 if self.setup.style == "returns" else self.setup.rules.acknowledged_by
        if self.setup.style in ("durable", "returns") and wanted is not None:
            waited = [ack for ack in lost if ack.replicas >= wanted]
            if waited:
                self.checks.broken(
                    f"S7: {len(waited)} writes lost that WAIT {wanted} acknowledged: {waited[0]}"
                )

    def request(self, host: Host, target: str | None, *, switchover: bool) -> None:
        if target is not None and host.brain is not None and target not in host.brain.book:
            target = f"{ALIAS}{target}"
        request = Request(self.next_operation(), target, switchover=switchover)
        if request.names_node:
            self.checks.named.add(request.operation)
        host.feed(Requested(request))

    def next_operation(self) -> str:
        self._operations += 1
        self.checks.asked_for()
        return f"op-{self._operations}"

    def after_each(self) -> None:
        self.checks.one_writable()
        if self.schedule.now >= self._ask_at:
            self._ask_at = self.schedule.now + ASK_EVERY_S
            self.checks.told_to_clients()
            self.checks.due_schedules()
        if self.foreign is not None:
            self.foreign.check()
        self._looks += 1
        if self._looks % 4 == 0:
            self.checks.leases()
