"""Faults that stay. While they do, a majority that can use a good replica has to bring a primary about (L1).

What heals before the verdict is only waited for. Here nothing heals: whoever cannot do the work must let
others do it, and what fails at one node must be tried at another.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promotion.sealing import WriteRules
from promotion.step_types import WriteSafety
from quorum.rank import ranking
from quorum.votes import majority
from tests.simulation.faults import COMMANDS, Cast
from tests.simulation.model_redis.refusals import CONNECT, How, Refusal
from tests.simulation.naming import true_name

if TYPE_CHECKING:
    from tests.simulation.node import Node
    from tests.simulation.world import World

LASTING = 4
"""In one of so many runs faults stay."""
LIMIT_S = 90.0
NOPERM = "NOPERM this user has no permissions to run the command"


@dataclass(frozen=True, slots=True)
class Lasting:
    """``sentinels`` are those that have it, less than half of all; ``node`` the one that does."""

    kind: str
    sentinels: tuple[str, ...] = ()
    node: str = ""
    detail: str = ""
    amount: float = 0.0

    def __str__(self) -> str:
        words = (
            self.kind,
            *self.sentinels,
            self.node,
            self.detail,
            f"{self.amount:.3g}" if self.amount else "",
        )
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Loss:
    """The primary crashes or hangs, for good, so long after the faults began."""

    after_s: float
    hangs: bool


Begin = Callable[["World", Lasting], None]


def draw_lasting(rng: random.Random, cast: Cast) -> tuple[tuple[Lasting, ...], Loss]:
    few = rng.sample(cast.sentinels, rng.randrange(1, (len(cast.sentinels) - 1) // 2 + 1))
    if rng.random() < 0.5:
        # Whoever is the first to stand.
        few = [ranking("g", cast.sentinels)[0]]
    kinds = rng.sample(list(_BEGIN), rng.choice([1, 2]))
    if sum(kind in OF_A_NODE for kind in kinds) > 1:
        kinds = kinds[:1]
    if any(kind in OF_A_USER for kind in kinds):
        # Only who leads finds out.
        few = [ranking("g", cast.sentinels)[0]]
    node = rng.choice(cast.nodes[1:])
    found = []
    for kind in kinds:
        detail = ""
        if kind == "node refuses":
            detail = f"{rng.choice(COMMANDS)}/{rng.choice(['NOPERM', 'ERR', 'silence', 'cut'])}"
        found.append(Lasting(kind, tuple(sorted(few)), node, detail, rng.uniform(0.5, 1.0)))
    return tuple(found), Loss(rng.choice([0.3, 2.0, 7.0]), rng.random() < 0.5)


def draw_lasting_rules(rng: random.Random, lasting: Sequence[Lasting]) -> WriteRules:
    """What the group asks for, as far as it can be had.

    Of three replicas one may be of no use to anybody, so that only what two acknowledged can be vouched for.
    A sentinel that is cut off from its peers pauses the primary if it is to fence itself.
    """
    if rng.random() < 0.4:
        return WriteRules()
    safety = WriteSafety(1, 2) if rng.random() < 0.7 else None
    kinds = {trouble.kind for trouble in lasting}
    return WriteRules(
        safety=safety,
        fence_wait=safety is not None and rng.random() < 0.6,
        acknowledged_by=rng.choice([None, None, 2]),
        self_fence=kinds <= AMONG_NODES and rng.random() < 0.5,
    )


def begin(world: World, trouble: Lasting) -> None:
    world.tell("", f"STAYS   {trouble}")
    _BEGIN[trouble.kind](world, trouble)


def lose_primary(world: World, loss: Loss) -> str:
    topologies = [t for host in world.hosts.values() if (t := host.disk.committed.topology) is not None]
    node = world.nodes[true_name(max(topologies, key=lambda topology: topology.term).primary)]
    node.save()
    node.hang() if loss.hangs else node.crash()
    return node.name


def unserved(world: World) -> str | None:
    """Why a majority does not have one writable primary; None if it has."""
    topologies = [host.disk.committed.topology for host in world.hosts.values() if host.running]
    names = [true_name(topology.primary) for topology in topologies if topology is not None]
    best = max(set(names), key=names.count, default=None)
    if best is None or names.count(best) < majority(len(world.hosts)):
        return f"the sentinels name {sorted(names)}"
    node = world.nodes[best]
    if not node.running or node.hung or node.loading:
        return f"{best} is gone"
    if node.follows is not None or node.writes_paused or not node.safe_to_write:
        return f"{best} takes no writes"
    return None


def replicas(world: World) -> list[Node]:
    return [node for node in world.nodes.values() if node.follows is not None]


def _sees_no_replica(world: World, trouble: Lasting) -> None:
    world.network.unrouted |= {(one, node.name) for one in trouble.sentinels for node in replicas(world)}


def _sees_no_node(world: World, trouble: Lasting) -> None:
    world.network.unrouted |= {(one, name) for one in trouble.sentinels for name in world.nodes}


def _denied(world: World, trouble: Lasting) -> None:
    world.denials |= {(one, node.name) for one in trouble.sentinels for node in replicas(world)}


def _user_may_not(*commands: str) -> Begin:
    def begin(world: World, trouble: Lasting) -> None:
        for node in world.nodes.values():
            node.refusals.clients = frozenset(trouble.sentinels)
            for command in commands:
                node.sickness.begin(Refusal(command, How.ERROR, NOPERM))

    return begin


def _deaf(world: World, trouble: Lasting) -> None:
    world.network.silent |= {
        (other, one) for one in trouble.sentinels for other in world.hosts if other != one
    }


def _mute(world: World, trouble: Lasting) -> None:
    world.network.silent |= {
        (one, other) for one in trouble.sentinels for other in world.hosts if other != one
    }


def _one_pair(world: World, trouble: Lasting) -> None:
    """One direction between two sentinels; the rest is well."""
    one = trouble.sentinels[0]
    other = world.rng.choice([name for name in world.hosts if name != one])
    world.network.silent.add(world.rng.choice([(one, other), (other, one)]))


def _slow(world: World, trouble: Lasting) -> None:
    for one in trouble.sentinels:
        world.network.laggards[one] = trouble.amount


def _slow_disk(world: World, trouble: Lasting) -> None:
    for one in trouble.sentinels:
        world.hosts[one].fsync_s = trouble.amount


def _lossy(world: World, _trouble: Lasting) -> None:
    world.network.weather.loss = 0.33


def _lag(world: World, trouble: Lasting) -> None:
    for host in world.hosts.values():
        host.lag_s = 0.03 * trouble.amount


def _one_lags(world: World, trouble: Lasting) -> None:
    for one in trouble.sentinels:
        world.hosts[one].lag_s = 0.3 * trouble.amount


def _node_refuses(world: World, trouble: Lasting) -> None:
    command, way = trouble.detail.split("/")
    how = {"silence": How.SILENCE, "cut": How.CUT}.get(way, How.ERROR)
    error = NOPERM if way == "NOPERM" else f"ERR {command} is not for you"
    if command == CONNECT and how is How.ERROR:
        error = "ERR max number of clients reached"
    node = world.nodes[trouble.node]
    node.refusals.clients = frozenset(world.hosts)
    node.sickness.begin(Refusal(command, how, "" if how is not How.ERROR else error))


_BEGIN: dict[str, Begin] = {
    "sees no replica": _sees_no_replica,
    "sees no node": _sees_no_node,
    "is denied at the replicas": _denied,
    "may not REPLICAOF": _user_may_not("REPLICAOF", "SLAVEOF"),
    "may not EVAL nor SET": _user_may_not("EVAL"),
    "may not EXEC": _user_may_not("EXEC"),
    "is deaf": _deaf,
    "is mute": _mute,
    "one way between two": _one_pair,
    "is slow": _slow,
    "has a slow disk": _slow_disk,
    "a third is lost": _lossy,
    "every loop lags": _lag,
    "its loop lags": _one_lags,
    "node refuses": _node_refuses,
}
OF_A_USER = ("may not REPLICAOF", "may not EVAL nor SET", "may not EXEC")
OF_A_NODE = (*OF_A_USER, "node refuses")
"""Each sets whom the nodes refuse: one of them at a time."""
AMONG_NODES = frozenset({"sees no replica", "is denied at the replicas", "has a slow disk", *OF_A_NODE})
"""These do not part sentinels from each other."""


def staying(kind: str) -> str:
    """What the coverage calls it."""
    return f"while it stays: {kind}"


SITUATIONS = tuple(map(staying, _BEGIN))
