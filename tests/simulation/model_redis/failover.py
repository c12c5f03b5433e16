"""FAILOVER: a primary stops writes, waits for a replica to have them all, follows it, bids it take over.

From ``failover-in-progress`` on there is no time limit, and REPLICAOF is refused.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from promotion.conversation import Reply, ReplyError
from tests.simulation.model_redis.data import NOT_AN_INTEGER, SYNTAX
from tests.simulation.model_redis.messages import Words
from tests.simulation.model_redis.pauses import BY_FAILOVER, WRITE

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer

NONE, WAITING, IN_PROGRESS = "no-failover", "waiting-for-sync", "failover-in-progress"


class Failover:
    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._forget()

    def _forget(self) -> None:
        self.state = NONE
        self.timed = False
        self._end = math.inf
        self._force = False
        self._target: tuple[str, int] | None = None

    @property
    def active(self) -> bool:
        return self.state != NONE

    def command(self, words: Words) -> Reply:
        """``words`` without FAILOVER itself."""
        if len(words) == 1 and words[0].upper() == "ABORT":
            if not self.active:
                return ReplyError("ERR No failover in progress.")
            self.abort()
            return b"OK"
        parsed = _parse(words)
        if isinstance(parsed, ReplyError):
            return parsed
        target, timeout_ms, force = parsed
        refused = self._refused(target, timeout_ms, force)
        if refused:
            return ReplyError(f"ERR {refused}")
        self._target, self._force, self.timed = target, force, timeout_ms > 0
        self._end = self._server.world.now + timeout_ms / 1000 if timeout_ms else math.inf
        self.state = WAITING
        self._server.pauses.begin(BY_FAILOVER, WRITE)
        return b"OK"

    def _refused(self, target: tuple[str, int] | None, timeout_ms: int, force: bool) -> str | None:
        if self.active:
            return "FAILOVER already in progress."
        if self._server.following.host is not None:
            return "FAILOVER is not valid when server is a replica."
        if not self._server.replicas.attached:
            return "FAILOVER requires connected replicas."
        if force and not (timeout_ms and target):
            return "FAILOVER with force option requires both a timeout and target HOST and IP."
        if target is not None:
            replica = self._server.replicas.find(target)
            if replica is None:
                return "FAILOVER target HOST and PORT is not a replica."
            if replica.state != "online":
                return "FAILOVER target replica is not online."
        return None

    def check(self) -> None:
        """Time out, or begin the second half if the target, or any replica, has everything."""
        if self.state != WAITING:
            return
        server = self._server
        if self._end <= server.world.now:
            if self._force and self._target:
                self._begin(self._target)
            else:
                self.abort()
            return
        candidates = server.replicas.attached
        if self._target is not None:
            found = server.replicas.find(self._target)
            candidates = [] if found is None else [found]
        for replica in candidates:
            if replica.ack_offset == server.stream.offset:
                self._begin((replica.host, replica.port))
                return

    def _begin(self, target: tuple[str, int]) -> None:
        self.state, self._target = IN_PROGRESS, target
        self._server.following.follow(*target)

    def abort(self) -> None:
        if self.state == IN_PROGRESS:
            self._server.following.unset()
        if self.active:
            self.finish()

    def finish(self) -> None:
        self._forget()
        self._server.pauses.end(BY_FAILOVER)


def _parse(words: Words) -> tuple[tuple[str, int] | None, int, bool] | ReplyError:
    target: tuple[str, int] | None = None
    timeout_ms, force, rest = 0, False, list(words)
    while rest:
        option = rest.pop(0).upper()
        if option == "TIMEOUT" and rest and not timeout_ms:
            value = rest.pop(0)
            if not value.removeprefix("-").isdigit():
                return NOT_AN_INTEGER
            timeout_ms = int(value)
            if timeout_ms <= 0:
                return ReplyError("ERR FAILOVER timeout must be greater than 0")
        elif option == "TO" and len(rest) >= 2 and target is None:
            host, port = rest.pop(0), rest.pop(0)
            if not port.isdigit():
                return NOT_AN_INTEGER
            target = (host, int(port))
        elif option == "FORCE" and not force:
            force = True
        else:
            return SYNTAX
    return target, timeout_ms, force
