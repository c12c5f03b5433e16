"""One case, run: the scenario with one refusal, then without it."""

from __future__ import annotations

from dataclasses import dataclass, field

from promotion import events
from sentinel.notices import leaders, nodes
from sentinel.notices.notice import Notice
from tests.simulation.checks import RuleBrokenError
from tests.simulation.host import Host
from tests.simulation.node import Node
from tests.simulation.refusals.cases import Case
from tests.simulation.refusals.scenarios import Scenario
from tests.simulation.world import QUIET_S, World

LASTS_S = 15.0
SETTLES_S = 40.0
LOOK_EVERY = 4
"""Events: to look after each takes longer than what happens."""


@dataclass(slots=True)
class Seen:
    """What came of it. Times are seconds since the scenario began."""

    struck: int = 0
    elections: list[float] = field(default_factory=list)
    failures: list[tuple[float, str, str]] = field(default_factory=list)
    """When, which notice, and its reason."""
    causes: list[tuple[float, str, str]] = field(default_factory=list)
    """Each change of primary: when, why, and who it is."""
    watched: set[str] = field(default_factory=set)
    """Nodes of which it was told that they do not answer as they should."""
    longest_gap_s: float = 0.0
    """Without a primary that takes writes, while the refusal lasted."""
    writable: bool = False
    stray: list[str] = field(default_factory=list)
    """Masters that nobody agreed on, at the end of the refusal."""
    unfenced: str = ""
    """The primary, if its fence is not that of its term."""
    astray: str | None = None
    """What was not in order at the end of the refusal."""
    unsettled: str | None = None
    """What was not in order long after it."""
    broken: str = ""
    lost: list[str] = field(default_factory=list)
    """Acknowledged writes that the primary does not have at the end, though it should."""
    story: list[str] = field(default_factory=list)


def run_undisturbed(scenario: Scenario) -> dict[str, list[str]]:
    trial = Trial(scenario, None)
    trial.run()
    return {name: list(node.refusals.asked) for name, node in trial.world.nodes.items()}


def run_case(case: Case) -> Seen:
    return Trial(case.scenario, case).run()


