"""A client's side of a connection to a modelled node: requests and replies take their time, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tests.simulation import seen
from tests.simulation.network import Network
from tests.simulation.node import Node, RefusedError, Session

LINGER_S = 3.0


class Wire:
    """``on_closed`` is called once, when this side learns that the node closed the connection.

    ``forwarded``: it leads through a port forwarder that only sentinels use.
    """

    def __init__(
        self,
        client: str,
        node: Node,
        network: Network,
        on_closed: Callable[[], None] = lambda: None,
        *,
        forwarded: bool = False,
    ) -> None:
        self._client = client
        self._node = node
        self._network = network
        self._on_closed = on_closed
        self.forwarded = forwarded
        self._session: Session | None = None
        self.closed = False
        self._there_at = self._back_at = 0.0
        """When the newest request and the newest reply arrive: nothing overtakes on a connection."""

    def open(self, on_open: Callable[[], None], on_refused: Callable[[], None]) -> None:
        """Neither is called if nothing gets through: that is for the caller's patience."""
        there, back = self._ways()
        if there is not None and back is not None:
            self._node.schedule.at(there, partial(self._arrive, back, on_open, on_refused))

    def send(self, words: Sequence[str | int], on_reply: Callable[[Any], None], extra_s: float = 0.0) -> None:
        delay_s = self._ways()[0]
        if self._session is not None and delay_s is not None and not self.closed:
            self._there_at = max(self._there_at, self._node.schedule.now + delay_s + extra_s)
            wait_s = self._there_at - self._node.schedule.now
            self._node.schedule.at(wait_s, partial(self._hand_over, self._session, words, on_reply))

    def close(self) -> None:
        """What was sent before may still arrive, and be carried out."""
        self.closed = True
        if self._session is not None:
            self._node.schedule.at(LINGER_S, self._session.close)

    def sever(self) -> None:
        """Whatever forwarded it is gone, and both ends are told."""
        if self._session is not None and not self.closed:
            self._session.close()
            self._told_closed()

    def _ways(self) -> tuple[float | None, float | None]:
        if (self._client, self._node.name) in self._network.unrouted:
            self._network.did[seen.UNROUTED] += 1
            return None, None
        there = self._network.route(self._client, self._node.host)
        return there, self._network.route(self._node.host, self._client)

    def _arrive(self, back_s: float, on_open: Callable[[], None], on_refused: Callable[[], None]) -> None:
        if self.forwarded and self._node.name in self._network.away:
            self._network.did[seen.AWAY] += 1
            self._node.schedule.at(back_s, on_refused)
            return
        try:
            session = self._node.open(self._client, self._on_node_closed)
        except RefusedError:
            self._node.schedule.at(back_s, on_refused)
            return
        if self.closed:
            session.close()
            return
        self._session = session
        self._node.schedule.at(back_s, on_open)

    def _hand_over(
        self, session: Session, words: Sequence[str | int], on_reply: Callable[[Any], None]
    ) -> None:
        # Bytes that are under way arrive, even if the client has given up since.
        if not session.closed:
            session.send(words, partial(self._reply, on_reply))

    def _reply(self, on_reply: Callable[[Any], None], value: Any) -> None:
        delay_s = self._ways()[1]
        if delay_s is None:
            return
        self._back_at = max(self._back_at, self._node.schedule.now + delay_s)
        wait_s = self._back_at - self._node.schedule.now
        self._node.schedule.at(wait_s, lambda: None if self.closed else on_reply(value))

    def _on_node_closed(self) -> None:
        delay_s = self._ways()[1]
        if delay_s is not None and not self.closed:
            # Behind what was answered before.
            self._back_at = max(self._back_at, self._node.schedule.now + delay_s)
            self._node.schedule.at(self._back_at - self._node.schedule.now, self._told_closed)

    def _told_closed(self) -> None:
        if not self.closed:
            self.closed = True
            self._on_closed()
