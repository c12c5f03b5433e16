"""One client's connection at the Sentinel listener."""

from __future__ import annotations

import asyncio
import socket

from sentinel.client_room import Place
from sentinel.resp_codec import Reply, encode

MAX_WAITING_BYTES = 1 << 20


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
        self._writer = writer

    def send(self, reply: Reply) -> None:
        """A client that does not read what it asked for is dropped rather than kept in memory."""
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            self._writer.transport.abort()
        else:
            self._writer.write(encode(reply, self.protocol))

    def close(self) -> None:
        self._writer.close()

    def stop_listening(self) -> None:
        self.channels.clear()
        self.patterns.clear()

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
