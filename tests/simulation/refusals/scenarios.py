"""What is being done when a node refuses: a change of primary, planned or not; a stray master put right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from promotion.sealing import WriteRules
from promotion.step_types import WriteSafety
from tests.simulation.clients import Client
from tests.simulation.faults import Cast
from tests.simulation.node import Settings
from tests.simulation.world import Setup, World

PRIMARY, TARGET, OTHER = "h1:6379", "h2:6379", "h3:6379"
CAST = Cast(("h1", "h2", "h3"), (PRIMARY, TARGET, OTHER), ("c1", "c2"))
BACK_AFTER_S = 7.0
"""Long enough that nobody waits for the old primary, and sooner than the refusal ends."""
SEED = 11
WRITE_EVERY_S = 0.15


@dataclass(frozen=True, slots=True)
class Scenario:
    """``begin`` starts it; ``fails_over``: the old primary dies, and comes back."""

    name: str
    begin: Callable[[World], None]
    fails_over: bool = False
    switches_over: bool = False
    rules: WriteRules = field(default_factory=WriteRules)
    pausing: bool = True

    def world(self) -> World:
        """A quiet cluster. One client writes, one waits for a replica, one for all of them."""
        settings = Settings(pausing=self.pausing)
        world = World(Setup(SEED, "refusing", CAST, self.rules, settings, (), write_every_s=WRITE_EVERY_S))
        world.clients.append(Client("c3", world, len(CAST.nodes) - 1))
        return world


def _crash(world: World) -> None:
    primary = world.nodes[PRIMARY]
    primary.save()
    primary.crash()
    world.schedule.at(BACK_AFTER_S, primary.start)


def _hang(world: World) -> None:
    primary = world.nodes[PRIMARY]
    primary.hang()
    world.schedule.at(BACK_AFTER_S, primary.resume)


def _switch_over(world: World) -> None:
    world.request(world.hosts["h3"], TARGET, switchover=True)


def _stray(world: World) -> None:
    world.nodes[TARGET].command("REPLICAOF", "NO", "ONE")


SCENARIOS = (
    Scenario("failover", _crash, fails_over=True),
    Scenario("failover after a hang", _hang, fails_over=True),
    Scenario(
        "durable failover",
        _crash,
        fails_over=True,
        rules=WriteRules(safety=WriteSafety(1, 2), acknowledged_by=1),
    ),
    Scenario("switchover", _switch_over, switches_over=True),
    Scenario("switchover without pause", _switch_over, switches_over=True, pausing=False),
    Scenario("demotion", _stray),
)
