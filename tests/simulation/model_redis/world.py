"""The servers, the time they share, and the network between them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, TypeAlias

from tests.simulation.model_redis.events import Events
from tests.simulation.model_redis.options import Options
from tests.simulation.model_redis.server import ModelServer

Route: TypeAlias = Callable[[str, str, float], float | None]
"""(from_host, to_host, now) -> one-way delay in seconds, or None if what is sent now is lost."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ModelWorld:
    """Everything happens in ``advance``, or at once when a session sends; all chance comes from ``rng``."""

    def __init__(self, route: Route, rng: random.Random, now: float = 0.0) -> None:
        self.route = route
        self.rng = rng
        self.now = now
        self.events = Events()
        self.servers: dict[str, ModelServer] = {}
        self._addresses: dict[tuple[str, int], ModelServer] = {}
        self.same_host: Callable[[str], str] = str
        """What a name of a host stands for."""

    def add(self, name: str, host: str, port: int, **options: Any) -> ModelServer:
        """A server that is not started yet. ``options`` are the fields of ``Options``."""
        if name in self.servers or (host, port) in self._addresses:
            raise ValueError(f"{name} at {host}:{port} is there already")
        server = ModelServer(self, name, host, port, Options(**options))
        self.servers[name] = self._addresses[host, port] = server
        return server

    def next_event(self) -> float | None:
        return self.events.next()

    def advance(self, now: float) -> None:
        """Run what is due up to and at ``now``, in order."""
        if now < self.now:
            raise ValueError(f"time does not go back, from {self.now} to {now}")
        while (due := self.events.next()) is not None and due <= now:
            when, action = self.events.pop()
            self.now = max(self.now, when)
            action()
        self.now = now

    def listening(self, from_host: str, address: tuple[str, int]) -> ModelServer | None:
        """Whose address this is, as seen from ``from_host``."""
        host, port = self.same_host(address[0]), address[1]
        found = self._addresses.get((host, port))
        if found is None and host in LOOPBACK:
            found = self._addresses.get((from_host, port))
        return found
