"""A port forwarder on loopback that goes away and comes back: it stands before nodes, and is none."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

from tests.processes import free_port

_CHUNK = 65536


class Forwarder:
    """Leads to the server at port ``target`` while it is there, and refuses connections while it is not.

    Of several targets each new connection reaches the next, as with a balancer.
    """

    def __init__(self, *targets: int) -> None:
        self.port = free_port()
        self._targets: Iterator[int] = itertools.cycle(targets)
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.back()

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def back(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def away(self) -> None:
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self.cut()

    def lead_to(self, target: int) -> None:
        """Another server than before, as a name does whose address has changed."""
        self._targets = itertools.repeat(target)
        self.cut()

    def cut(self) -> None:
        """Close what is open, as a balancer does with a connection that is idle, or too old for it."""
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", next(self._targets)), 1.0)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for one, other in ((near, far), (far, near)):
                self._open.add(one)
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(_CHUNK):
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.discard(one)
        one.close()
