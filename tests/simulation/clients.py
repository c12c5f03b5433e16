"""Clients that write unique values, where the sentinels say, and remember what was acknowledged to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from promotion.conversation import ReplyError
from tests.simulation.wire import Wire

if TYPE_CHECKING:
    from tests.simulation.world import World

EVERY_S = 0.05
PATIENCE_S = 1.0
KEY = "values"


@dataclass(frozen=True, slots=True)
class Ack:
    """``replicas`` is what WAIT answered, 0 without."""

    value: str
    node: str
    at: float
    replicas: int


class Client:
    """``wait`` is the n of WAIT after each write, 0 for none."""

    def __init__(self, name: str, world: World, wait: int) -> None:
        self.name = name
        self.acks: list[Ack] = []
        self._world = world
        self._wait = wait
        self._count = 0
        self._wire: Wire | None = None
        self._node = ""
        self._asked_at = 0.0
        self._busy_until: float | None = None
        world.schedule.at(world.rng.uniform(0.0, EVERY_S), self._turn)

    def _turn(self) -> None:
        world = self._world
        world.schedule.at(world.setup.write_every_s, self._turn)
        now = world.schedule.now
        if self._busy_until is not None:
            if now < self._busy_until:
                return
            self._drop()
        if self._wire is None or now - self._asked_at > PATIENCE_S:
            self._find()
        if self._wire is not None:
            self._count += 1
            value = f"{self.name}.{self._count}"
            self._busy_until = now + 2 * PATIENCE_S
            self._wire.send(("SADD", KEY, value), partial(self._on_written, self._wire, value))

    def _find(self) -> None:
        """Ask any sentinel that would answer."""
        world = self._world
        hosts = [host for host in world.hosts.values() if world.would_answer(self.name, host)]
        if not hosts:
            return
        disk = world.rng.choice(hosts).disk
        self._asked_at = world.schedule.now
        topology = disk.committed.topology
        if topology is None or (self._wire is not None and topology.primary == self._node):
            return
        self._drop()
        self._node = topology.primary
        wire = Wire(self.name, world.nodes[self._node], world.network, self._drop)
        wire.open(partial(self._on_open, wire), self._drop)

    def _on_open(self, wire: Wire) -> None:
        if self._wire is None:
            self._wire = wire

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire = None
        self._busy_until = None

    def _on_written(self, wire: Wire, value: str, reply: Any) -> None:
        if wire is not self._wire:
            return
        if isinstance(reply, ReplyError):
            self._drop()
        elif self._wait:
            wire.send(("WAIT", self._wait, 1000), partial(self._on_waited, wire, value))
        else:
            self._acknowledged(value, 0)

    def _on_waited(self, wire: Wire, value: str, reply: Any) -> None:
        if wire is self._wire and isinstance(reply, int):
            self._acknowledged(value, reply)
        elif wire is self._wire:
            self._drop()

    def _acknowledged(self, value: str, replicas: int) -> None:
        self._busy_until = None
        self.acks.append(Ack(value, self._node, self._world.schedule.now, replicas))
