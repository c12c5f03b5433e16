"""The rules that hold at every moment (S1 to S8), checked from outside: by what reached disks, nodes and
clients, never by what the code under test believes of itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING

from promotion.step_types import Handover, Promote, Rehearse
from quorum.messages import Append, AppendReply, HardState, Message, VoteReply
from quorum.role import Role
from quorum.terms import is_absurd
from quorum.votes import majority
from sentinel.coordination.inputs import Perform
from sentinel.coordination.orders import LATE_MS
from sentinel.notices import leaders, operators
from sentinel.notices.notice import Notice
from tests.simulation.balancing import touches
from tests.simulation.cluster_mode import meddles
from tests.simulation.contact import PEER_TIMEOUT_S
from tests.simulation.naming import BALANCED, true_name

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.world import World


LEADS_FOR_S = 60.0
"""No work takes longer: everything that a leader waits for has a limit."""
RACE_S, MAX_ELECTIONS = 10.0, 30
"""Whoever cannot do its work backs off: that terms race is told by so many elections in so short a time.

One more is allowed for each thing that an operator asks for, which is taken up at once.
"""
ASKED_FOR_S = 10.0
"""For so long a request waits for a leader."""


SLACK_S = 0.1
"""A clock may be 2 % slow, and a topology is known to be agreed on a moment after it is."""


class RuleBrokenError(AssertionError):
    """A rule of the product does not hold. The message begins with its number."""


class Checks:
    def __init__(self, world: World) -> None:
        self._world = world
        self._leaders: dict[int, str] = {}
        self._primaries: dict[int, str] = {}
        self._told: dict[str, int] = {}
        self._votes: dict[tuple[str, int], str] = {}
        self._stood: Counter[int] = Counter()
        self._intended: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
        self._promised: set[int] = set()
        self._asked: dict[int, str] = {}
        self._carried_out: dict[str, int] = {}
        self._elections: deque[float] = deque()
        self._requests: deque[float] = deque()
        self._leads_since: dict[str, tuple[int, float]] = {}
        self.named: set[str] = set()
        """Operators' requests that named a node."""
        self.scheduled: dict[str, int] = {}
        """When each operation is to be carried out."""
        self._due_at: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self.drift_bounded = True
        self._known_since: dict[int, float] = {}
        self._cluster_id = ""

    # -- disks ---------------------------------------------------------------------------------

    def persisted(self, name: str, before: HardState, after: HardState) -> None:
        """S2: what is on disk only grows, and a vote is given once a term."""
        if after.term < before.term or after.entry.id < before.entry.id:
            self.broken(f"S2: the disk of {name} goes back from {_at(before)} to {_at(after)}")
        if after.committed.id < before.committed.id:
            self.broken(f"S2: the disk of {name} forgets that {before.committed.id} was committed")
        topology = after.committed.topology
        if topology is not None:
            self._known_since.setdefault(topology.term, self._world.schedule.now)
        others = [host.disk.term for host in self._world.hosts.values() if host.name != name]
        ahead = sum(is_absurd(term, before.term) for term in others) >= majority(len(others) + 1)
        if is_absurd(after.term, before.term) and not ahead:
            self.broken(f"L1: {name} goes from term {before.term} to {after.term}: terms run out")
        if after.entry.intent is not None:
            self._intended[(after.entry.term, true_name(after.entry.intent.target))].add(name)
        # Who may have forgotten a vote in this term votes for nobody in it.
        if after.voted_for:
            first = self._votes.setdefault((name, after.term), after.voted_for)
            if name == after.voted_for and before.term < after.term:
                self._stood[after.term] += 1
                if self._stood[after.term] == 2:
                    self._world.coverage.add("two candidates in one term")
            if first != after.voted_for:
                self.broken(f"S2: {name} votes for {first} and {after.voted_for} in term {after.term}")

    def sending(self, name: str, to: str, message: Message, disk: HardState) -> None:
        """S2: nothing is said before it is on disk: a vote, a leadership, an entry it acknowledges."""
        match message:
            case VoteReply(term, True):
                kept = (disk.term, disk.voted_for) == (term, to)
            case Append(term):
                kept = (disk.term, disk.voted_for) == (term, name)
            case AppendReply(term, _, entry_id):
                kept = disk.term == term and disk.entry.id >= entry_id
            case _:
                kept = True
        if not kept:
            self.broken(f"S2: {name} says {message} to {to}, and has {_at(disk)} on disk")

    def holds_lease(self, host: Host, term: int) -> None:
        """S4: whoever is about to send a command leads in that very term, and has a lease."""
        view = host.brain.member.view if host.brain is not None else None
        if view is None or view.term != term or not view.lease_valid(host.now):
            self.broken(f"S4: {host.name} sends a command of term {term} without a lease for it")

    # -- what is told --------------------------------------------------------------------------

    def on_notice(self, host: Host, notice: Notice) -> None:
        event, term = notice.event, notice.term
        if isinstance(event, leaders.Elected):
            first = self._leaders.setdefault(term, host.label)
            if first != host.label:
                self.broken(f"S1: {first} and {host.label} both lead in term {term}")
            if host.disk.entry.intent is not None:
                self._promised.add(term)
            self.count_election()
        elif isinstance(event, leaders.FailoverStarted) and event.operation is not None:
            self._asked[term] = event.operation
        elif isinstance(event, operators.ScheduleClosed):
            self._world.coverage.add(f"a schedule {event.outcome}")
            operation = event.operation
            late = event.reason.startswith("its time was missed")
            if late and len(self._reached(operation, LATE_MS)) < majority(len(self._world.hosts)):
                self.broken(f"S8: {operation} is dropped as too late, and it is not, by the clocks of most")
        elif isinstance(event, leaders.TopologyCommitted) and event.topology.primary == BALANCED:
            self.broken(f"S7: {BALANCED}, which leads to several servers, is agreed on as the primary")
        elif isinstance(event, leaders.TopologyCommitted):
            on_disk = host.disk.committed.topology
            if on_disk is None or on_disk.term < term:
                self.broken(f"S3: {host.name} tells of term {term}, and has {_at(host.disk)} on disk")
            self._on_topology(host, term, true_name(event.topology.primary))

    def asked_for(self) -> None:
        """An operator asks for something, which needs a leader."""
        self._requests.append(self._world.schedule.now)

    def count_election(self) -> None:
        now = self._world.schedule.now
        _forget(self._elections, now - RACE_S)
        _forget(self._requests, now - RACE_S - ASKED_FOR_S)
        if len(self._elections) - len(self._requests) >= MAX_ELECTIONS:
            self.broken(f"L1: {len(self._elections)} elections within {now - self._elections[0]:.1f} s")
        self._elections.append(now)

    def fenced(self) -> None:
        """S4, at the end: a primary that took over holds the fence of its term, against older leaders."""
        world = self._world
        topology = next(iter(world.hosts.values())).disk.committed.topology
        key = next(iter(world.hosts.values())).shape.fence_key
        if topology is None or topology.previous is None or key is None or world.unfenced:
            return
        found = world.nodes[true_name(topology.primary)].values.get(key)
        if found is None or int(str(found)) < topology.term:
            self.broken(f"S4: {topology.primary} of term {topology.term} holds the fence {found}")

    def _on_topology(self, host: Host, term: int, primary: str) -> None:
        """S3: one primary a term, for everybody and for good."""
        first = self._primaries.setdefault(term, primary)
        if first != primary:
            self.broken(f"S3: term {term} has the primaries {first} and {primary}")
        if term < self._told.get(host.label, 0):
            self.broken(f"S3: {host.label} goes back from term {self._told[host.label]} to {term}")
        self._told[host.label] = term

    def clock_is_set(self, host: Host) -> None:
        """By its former clock what it was to do may have been due."""
        for operation, at_ms in self.scheduled.items():
            for late_ms in (0, LATE_MS):
                if host.wall_ms >= at_ms + late_ms:
                    self._due_at[operation, late_ms].add(host.name)

    def _reached(self, operation: str, late_ms: int) -> set[str]:
        """By whose clocks the operation was so late, now or ever."""
        at_ms = self.scheduled[operation] + late_ms
        now = {host.name for host in self._world.hosts.values() if host.wall_ms >= at_ms}
        return now | self._due_at[operation, late_ms]

    def told_to_clients(self) -> None:
        """S10: nobody is told of a primary as of one that still is for long after the next was agreed on."""
        now = self._world.schedule.now
        for host in self._world.hosts.values():
            told = host.disk.committed.topology
            newer = [at for term, at in self._known_since.items() if told and term > told.term]
            if told is None or not newer or not host.awake:
                continue
            if not host.contact.answers():
                self._world.coverage.add("a sentinel that knew of an older primary did not say so")
            elif now - min(newer) > PEER_TIMEOUT_S + SLACK_S:
                late_s = now - min(newer)
                self.broken(f"S10: {host.name} tells of term {told.term} {late_s:.2f} s after a newer one")

    def due_schedules(self) -> None:
        """For the coverage: whether a schedule was due by some clocks, and not by those of a majority."""
        planned = {host.brain.directives.schedule for host in self._world.hosts.values() if host.brain}
        for schedule in planned:
            if schedule is not None and 0 < len(self._reached(schedule.operation, 0)) < self._needed:
                self._world.coverage.add("a schedule that one clock alone calls due")

    @property
    def _needed(self) -> int:
        return majority(len(self._world.hosts))

    def calls_cluster(self, who: str, cluster_id: str, on_disk: str) -> None:
        """S3: a cluster has one id for good. S2: it is on disk before anybody is told it."""
        if on_disk != cluster_id:
            self.broken(f"S2: {who} calls the cluster {cluster_id!r}, and has {on_disk!r} on disk")
        self._cluster_id = self._cluster_id or cluster_id
        if cluster_id != self._cluster_id:
            self.broken(f"S3: {who} calls the cluster {cluster_id!r}, which was {self._cluster_id!r}")

    # -- acting --------------------------------------------------------------------------------

    def performing(self, host: Host, perform: Perform) -> None:
        """S5: nothing is promoted unless a majority has the intent on disk. S8: nor while paused."""
        self._left_alone(host, perform)
        step = perform.step
        if wrong := meddles(self._world, host, step) or touches(host, step):
            self.broken(wrong)
        if not isinstance(step, Promote | Handover):
            return
        target = step.node if isinstance(step, Promote) else step.target
        knowing = sorted(self._intended[(perform.term, true_name(target))])
        under = host.brain.member.view.membership if host.brain is not None else None
        if under is None or not under.elects(knowing):
            self.broken(
                f"S5: {host.name} is about to promote {target} in term {perform.term}, "
                f"which only {knowing or 'nobody'} has on disk"
            )

    def _left_alone(self, host: Host, perform: Perform) -> None:
        """S8: in a paused group only what was promised or asked for by name is done; a schedule runs once."""
        operation = self._asked.get(perform.term)
        allowed = perform.term in self._promised or operation in self.named
        if host.disk.entry.directives.pause is not None:
            if not allowed:
                self.broken(f"S8: {host.name} takes {perform.step} in term {perform.term}, and it is paused")
            self._world.coverage.add("a step taken in a paused group, because it was asked for or promised")
        # A request made now is taken up again by the next leader; a schedule is not.
        # Nor is anything carried out by a rehearsal, behind which a leader may lose its lease.
        scheduled = operation in self.scheduled and not isinstance(perform.step, Rehearse)
        if scheduled and len(self._reached(operation or "", 0)) < majority(len(self._world.hosts)):
            self.broken(f"S8: {host.name} carries out {operation} before its time, by the clocks of most")
        if scheduled and perform.term != self._carried_out.setdefault(operation or "", perform.term):
            self.broken(f"S8: {operation} is carried out in term {perform.term} for the second time")

    def executed(self, host: Host, perform: Perform) -> None:
        """S4: a command of an older leader never succeeds where a newer one's fence was."""
        step = perform.step
        node = self._world.servers[step.node]
        fence = node.values.get(host.shape.fence_key or "", "0")
        if isinstance(fence, str) and int(fence) > perform.term and not is_absurd(int(fence), perform.term):
            self.broken(
                f"S4: {host.name} of term {perform.term} acts on {step.node}, which has seen term {fence}"
            )

    def leases(self) -> None:
        """S4: two sentinels never hold a lease at the same time, while clocks are within their bound."""
        if not self.drift_bounded:
            return
        holders = [
            host.label
            for host in self._world.pairs.processes()
            if host.brain is not None and host.brain.member.view.lease_valid(host.now)
        ]
        if len(holders) > 1:
            self.broken(f"S4: {holders} hold a lease at the same time")

    def leads_for_something(self, host: Host) -> None:
        """L1: nobody leads at rest. Whoever leads has work, and its work ends."""
        brain = host.brain
        if brain is None or brain.member.view.role is not Role.LEADER:
            self._leads_since.pop(host.label, None)
            return
        term, now = brain.member.view.term, self._world.schedule.now
        if not brain.leads_for_something:
            self.broken(f"L1: {host.name} leads in term {term}, and has nothing to do")
        since = self._leads_since.get(host.label)
        if since is None or since[0] != term:
            self._leads_since[host.label] = (term, now)
        elif now - since[1] > LEADS_FOR_S:
            self.broken(f"L1: {host.name} has led in term {term} for {now - since[1]:.0f} s")

    def one_writable(self) -> None:
        """One node at a time takes writes. Holds while nothing but sentinels fails."""
        takers = [
            node.name
            for node in self._world.nodes.values()
            if node.running and not node.hung and node.follows is None and not node.writes_paused
        ]
        if len(takers) > 1:
            self._world.coverage.add("two masters at once")
            if self._world.gentle:
                self.broken(f"S3: {takers} take writes at the same time, and no node had failed")

    def broken(self, why: str) -> None:
        self._world.tell("", f"BROKEN  {why}")
        raise RuleBrokenError(why)


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()


def _at(state: HardState) -> str:
    return f"term {state.term} entry {state.entry.id}"
