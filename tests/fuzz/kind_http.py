"""Bytes at the HTTP port, cut into packets somewhere: each request is answered, with a problem if it is a bad
one, or the connection ends. Nothing fails inside, nothing stays behind, and what is refused changes nothing.

The first line of an input may be ``#! posts`` (no token is needed for a POST) or ``#! token`` (one is).
"""

from __future__ import annotations

import asyncio
import logging
import re
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from sentinel.peers.cluster import Clusters
from sentinel.peers.events import AdmittedEvents
from sentinel.peers.listener import Listener
from sentinel.peers.wire import Batch, Ping, Pong
from sentinel.web.pages import Pages
from tests.fuzz.kind import CANARY, BrokenRuleError, Check, Kind, must
from tests.fuzz.loop_failures import errors_of
from tests.fuzz.memory_pipe import MemoryTransport, idle
from tests.unit.sentinel.http_cases import GROUP, World, running

_HEAD = re.compile(rb"HTTP/[0-9]\.[0-9] ([0-9]{3}) [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n")
_PATHS = (
    "/v1/groups", f"/v1/groups/{GROUP}", f"/v1/groups/{GROUP}/primary", f"/v1/groups/{GROUP}/candidates",
    f"/v1/groups/{GROUP}/history", f"/v1/groups/{GROUP}/failover", f"/v1/groups/{GROUP}/switchover",
    f"/v1/groups/{GROUP}/pause", f"/v1/groups/{GROUP}/resume", f"/v1/check/{GROUP}/primary", "/v1/events",
    "/healthz", "/readyz", "/metrics", "/openapi.json", "/", "/v1/peer",
    "/v1/operations/op-s1-0123456789abcdef", "/v1/webhooks", "/%00", "/..%2f", "//", "*",
    "http://127.0.0.1/", "?after_term=7&wait=1s", "?stale=ok", "?node=10.0.0.1:6379",
)  # fmt: skip
_WORDS = (
    *(path.encode() for path in _PATHS), b"GET ", b"POST ", b"HEAD ", b"OPTIONS ", b"PUT ",
    b" HTTP/1.1\r\n", b"\r\n\r\n", b" HTTP/1.0\r\n", b"Host: localhost\r\n", b"Content-Length: 2\r\n",
    b"Transfer-Encoding: chunked\r\n", b"ffffffff\r\n", b"Content-Type: application/json\r\n",
    b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"0\r\n\r\n", b"5;x=y\r\n",
    b"Authorization: Bearer hunter2canary\r\n", b"Origin: http://evil.example\r\n",
    b"Sec-Fetch-Site: cross-site\r\n",
    b"Connection: Upgrade\r\n", b"Upgrade: websocket\r\n", b"Sec-WebSocket-Version: 13\r\n",
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    b"Sec-WebSocket-Extensions: permessage-deflate\r\n", b"\x82\x85aaaa", b"\x01\x80aaaa", b"\x89\x80aaaa",
    b"\x88\x80aaaa", b"\xc2\xfeaaaa", b"\x82\xff\0\0\0\0\xff\xff\xff\xff", b'{"to":"10.0.0.2:6379"}',
    b'{"reason":"', b"Content-Encoding: gzip\r\n", b"Last-Event-ID: s1.1.7\r\n",
    b"If-None-Match: \"7\"\r\n", b"Range: bytes=0-\r\n", b"Accept-Encoding: gzip\r\n",
)  # fmt: skip


_KINDS: dict[bytes, dict[str, Any]] = {
    b"": {"open_posts": False},
    b"posts": {},
    b"token": {"token": CANARY, "pages": Pages(frozenset({"v.example"}))},
}


@contextmanager
def _opened() -> Iterator[Check]:
    with asyncio.Runner() as runner, errors_of(runner) as failed, _log() as logged:
        world = runner.run(_Worlds.open())
        try:
            yield failed.told(lambda data: runner.run(_check(world, logged, data)))
        finally:
            runner.run(world.close())


