"""A cheap client for measurements: it asks one server one command repeatedly, without ever blocking.

The measuring process shares the machine with the measured ones. A client library with a thread for each
server takes most of a core for a resolution of a millisecond, and slows down other Python processes most.
"""

from __future__ import annotations

import socket

import hiredis


class Asking:
    """Asks the server at ``port`` on loopback. If the connection ends, the next question opens a new one."""

    def __init__(self, port: int, *words: str) -> None:
        self._port = port
        self._request = bytes(hiredis.pack_command(words))  # type: ignore[arg-type]
        self._socket: socket.socket | None = None
        self._reader = hiredis.Reader()
        self._waiting = False

    @property
    def connected(self) -> bool:
        return self._socket is not None

    def fileno(self) -> int:
        """The connection's file descriptor. Raises ValueError if there is none."""
        if self._socket is None:
            raise ValueError("not connected")
        return self._socket.fileno()

    def ask(self) -> None:
        """Send the command, unless an answer is still awaited."""
        if self._waiting:
            return
        try:
            (self._socket or self._connect()).send(self._request)
            self._waiting = True
        except BlockingIOError:
            return
        except OSError:
            self.close()

    def answer(self) -> object | None:
        """The answer, if it has arrived; None if not, or if the connection has ended.

        An error reply is returned as a ``hiredis.ReplyError``.
        """
        if self._socket is None:
            return None
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            self.close()
            return None
        self._reader.feed(data)
        answer: object = self._reader.gets()
        if answer is False:
            return None
        self._waiting = False
        return answer

    def turn(self) -> object | None:
        """The answer, if it has arrived; then asks again."""
        answer = self.answer()
        self.ask()
        return answer

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._waiting = False

    def _connect(self) -> socket.socket:
        self._reader = hiredis.Reader()
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=1.0)
        self._socket.setblocking(False)
        return self._socket
