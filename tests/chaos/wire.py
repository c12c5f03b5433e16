"""One connection that speaks Redis's protocol, without pool, retry or handshake: all is sent once."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import hiredis

_RECEIVE_BYTES = 65536


class ReplyError(Exception):
    """The server refused the command."""


class NoRedisError(OSError):
    """What answers is no Redis server."""


def _pack(words: tuple[str | int, ...]) -> bytes:
    encoded = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded)


class Wire:
    """Raises OSError whenever the server cannot be reached, hangs up, is silent for ``timeout_s``, or is no
    Redis server.
    """

    def __init__(self, address: str, timeout_s: float = 1.0) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = hiredis.Reader(
            encoding="utf-8", errors="replace", replyError=ReplyError, protocolError=NoRedisError
        )

    def ask(self, *words: str | int) -> Any:
        """Raises ReplyError, besides OSError; after that nobody knows whether the command was done."""
        self._socket.sendall(_pack(words))
        while (reply := self._reader.gets()) is False:
            data = self._socket.recv(_RECEIVE_BYTES)
            if not data:
                raise ConnectionResetError("the server hung up")
            self._reader.feed(data)
        if isinstance(reply, ReplyError):
            raise reply
        return reply

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()


def ask_once(address: str, *words: str | int, timeout_s: float = 1.0) -> Any:
    """One command on a connection of its own; None if there is no answer, or a refusal."""
    try:
        wire = Wire(address, timeout_s)
    except OSError:
        return None
    try:
        return wire.ask(*words)
    except (OSError, ReplyError):
        return None
    finally:
        wire.close()