class _Worlds:
    """Sentinels that differ in who may change something, each with a real listener for peers."""

    def __init__(self) -> None:
        self._stacks: dict[bytes, AsyncExitStack] = {}
        self.worlds: dict[bytes, World] = {}

    @classmethod
    async def open(cls) -> _Worlds:
        self = cls()
        for name in _KINDS:
            await self._make(name)
        return self

    async def close(self) -> None:
        for stack in self._stacks.values():
            await stack.aclose()

    async def renew(self, name: bytes) -> None:
        """What it was told to do goes on, and would look like the work of the next input."""
        await self._stacks[name].aclose()
        await self._make(name)

    async def _make(self, name: bytes) -> None:
        self._stacks[name] = stack = AsyncExitStack()
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        listener = Listener(
            self_id="s1",
            peers=frozenset({"s2"}),
            secret=CANARY.encode(),
            clusters=Clusters(),
            events=_Nobody(),
        )
        self.worlds[name] = await stack.enter_async_context(
            running(place, peer_handler=listener.handler, **_KINDS[name])
        )
        self.worlds[name].redis[GROUP].look()


class _Nobody(AdmittedEvents):
    def alive(self, peer: str) -> None:
        pass

    def answer(self, peer: str, ping: Ping, since: float) -> Pong:
        return Pong(ping.seq)

    def batch(self, peer: str, batch: Batch) -> None:
        pass

    def link_down(self, peer: str) -> None:
        pass


async def _check(worlds: _Worlds, logged: list[logging.LogRecord], data: bytes) -> str:
    first, _, rest = data.partition(b"\n")
    kind = first[3:] if first.startswith(b"#! ") and first[3:] in _KINDS else b""
    world = worlds.worlds[kind]
    data = rest if first.startswith(b"#! ") else data
    logged.clear()
    before = _state(world)
    written = await _answer(world, data)
    for record in logged:
        if record.levelno >= logging.ERROR or record.exc_info:
            error = record.exc_info[1] if record.exc_info else None
            raise BrokenRuleError(f"in the log: {record.getMessage()}") from error
    statuses = _statuses(written, was_head=b"HEAD " in data)
    must(CANARY.encode() not in written or CANARY.encode() in data, "the token is told")
    if not any(status < 400 for status in statuses):
        must(_state(world) == before, f"refused with {statuses}, and yet something changed")
    elif 202 in statuses:
        await worlds.renew(kind)
    return f"{kind!r} {statuses[:4]} {re.sub(rb'[0-9]+', b'_', written[-80:])!r}"


def _state(world: World) -> tuple[object, ...]:
    view = world.driver.coordinator.member.view
    return (view.newest.id, view.term, world.driver.directives, len(world.notices))


async def _answer(world: World, data: bytes) -> bytes:
    server: Any = world.runner.server
    protocol = server()
    transport = MemoryTransport(protocol)
    protocol.connection_made(transport)
    cut = zlib.crc32(data) % (len(data) + 1)
    for piece in (data[:cut], data[cut:]):
        if piece and not transport.is_closing():
            protocol.data_received(piece)
            await idle(lambda: transport.is_closing() or protocol._awaits_head)
    if not transport.is_closing():
        protocol.eof_received()
        transport.close()
    await idle(lambda: protocol not in server.connections and not server.room.inside.total())
    must(server.room.inside.total() == 0, "its place is not given back")
    must(protocol not in server.connections, "its connection stays behind")
    return transport.written


def _statuses(written: bytes, *, was_head: bool) -> list[int]:
    """Of all answers; each that is an error is a problem."""
    found = []
    for head in _HEAD.finditer(written):
        status = int(head[1])
        found.append(status)
        must(status != 500, f"500: {written[head.start() : head.end() + 300]!r}")
        if status >= 400 and not was_head:
            must(b"application/problem+json" in head[0], f"an error that is no problem: {head[0]!r:.300}")
    must(bool(found) or not written, f"no HTTP is answered: {written[:200]!r}")
    return found


@contextmanager
def _log() -> Iterator[list[logging.LogRecord]]:
    found: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = found.append  # type: ignore[method-assign,assignment]
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield found
    finally:
        root.removeHandler(handler)


HTTP = Kind("http", _opened, _WORDS)
