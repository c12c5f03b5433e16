"""What a stranger may send to the peer link before it has proved anything: little, and for a short time."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sentinel.peers.cluster import Clusters
from sentinel.peers.events import AdmittedEvents
from sentinel.peers.listener import Listener
from sentinel.peers.wire import Batch, Hello, Ping, Pong, encode
from sentinel.process.listening import RECEIVED_BYTES
from tests.unit.sentinel.http_cases import World, running

pytestmark = pytest.mark.unit

UPGRADE = (
    b"GET /v1/peer HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
)
KEY = b"AAAAAAAAAAAAAAAAAAAAAA=="
PING, PONG = 0x89, 0x8A


def frame(first: int, payload: bytes = b"") -> bytes:
    assert len(payload) < 65536
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return bytes([first]) + size + bytes(4) + payload


class Nobody(AdmittedEvents):
    """Takes in what peers say, and answers their pings."""

    def alive(self, peer: str) -> None:
        pass

    def answer(self, peer: str, ping: Ping, since: float) -> Pong:
        return Pong(ping.seq)

    def batch(self, peer: str, batch: Batch) -> None:
        pass

    def link_down(self, peer: str) -> None:
        pass


@pytest.fixture
def listener() -> Listener:
    peers, events = frozenset({"s2"}), Nobody()
    return Listener(self_id="s1", peers=peers, secret=b"secret", clusters=Clusters(), events=events)


@pytest.fixture
async def world(tmp_path: Path, listener: Listener) -> AsyncIterator[World]:
    async with running(tmp_path, peer_handler=listener.handler) as world:
        yield world


async def said_to(world: World, data: bytes, key: bytes = KEY) -> bytes:
    """All that is answered until the connection ends."""
    host, port = world.runner.addresses[0][:2]
    reader, writer = await asyncio.open_connection(host, port)
    said = b""
    try:
        writer.write(UPGRADE % key + data)
        async with asyncio.timeout(20):
            while part := await reader.read(65536):
                said += part
    except ConnectionError:
        pass
    finally:
        writer.close()
    return said


@pytest.mark.parametrize("control", [PING, PONG])
async def test_control_frames_are_not_answered_and_end_the_connection(world: World, control: int) -> None:
    """Six bytes each, and an answer costs as a request does: sixty strangers held a sentinel up for 2 s."""
    said = await said_to(world, frame(control) * 1000)
    head, _, frames = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101") and not frames


async def test_what_comes_behind_a_refused_handshake_is_not_taken_apart(world: World) -> None:
    nonsense = frame(0x82, encode(Hello("s9", "s1", "00" * 32)))
    said = await said_to(world, nonsense + frame(0x82) * 1000)
    assert said.count(b"which is not a member here") == 1


async def test_a_key_that_is_not_ascii_is_no_websocket(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody could have a traceback written to the log with each request."""
    with caplog.at_level(logging.DEBUG):
        said = await said_to(world, b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", "ÄÄÄ".encode())
    assert said.startswith(b"HTTP/1.1 426") and not [r for r in caplog.records if r.exc_info]


async def test_the_system_keeps_little_of_what_was_sent_and_not_read(world: World) -> None:
    [site] = world.runner.sites
    server: Any = site._server
    for listening in server.sockets:
        assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 2 * RECEIVED_BYTES
