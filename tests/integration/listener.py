"""A server on loopback that only listens, and keeps what it is sent; and how it is taken for a replica."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

import redis


class Listener:
    """``heard`` has the bytes of each connection."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[bytearray] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                said = bytearray()
                self.heard.append(said)
                threading.Thread(target=self._listen, args=(connection, said), daemon=True).start()

    @staticmethod
    def _listen(connection: socket.socket, said: bytearray) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(60)
            while data := connection.recv(4096):
                said += data

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()


class FakeReplica:
    """A client that may do no more than replicate, and says that it listens at ``host`` and ``port``."""

    def __init__(self, primary_port: int, user: str, password: str, host: str, port: int) -> None:
        self._connection = redis.Connection(
            port=primary_port, username=user, password=password, protocol=2, driver_info=None
        )
        self._connection.connect()
        for words in (
            ("REPLCONF", "listening-port", str(port)),
            ("REPLCONF", "ip-address", host),
            ("REPLCONF", "capa", "eof", "capa", "psync2"),
        ):
            self._connection.send_command(*words)
            assert self._connection.read_response() in (b"OK", "OK")
        self._connection.send_command("PSYNC", "?", "-1")

    def __enter__(self) -> FakeReplica:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.disconnect()
