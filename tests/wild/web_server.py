"""Programs that are no Redis server, on a port that a Redis server had."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from types import TracebackType

COMMAND = re.compile(rb"\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n")
GONE = b"-ERR no server is there\r\n"
ANSWER = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


class WebServer:
    """Whatever it is sent is a bad request."""

    def __init__(self, port: int) -> None:
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> WebServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            while asked := client.recv(65536):
                client.sendall(self._answer(asked))

    def _answer(self, asked: bytes) -> bytes:
        return ANSWER


class PingProxy(WebServer):
    """Answers each PING itself, and all else with an error: the server behind it is gone."""

    def _answer(self, asked: bytes) -> bytes:
        commands = COMMAND.findall(asked.upper())
        return b"".join(b"+PONG\r\n" if name == b"PING" else GONE for name in commands)
