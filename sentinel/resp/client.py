"""One client's connection at the Sentinel listener."""

from __future__ import annotations

import asyncio
import socket

from sentinel.process.client_room import Place
from sentinel.resp.codec import Reply, encode

MAX_WAITING_BYTES = 1 << 20
"""Of what it is told without asking."""
PAUSED_AT_BYTES = 16 * 1024
"""No more is answered before it has read; one answer may be longer."""
SEND_S = 30.0
"""For a client to take in its answers."""
MAX_CHANNELS = 1000
MAX_NAMES_CHARS = 64 * 1024
"""Of all channels and patterns of one client together: what they are is kept for as long as it listens."""


class Client:
    """One connection."""

    def __init__(self, id_: int, writer: asyncio.StreamWriter) -> None:
        self.id = id_
        self.place: Place | None = None
        self.name = ""
        self.logged_in = False
        self.protocol = 2
        self.channels: dict[str, None] = {}
        self.patterns: dict[str, None] = {}
        self._names_chars = 0
        self._writer = writer
        # Unread messages are kept for the client, and there may be thousands of such clients.
        writer.transport.set_write_buffer_limits(high=PAUSED_AT_BYTES)

    def send(self, reply: Reply) -> None:
        if not self.is_closing:
            self.write(encode(reply, self.protocol))

    def write(self, encoded: bytes) -> None:
        """A client that does not read what it asked for is dropped rather than kept in memory."""
        if self.is_closing:
            return
        if self._writer.transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            self._writer.transport.abort()
        else:
            self._writer.write(encoded)

    @property
    def is_closing(self) -> bool:
        return self._writer.is_closing()

    async def taken_in(self) -> None:
        """Wait until it has read most of what was sent. Raises TimeoutError if it does not."""
        async with asyncio.timeout(SEND_S):
            await self._writer.drain()

    def subscribe(self, where: dict[str, None], name: str) -> bool:
        """To one of ``channels``, or of ``patterns``. False if that is more than is kept for one client."""
        if name in where:
            return True
        if len(where) >= MAX_CHANNELS or self._names_chars + len(name) > MAX_NAMES_CHARS:
            return False
        where[name] = None
        self._names_chars += len(name)
        return True

    def unsubscribe(self, where: dict[str, None], name: str) -> None:
        if name in where:
            del where[name]
            self._names_chars -= len(name)

    def close(self) -> None:
        self._writer.close()

    def stop_listening(self) -> None:
        self.channels.clear()
        self.patterns.clear()
        self._names_chars = 0

    def leave(self) -> None:
        self._writer.transport.abort()

    @property
    def listens(self) -> bool:
        return bool(self.channels or self.patterns)


def notice_the_dead(writer: asyncio.StreamWriter) -> None:
    """A client whose host is gone may listen for ever: the system asks it now and then."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):  # Not every system lets a program choose.
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
