"""CLIENT PAUSE, and the pauses that a failover and a shutdown make: which clients wait, and until when."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer

OFF, WRITE, ALL = 0, 1, 2
BY_COMMAND, BY_FAILOVER, BY_SHUTDOWN = "command", "failover", "shutdown"


class Pauses:
    """Each purpose has its own pause; the strictest holds. That one is over is noticed each 100 ms."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._pauses: dict[str, tuple[int, float]] = {}
        self.kind = OFF

    def begin(self, purpose: str, kind: int, end: float = math.inf) -> None:
        """A second pause for the same purpose never weakens the first."""
        had_kind, had_end = self._pauses.get(purpose, (OFF, -math.inf))
        self._pauses[purpose] = (max(kind, had_kind), max(end, had_end))
        self._update()
        self._server.cron.wake()

    def end(self, purpose: str) -> None:
        if self._pauses.pop(purpose, None) is not None:
            self._update()

    def cron(self) -> None:
        if self.kind != OFF:
            self._update()

    @property
    def ticking(self) -> bool:
        """Whether one of them ends by itself."""
        return any(end != math.inf for _, end in self._pauses.values())

    def _update(self) -> None:
        now = self._server.world.now
        self._pauses = {why: pause for why, pause in self._pauses.items() if pause[1] >= now}
        before, self.kind = self.kind, max((kind for kind, _ in self._pauses.values()), default=OFF)
        if self.kind < before:
            self._server.unblock_postponed()
