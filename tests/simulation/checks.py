"""The rules that hold at every moment (S1 to S8), checked from outside: by what reached disks, nodes and
clients, never by what the code under test believes of itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING

from promotion.step_types import Handover, Promote
from quorum.messages import Append, AppendReply, HardState, Message, VoteReply
from quorum.votes import majority
from sentinel.group_inputs import Perform
from sentinel.notices import Notice, NoticeName
from tests.simulation.naming import true_name

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.world import World


RACE_S, MAX_ELECTIONS = 10.0, 30
"""Whoever cannot do its work backs off: that terms race is told by so many elections in so short a time."""


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
        self._elections: deque[float] = deque(maxlen=MAX_ELECTIONS)
        self.named: set[str] = set()
        """Operators' requests that named a node."""
        self.scheduled: set[str] = set()
        self.drift_bounded = True

    # -- disks ---------------------------------------------------------------------------------

    def persisted(self, name: str, before: HardState, after: HardState) -> None:
        """S2: what is on disk only grows, and a vote is given once a term."""
        if after.term < before.term or after.entry.id < before.entry.id:
            self.broken(f"S2: the disk of {name} goes back from {_at(before)} to {_at(after)}")
        if after.committed.id < before.committed.id:
            self.broken(f"S2: the disk of {name} forgets that {before.committed.id} was committed")
        if after.entry.intent is not None:
            self._intended[(after.entry.term, true_name(after.entry.intent.target))].add(name)
        if after.voted_for is not None:
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
        register = host.brain.member.register if host.brain is not None else None
        if register is None or register.state.term != term or not register.lease_valid(host.now):
            self.broken(f"S4: {host.name} sends a command of term {term} without a lease for it")

    # -- what is told --------------------------------------------------------------------------

    def on_notice(self, host: Host, notice: Notice) -> None:
        fields = notice.fields
        if notice.name is NoticeName.ELECTED:
            term = int(str(fields["term"]))
            first = self._leaders.setdefault(term, host.name)
            if first != host.name:
                self.broken(f"S1: {first} and {host.name} both lead in term {term}")
            if host.disk.entry.intent is not None:
                self._promised.add(term)
            self._races()
        elif notice.name is NoticeName.FAILOVER_STARTED and fields["operation"] is not None:
            self._asked[int(str(fields["term"]))] = str(fields["operation"])
        elif notice.name is NoticeName.SCHEDULE_CLOSED:
            self._world.coverage.add(f"a schedule {fields['outcome']}")
        elif notice.name is NoticeName.TOPOLOGY:
            on_disk = host.disk.committed.topology
            if on_disk is None or on_disk.term < int(str(fields["term"])):
                self.broken(
                    f"S3: {host.name} tells of term {fields['term']}, and has {_at(host.disk)} on disk"
                )
            self._on_topology(host, int(str(fields["term"])), true_name(str(fields["primary"])))

    def _races(self) -> None:
        now = self._world.schedule.now
        if len(self._elections) == MAX_ELECTIONS and now - self._elections[0] < RACE_S:
            self.broken(f"L1: {MAX_ELECTIONS} elections within {now - self._elections[0]:.1f} s")
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
        if term < self._told.get(host.name, 0):
            self.broken(f"S3: {host.name} goes back from term {self._told[host.name]} to {term}")
        self._told[host.name] = term

    # -- acting --------------------------------------------------------------------------------

    def performing(self, host: Host, perform: Perform) -> None:
        """S5: nothing is promoted unless a majority has the intent on disk. S8: nor while paused."""
        self._left_alone(host, perform)
        step = perform.step
        if not isinstance(step, Promote | Handover):
            return
        target = step.node if isinstance(step, Promote) else step.target
        knowing = sorted(self._intended[(perform.term, true_name(target))])
        if len(knowing) < majority(len(self._world.hosts)):
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
        scheduled = operation is not None and operation in self.scheduled
        if scheduled and perform.term != self._carried_out.setdefault(operation or "", perform.term):
            self.broken(f"S8: {operation} is carried out in term {perform.term} for the second time")

    def executed(self, host: Host, perform: Perform) -> None:
        """S4: a command of an older leader never succeeds where a newer one's fence was."""
        step = perform.step
        node = self._world.servers[step.node]
        fence = node.values.get(host.shape.fence_key or "", "0")
        if isinstance(fence, str) and int(fence) > perform.term:
            self.broken(
                f"S4: {host.name} of term {perform.term} acts on {step.node}, which has seen term {fence}"
            )

    def leases(self) -> None:
        """S4: two sentinels never hold a lease at the same time, while clocks are within their bound."""
        if not self.drift_bounded:
            return
        holders = [
            host.name
            for host in self._world.hosts.values()
            if host.brain is not None and host.brain.member.register.lease_valid(host.now)
        ]
        if len(holders) > 1:
            self.broken(f"S4: {holders} hold a lease at the same time")

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


def _at(state: HardState) -> str:
    return f"term {state.term} entry {state.entry.id}"
