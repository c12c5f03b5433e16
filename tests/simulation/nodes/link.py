"""One replica's connection to its primary: the stream down, the acknowledgements up.

A connection, so nothing on it is lost or overtaken while it lasts: what a partition holds up arrives
behind it, unless one side has given up by then. Each side learns of the other's end only if that can be
told, and otherwise when it has heard nothing for too long.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.nodes.node import Node

RETRY_S = 0.2


class Link:
    """``online`` from the end of the synchronisation. ``acked`` and ``acked_at`` are the primary's knowledge.

    ``known_up`` is whether the primary takes it for open, ``known_down`` whether the replica does.
    """

    def __init__(self, primary: Node, replica: Node) -> None:
        self.primary = primary
        self.replica = replica
        self.online = False
        self.known_up = True
        self.known_down = True
        self.acked = 0
        self.acked_at = primary.schedule.now
        self.heard_at = replica.schedule.now
        self._wants_ack = False
        self._arrives_at = 0.0

    def push(self) -> None:
        """The primary has written: send it down."""
        if self.known_up and self.online:
            self._send_down(self.primary.offset)

    def ask_ack(self) -> None:
        """``REPLCONF GETACK``: answered at once."""
        self._wants_ack = True

    def acknowledge(self) -> None:
        """The replica tells how far it is."""
        delay_s = self.primary.route(self.replica.host, self.primary.host)
        if self.known_down and delay_s is not None:
            self.primary.schedule.at(delay_s, partial(self._on_ack, self.replica.offset))

    def closed_by_replica(self) -> None:
        self.known_down = False
        self._tell_primary()

    def closed_by_primary(self) -> None:
        self.known_up = False
        self._tell_replica()

    def _tell_primary(self) -> None:
        delay_s = self.primary.route(self.replica.host, self.primary.host)
        if not self.known_up:
            return
        if delay_s is None or self.primary.hung:
            self.primary.schedule.at(RETRY_S, self._tell_primary)
        else:
            self.primary.schedule.at(delay_s, partial(self.primary.lost_replica, self))

    def _tell_replica(self) -> None:
        delay_s = self.primary.route(self.primary.host, self.replica.host)
        if not self.known_down:
            return
        if delay_s is None or self.replica.hung:
            self.replica.schedule.at(RETRY_S, self._tell_replica)
        else:
            self.replica.schedule.at(delay_s, partial(self.replica.lost_primary, self))

    def _send_down(self, upto: int) -> None:
        if not self.known_down:
            return
        delay_s = self.primary.route(self.primary.host, self.replica.host)
        schedule = self.primary.schedule
        if delay_s is None:
            schedule.at(RETRY_S, partial(self._send_down, upto))
            return
        self._arrives_at = max(self._arrives_at, schedule.now + delay_s)
        schedule.at(self._arrives_at - schedule.now, partial(self._arrive, upto))

    def _arrive(self, upto: int) -> None:
        replica = self.replica
        if not self.known_down:
            return
        if replica.hung:
            replica.schedule.at(RETRY_S, partial(self._arrive, upto))
            return
        self.heard_at = replica.schedule.now
        for op in self.primary.backlog.since(replica.offset, upto):
            replica.take_in(op)
        replica.pass_on()
        if self._wants_ack:
            self._wants_ack = False
            self.acknowledge()

    def _on_ack(self, offset: int) -> None:
        if self.known_up and not self.primary.hung:
            self.acked = max(self.acked, offset)
            self.acked_at = self.primary.schedule.now
            self.primary.on_ack()
