"""Requests at the Sentinel listener: wherever packets end, the same answers come, and each is RESP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hiredis

from sentinel.process.client_room import ClientRoom
from sentinel.resp.server import RespServer
from sentinel.status.authority import Authority
from tests.fuzz.kind import Check, Kind, must
from tests.fuzz.loop_failures import errors_of
from tests.fuzz.memory_pipe import MemoryTransport, idle
from tests.fuzz.pieces import cuts
from tests.fuzz.stage import IN_TOUCH, GroupStage
from tests.unit.sentinel.http_cases import GROUP

PASSWORD = "hunter2canary"
MAX_CUTS = 12
MAX_PLAYED_BYTES = 64 * 1024
"""In all ways to cut one input: each request takes a turn of the event loop."""
TURNS = 40_000


def _packed(words: list[str]) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w.encode()) for w in words)


_COMMANDS = (
    "PING", "ECHO a", "AUTH hunter2canary", "AUTH default hunter2canary", "HELLO 3", "HELLO 2 SETNAME a",
    "RESET", "HELLO 3 AUTH default hunter2canary", "SUBSCRIBE +switch-master", "PSUBSCRIBE *",
    "UNSUBSCRIBE", "PUNSUBSCRIBE *", "QUIT", "CLIENT ID", "CLIENT SETNAME x", "CLIENT GETNAME", "COMMAND",
    "INFO", "ROLE", "SENTINEL MASTERS", f"SENTINEL MASTER {GROUP}", f"SENTINEL REPLICAS {GROUP}",
    f"SENTINEL GET-MASTER-ADDR-BY-NAME {GROUP}", f"SENTINEL SENTINELS {GROUP}",
    f"SENTINEL CKQUORUM {GROUP}", "SENTINEL MYID", f"SENTINEL FAILOVER {GROUP}",
)  # fmt: skip
_WORDS = (
    *(f"{command}\r\n".encode() for command in _COMMANDS),
    *(_packed(command.split()) for command in _COMMANDS), b"*1\r\n", b"*0\r\n", b"*-1\r\n", b"$-1\r\n",
    b"$0\r\n\r\n", b"*1000000000\r\n", b"$65537\r\n", b":1\r\n",
)  # fmt: skip
_ID = re.compile(rb"(\$2\r\nid\r\n):[0-9]+|^:[0-9]+\r\n", re.MULTILINE)


@contextmanager
def _opened() -> Iterator[Check]:
    with asyncio.Runner() as runner, errors_of(runner) as failed:
        stage = runner.run(_stage())
        try:
            yield failed.told(lambda data: runner.run(_check(stage, data)))
        finally:
            runner.run(stage.close())


async def _stage() -> GroupStage:
    return GroupStage()


async def _check(stage: GroupStage, data: bytes) -> str:
    password = PASSWORD if len(data) % 2 else None
    whole = await _answers(stage, password, [data])
    ways = list(cuts(data))
    for number, pieces in enumerate(ways[: max(1, MAX_PLAYED_BYTES // (len(data) + 1))]):
        if number % max(1, len(ways) // MAX_CUTS) == 0 or len(pieces) != 2:
            other = await _answers(stage, password, pieces)
            must(
                other == whole,
                f"cut into {[len(piece) for piece in pieces][:20]} it is answered with {other[:300]!r}, "
                f"not with {whole[:300]!r}",
            )
    must(password is None or PASSWORD.encode() not in whole or b"AUTH" not in data, "the password is told")
    return re.sub(rb"[0-9]+", b"_", whole[:200]).decode("latin-1")


async def _answers(stage: GroupStage, password: str | None, pieces: list[bytes]) -> bytes:
    room = ClientRoom(8)
    server = RespServer(
        drivers={GROUP: stage.driver}, authority=Authority(IN_TOUCH), password=password, room=room
    )
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader, server._serve)
    transport = MemoryTransport(protocol)
    protocol.connection_made(transport)
    for piece in pieces:
        if transport.is_closing():
            break
        protocol.data_received(piece)
        await idle(lambda: transport.is_closing() or _waits(reader), TURNS)
    if not transport.is_closing():
        protocol.eof_received()
    await idle(lambda: not server._clients, TURNS)
    must(not server._clients, "its connection never ends")
    must(room.inside.total() == 0 and server._listening == 0, "its place is not given back")
    protocol.connection_lost(None)
    _read(transport.written)
    return _ID.sub(rb"\1:_", transport.written)


def _waits(reader: Any) -> bool:
    return not reader._buffer and reader._waiter is not None


def _read(written: bytes) -> None:
    """A client understands all of it."""
    reader = hiredis.Reader(errors="replace")
    reader.feed(written)
    try:
        while reader.gets() is not False:
            pass
    except hiredis.ProtocolError as error:
        must(False, f"an answer is no RESP: {error}")
    must(not reader.has_data(), "an answer breaks off")


RESP = Kind("resp", _opened, _WORDS)
