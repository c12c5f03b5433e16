"""A client that costs little: one command, asked of one server again and again, without ever waiting.

What measures shares the machine with what is measured. A client library with a thread for each server takes
most of a core for a resolution of a millisecond, and longest from whoever else is written in Python.
"""

from __future__ import annotations

import socket
from contextlib import suppress

import hiredis


class Asking:
    """Asks the server at ``port`` on loopback; connects anew whenever the connection ends."""

    def __init__(self, port: int, *words: str) -> None:
        self._port = port
        self._request = bytes(hiredis.pack_command(words))  # type: ignore[arg-type]
        self._socket: socket.socket | None = None
        self._reader = hiredis.Reader()
        self._waiting = False

    def turn(self) -> object | None:
        """The answer that came since the last turn, if one did; asks again unless one is still awaited.

        An error that the server answers is an answer too: a ``hiredis.ReplyError``, returned.
        """
        try:
            return self._turn(self._socket or self._connect())
        except BlockingIOError:
            return None
        except (OSError, hiredis.ProtocolError):
            self.close()
            return None

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._waiting = False

    def _turn(self, connection: socket.socket) -> object | None:
        answer: object | None = None
        if self._waiting:
            data = connection.recv(65536)
            if not data:
                raise ConnectionResetError
            self._reader.feed(data)
            answer = self._reader.gets()
            if answer is False:
                return None
            self._waiting = False
        with suppress(BlockingIOError):
            connection.send(self._request)
            self._waiting = True
        return answer

    def _connect(self) -> socket.socket:
        self._reader = hiredis.Reader()
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=1.0)
        self._socket.setblocking(False)
        return self._socket