class Trial:
    def __init__(self, scenario: Scenario, case: Case | None) -> None:
        self.world = scenario.world()
        self._scenario = scenario
        self._case = case
        self._seen = Seen()
        self._began_at = 0.0
        self._gap_since: float | None = None
        self._lasting = False
        self._looks = 0
        self._told: set[int] = set()
        self._on_notice = self.world.on_notice
        self.world.on_notice = self._hear  # type: ignore[method-assign]
        self.world.schedule.after_each = self._look

    def run(self) -> Seen:
        seen, world = self._seen, self.world
        try:
            self._run(world)
        except RuleBrokenError as error:
            seen.broken = str(error)
        except Exception as error:  # noqa: BLE001
            seen.broken = f"{type(error).__name__}: {error}"
        seen.struck = sum(node.refusals.struck for node in world.nodes.values())
        seen.story = world.story
        return seen

    def _run(self, world: World) -> None:
        world.schedule.run(QUIET_S)
        if world.unsettled() is not None:
            world.checks.broken(f"L1: {world.unsettled()} after a quiet start")
        for name, node in world.nodes.items():
            node.refusals.clients = frozenset(world.hosts)
            node.refusals.asked.clear()
            if self._case is not None and name in self._case.nodes:
                node.sickness.begin(self._case.trouble)
        self._began_at, self._lasting = world.schedule.now, True
        world.tell("", f"BEGINS  {self._case}")
        self._scenario.begin(world)
        world.schedule.run(LASTS_S)
        self._end_gap()
        self._lasting = False
        self._judge_lasting(world)
        for node in world.nodes.values():
            node.sickness.end_all()
            node.start()
        world.tell("", "ENDS    nothing is refused any more")
        if not world.settles(SETTLES_S):
            self._seen.unsettled = world.unsettled()
        world.schedule.run(2.0)
        self._seen.lost = self._lost(world)

    # -- while it runs -------------------------------------------------------------------------

    def _hear(self, host: Host, notice: Notice) -> None:
        self._on_notice(host, notice)
        event = notice.event
        at_s = self.world.schedule.now - self._began_at
        if isinstance(event, leaders.TopologyCommitted) and event.topology.previous is not None:
            made = event.topology
            if made.term not in self._told:
                self._told.add(made.term)
                self._seen.causes.append((at_s, made.cause, made.primary))
        if not self._lasting:
            return
        if isinstance(event, leaders.Elected):
            self._seen.elections.append(at_s)
        elif isinstance(event, nodes.Misconfigured | nodes.NodeDown | nodes.Degraded):
            # A node does not answer those who watch it, or who would lead it, as it should.
            self._seen.watched.add(event.node)
        elif isinstance(event, events.CandidateChosen) and event.ranking is not None:
            self._seen.watched |= {each.node for each in event.ranking.verdicts if "INFO" in each.reason}
        elif isinstance(event, events.StepFailed):
            self._seen.failures.append((at_s, event.name, f"{event.node}: {event.reason}"))
        elif isinstance(event, leaders.FailoverAborted | leaders.RepairAborted):
            self._seen.failures.append((at_s, event.name, event.reason))

    def _look(self) -> None:
        self._looks += 1
        if self._looks % LOOK_EVERY:
            return
        self.world.after_each()
        if not self._lasting:
            return
        if self._writable():
            self._end_gap()
        elif self._gap_since is None:
            self._gap_since = self.world.schedule.now

    def _end_gap(self) -> None:
        if self._gap_since is not None:
            gap_s = self.world.schedule.now - self._gap_since
            self._seen.longest_gap_s = max(self._seen.longest_gap_s, gap_s)
            self._gap_since = self.world.schedule.now if not self._writable() else None

    def _primary(self) -> tuple[Node | None, int]:
        """Who was agreed on last, as far as anybody knows, and in which term."""
        known = [host.disk.committed.topology for host in self.world.hosts.values()]
        newest = max((each for each in known if each is not None), key=lambda each: each.term, default=None)
        return (None, 0) if newest is None else (self.world.nodes[newest.primary], newest.term)

    def _writable(self) -> bool:
        node, _ = self._primary()
        if node is None or not node.running or node.hung or node.loading or node.follows is not None:
            return False
        return not node.writes_paused and node.safe_to_write

    # -- what it has become --------------------------------------------------------------------

    def _judge_lasting(self, world: World) -> None:
        seen = self._seen
        primary, term = self._primary()
        seen.writable = self._writable()
        masters = [node for node in world.nodes.values() if node.running and node.follows is None]
        seen.stray = [node.name for node in masters if node is not primary]
        if primary is not None and seen.causes and primary.follows is None:
            fence = primary.values.get(next(iter(world.hosts.values())).shape.fence_key or "")
            if fence is None or int(str(fence)) < term:
                seen.unfenced = f"{primary.name} of term {term} holds the fence {fence}"
        seen.astray = world.unsettled()

    def _lost(self, world: World) -> list[str]:
        """Of what was acknowledged, what the history that goes on should have and has not.

        Planned changes lose nothing. What was acknowledged before the last unplanned one is only owed if all
        replicas had it; what its primary acknowledged since then, is.
        """
        primary, _ = self._primary()
        assert primary is not None
        held = primary.values.get("values", {})
        unplanned = [index for index, (_, cause, _) in enumerate(self._seen.causes) if cause != "switchover"]
        reigns = self._seen.causes[unplanned[-1] :] if unplanned else []
        since = self._began_at + reigns[0][0] if reigns else 0.0
        primaries = {name for _, _, name in reigns} or set(world.nodes)
        all_replicas = len(world.nodes) - 1
        return [
            f"{ack.value} at {ack.node}"
            for client in world.clients
            for ack in client.acks
            if ack.value not in held
            and ((ack.at >= since and ack.node in primaries) or ack.replicas >= all_replicas)
        ]
