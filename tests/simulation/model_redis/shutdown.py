"""SIGTERM: from 7.0 on a primary ends only once its replicas have everything, and takes no writes meanwhile.

They say what they have once a second, so while clients write it waits for that; for one that hangs,
``TIMEOUT_S``. A server that cannot save goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.model_redis.pauses import BY_SHUTDOWN, WRITE

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer

TIMEOUT_S = 10.0


class Shutdown:
    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._asked = False
        self._end: float | None = None

    @property
    def under_way(self) -> bool:
        return self._asked or self._end is not None

    @property
    def left_ms(self) -> int | None:
        """For how long it will wait yet; None if it does not."""
        return None if self._end is None else max(0, round((self._end - self._server.world.now) * 1000))

    def ask(self) -> None:
        """The signal, which is heeded at the next tick."""
        self._asked = True
        self._server.cron.wake()

    def abort(self) -> None:
        """SHUTDOWN ABORT."""
        self._asked, self._end = False, None
        self._server.pauses.end(BY_SHUTDOWN)

    def cron(self) -> None:
        now = self._server.world.now
        if self._asked and not self._ready():
            self._asked, self._end = False, now + TIMEOUT_S
            self._server.pauses.begin(BY_SHUTDOWN, WRITE)
            # A replica's answer does not count this request itself, so its next word is waited for.
            self._server.replicas.ask_acks()
        elif self._asked or (self._end is not None and (now >= self._end or self._ready())):
            self._finish()

    def _ready(self) -> bool:
        offset = self._server.stream.offset
        return all(replica.ack_offset == offset for replica in self._server.replicas.attached)

    def _finish(self) -> None:
        if self._server.saving.on and not self._server.saving.save():
            self.abort()
        else:
            self._server.crash()
