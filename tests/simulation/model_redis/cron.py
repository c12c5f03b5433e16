"""A server's clock: ten ticks a second, of which each tenth runs the replication cron.

Ticks that would find nothing to do are skipped, so an idle server costs one event a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer

FIRST_TICK_S = 0.001
TICK_S = 0.1
DRIFT_S = 0.001
"""By at most so much a tick comes later than a tenth of a second after the last, as Redis's own do."""
TICKS_IN_CRON = 10
_EARLY_S = 1e-6


class Cron:
    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._tick_s = TICK_S + server.world.rng.uniform(0.0, DRIFT_S)
        self._ticks = 0
        """How many there were, the skipped ones too."""
        self._next = server.world.now + FIRST_TICK_S
        """When the next one is, skipped or not."""
        self._plan = 0
        self.replication_runs = 0
        self._arm()

    def wake(self) -> None:
        """There is something to do at the next tick."""
        self._skip_to_now()
        self._arm()

    def resume(self) -> None:
        """After a hang: time has passed, but not its ticks."""
        self._skip_to_now()
        self._next = self._server.world.now
        self._arm()

    def freeze(self) -> None:
        """The process hangs."""
        self._skip_to_now()
        self._plan += 1

    def _skip_to_now(self) -> None:
        behind = int((self._server.world.now - self._next) / self._tick_s - _EARLY_S) + 1
        if self._server.world.now > self._next and behind > 0:
            self._ticks += behind
            self._next += behind * self._tick_s

    def _arm(self) -> None:
        """A plan that was made earlier is void."""
        self._plan += 1
        plan = self._plan
        skip = 0 if self._server.needs_ticks else -self._ticks % TICKS_IN_CRON
        ticks, when = self._ticks + skip, self._next + skip * self._tick_s
        self._server.world.events.at(when, lambda: self._tick(plan, ticks, when))

    def _tick(self, plan: int, ticks: int, when: float) -> None:
        server = self._server
        if plan != self._plan or server.cron is not self or not server.running or server.hung:
            return
        self._ticks, self._next = ticks + 1, when + self._tick_s
        if ticks == 0:
            # Servers that start at one moment do not tick together for long.
            self._next += server.world.rng.uniform(0.0, TICK_S * TICKS_IN_CRON)
        # While a snapshot is being loaded only clients are served.
        if not server.loading:
            server.deliver(lambda: self._work(ticks))
        if plan == self._plan:
            self._arm()

    def _work(self, ticks: int) -> None:
        server = self._server
        server.shutdown.cron()
        if not server.running:
            return
        server.pauses.cron()
        server.replicas.reap_child()
        server.saving.cron()
        if server.failover.active or ticks % TICKS_IN_CRON == 0:
            server.failover.check()
            server.following.cron()
            server.replicas.cron(ping=self.replication_runs % server.options.ping_period_s == 0)
            self.replication_runs += 1
