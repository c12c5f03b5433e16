"""A TCP forwarder as it stands before many a Redis: docker-proxy, a load balancer, a service's address.

It can go away, as when it is restarted: what it forwards is closed, and new connections are refused. One that
leads to several servers gives each new connection to the next, as a balancer does.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any

from tests.processes import free_port

CALL_S = 10.0


class Forwarder:
    """Forwards a loopback port of its own to ``to_ports``, in a thread of its own."""

    def __init__(self, *to_ports: int) -> None:
        # Bound for as long as the forwarder is there, so that nobody else takes the port while it is away.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", free_port()))
        self.port = int(self._held.getsockname()[1])
        self._to_ports = itertools.cycle(to_ports)
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def go_away(self) -> None:
        self._call(self._go_away())

    def come_back(self) -> None:
        self._call(self._listen())

    def __enter__(self) -> Forwarder:
        self._thread.start()
        self.come_back()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_away()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_S)
        self._loop.close()
        self._held.close()

    def _call(self, job: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(job, self._loop).result(CALL_S)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)

    async def _go_away(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _forward(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._open.add(back)
        try:
            far, there = await asyncio.open_connection("127.0.0.1", next(self._to_ports))
            self._open.add(there)
            await asyncio.gather(self._copy(near, there), self._copy(far, back))
        except OSError:
            back.transport.abort()
        finally:
            self._open.discard(back)

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()
            self._open.discard(sink)
