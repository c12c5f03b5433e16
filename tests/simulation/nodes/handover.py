"""``FAILOVER TO``: a primary hands its role to a replica that has caught up (``replication.c``)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.nodes.node import Node


class Handover:
    """The state at the node that gives its role away. ``state`` is INFO's ``master_failover_state``."""

    def __init__(self, node: Node) -> None:
        self.state = "no-failover"
        self._node = node
        self._target: tuple[str, int] | None = None
        self._round = 0

    @property
    def pauses(self) -> bool:
        return self.state != "no-failover"

    @property
    def in_progress(self) -> bool:
        return self.state == "failover-in-progress"

    def begin(self, host: str, port: int, timeout_s: float | None) -> str | None:
        """Why it cannot be; None if it has begun."""
        node = self._node
        if self.pauses:
            return "ERR FAILOVER already in progress."
        if node.role == "slave":
            return "ERR FAILOVER is not valid when server is a replica."
        link = node.downstream.get(f"{host}:{port}")
        if link is None:
            return "ERR FAILOVER target HOST and PORT is not a replica."
        if not link.online:
            return "ERR FAILOVER target replica is not online."
        self.state = "waiting-for-sync"
        self._target = (host, port)
        self._round += 1
        link.ask_ack()
        node.write("PING")
        if timeout_s is not None:
            node.schedule.at(timeout_s, partial(self._expire, self._round))
        node.schedule.at(0.0, self.look)
        return None

    def look(self) -> None:
        """Has the target all of it?"""
        node = self._node
        if self.state != "waiting-for-sync" or self._target is None or not node.running or node.hung:
            return
        link = node.downstream.get(f"{self._target[0]}:{self._target[1]}")
        if link is None:
            self._end()
        elif link.acked >= node.offset:
            self.state = "failover-in-progress"
            node.follow(*self._target)
            node._connect()

    def abort(self) -> str | None:
        if not self.pauses:
            return "ERR No failover in progress."
        if self.in_progress:
            self._node.stand_alone()
        self._end()
        return None

    def taken_over_by(self, old: Node) -> bool:
        """``PSYNC ... FAILOVER`` from ``old`` arrives: become primary, if the history is the same."""
        node = self._node
        if node.replid != old.replid or node.offset != old.offset:
            return False
        node.stand_alone()
        return True

    def rejected(self) -> None:
        self._node.stand_alone()
        self._end()

    def done(self) -> None:
        self._end()

    def _expire(self, round_: int) -> None:
        if self.state == "waiting-for-sync" and round_ == self._round and self._node.running:
            self._end()

    def _end(self) -> None:
        self.state = "no-failover"
        self._target = None
        self._node.schedule.at(0.0, self._node.unpause_if_due)
