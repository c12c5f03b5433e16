"""Links between sentinels over real sockets: who gets in, what gets through, and what happens on failure."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from config.address import Address
from quorum.messages import Message, Resign
from sentinel.peers.auth import Handshake, Opener, Sealer
from sentinel.peers.events import PeerEvents
from sentinel.peers.links import PEER_PATH, PeerLinks
from sentinel.peers.listener import MAX_HANDSHAKES
from sentinel.peers.notes import DeliveredNote, Note
from sentinel.peers.socket import receive_plain
from sentinel.peers.stored import Ledger
from sentinel.peers.wire import MAX_FRAME_BYTES, Challenge, Hello, Proof, encode, encode_batch

SECRET = b"the secret of this cluster"
PEER_TIMEOUT_S = 2.0


def listening_socket(port: int = 0) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(256)
    return sock


def free_address() -> Address:
    """Where nobody listens."""
    with listening_socket() as sock:
        return Address("127.0.0.1", sock.getsockname()[1])


async def until(condition: Callable[[], bool], what: str, limit_s: float = 15.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        await asyncio.sleep(0.01)


class Node(PeerEvents):
    """A sentinel's links behind a real HTTP server, ticked as the daemon does."""

    def __init__(self, name: str, members: dict[str, Address], secret: bytes = SECRET) -> None:
        self.name = name
        self.batches: list[tuple[str, list[tuple[str, Message]]]] = []
        self.notes: list[tuple[str, Note]] = []
        self.touches: list[tuple[str, bool]] = []
        self.ups: list[str] = []
        self.stored = Ledger()
        self.links = PeerLinks(
            name,
            members,
            secret,
            peer_timeout_s=PEER_TIMEOUT_S,
            rng=random.Random(1),
            stored=self.stored,
        )
        self.links.report_to(self)

    def heard(self, peer: str, batch: list[tuple[str, Message]]) -> None:
        self.batches.append((peer, batch))

    def noted(self, peer: str, note: Note) -> None:
        self.notes.append((peer, note))

    def touched(self, peer: str, in_touch: bool) -> None:
        self.touches.append((peer, in_touch))

    def linked(self, peer: str) -> None:
        self.ups.append(peer)

    def answered(self, peer: str) -> None:
        pass

    @property
    def received(self) -> list[tuple[str, str, Message]]:
        return [(peer, group, message) for peer, items in self.batches for group, message in items]

    @asynccontextmanager
    async def running(self, sock: socket.socket) -> AsyncIterator[Node]:
        app = web.Application()
        app.router.add_get(PEER_PATH, self.links.handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.SockSite(runner, sock).start()
        await self.links.start()
        ticker = asyncio.create_task(self._tick())
        try:
            yield self
        finally:
            ticker.cancel()
            await self.links.close()
            await runner.cleanup()

    async def _tick(self) -> None:
        while True:
            self.links.tick()
            await asyncio.sleep(0.1)


def is_admitted(node: Node) -> bool:
    """Whether s2 has a link to it. That alone is no touch."""
    assert node.links.in_touch() == frozenset()
    return node.links._listener.has_link("s2")


@pytest.fixture
def sockets() -> Iterator[dict[str, socket.socket]]:
    opened = {name: listening_socket() for name in ("s1", "s2", "s3")}
    yield opened
    for sock in opened.values():
        sock.close()


@pytest.fixture
def members(sockets: dict[str, socket.socket]) -> dict[str, Address]:
    return {name: Address("127.0.0.1", sock.getsockname()[1]) for name, sock in sockets.items()}


@pytest.fixture
async def lone(sockets: dict[str, socket.socket], members: dict[str, Address]) -> AsyncIterator[Node]:
    """s1 of two members, whose other one is played by the test."""
    sockets["s2"].close()
    two = {name: members[name] for name in ("s1", "s2")}
    async with Node("s1", two).running(sockets["s1"]) as node:
        yield node


@dataclass
class Played:
    websocket: aiohttp.ClientWebSocketResponse
    sealer: Sealer
    opener: Opener

    async def close_reason(self) -> str:
        """Wait until the other side ends the link, and say why it did."""
        async with asyncio.timeout(10):
            while True:
                message = await self.websocket.receive()
                if message.type is aiohttp.WSMsgType.CLOSE:
                    return str(message.extra)
                if message.type is not aiohttp.WSMsgType.BINARY:
                    return ""


def url_of(node: Node, members: dict[str, Address]) -> str:
    return f"http://127.0.0.1:{members[node.name].port}{PEER_PATH}"


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as websocket:
        yield websocket


@asynccontextmanager
async def played(url: str, secret: bytes = SECRET) -> AsyncIterator[Played]:
    """A link to s1 as s2 would dial it."""
    async with connected(url) as websocket:
        nonce = b"n" * 32
        await websocket.send_bytes(encode(Hello("s2", "s1", nonce.hex())))
        challenge = await receive_plain(websocket)
        assert isinstance(challenge, Challenge)
        shake = Handshake("s2", "s1", nonce, bytes.fromhex(challenge.nonce))
        await websocket.send_bytes(encode(Proof(shake.proof(secret, "dialer"))))
        proof = await receive_plain(websocket)
        assert isinstance(proof, Proof)
        shake.check(secret, "listener", proof.mac)
        yield Played(websocket, *shake.seals(secret, "dialer"))


@pytest.mark.parametrize("secret", [SECRET, b""])
async def test_three_sentinels_exchange_messages_in_order(
    sockets: dict[str, socket.socket], members: dict[str, Address], secret: bytes
) -> None:
    nodes = [Node(name, members, secret) for name in members]
    async with (
        nodes[0].running(sockets["s1"]),
        nodes[1].running(sockets["s2"]),
        nodes[2].running(sockets["s3"]),
    ):
        await until(
            lambda: all(
                node.links.rtt_s(name) is not None for node in nodes for name in members if name != node.name
            ),
            "all links up",
        )
        await until(
            lambda: all(node.links.in_touch() == set(members) - {node.name} for node in nodes),
            "all in touch, both ways",
        )
        for node in nodes:
            for name in members.keys() - {node.name}:
                for term in range(600):
                    node.links.send(name, f"group of {node.name}", Resign(term))
                node.links.send_note(name, DeliveredNote((node.name,)))
        await until(
            lambda: all(len(node.received) == 1200 and len(node.notes) == 2 for node in nodes), "messages"
        )
        for node in nodes:
            for name in members.keys() - {node.name}:
                assert [
                    m for peer, group, m in node.received if peer == name and group == f"group of {name}"
                ] == [Resign(term) for term in range(600)]
                assert (name, DeliveredNote((name,))) in node.notes
        assert all(
            rtt is not None and rtt > 0 for rtt in (nodes[0].links.rtt_s("s2"), nodes[0].links.rtt_s("s3"))
        )


async def test_what_is_sent_in_one_turn_arrives_as_one_batch(
    sockets: dict[str, socket.socket], members: dict[str, Address]
) -> None:
    first, second = Node("s1", members), Node("s2", members)
    async with first.running(sockets["s1"]), second.running(sockets["s2"]):
        await until(lambda: first.links.rtt_s("s2") is not None, "link up")
        for group in "abcdef":
            first.links.send("s2", group, Resign(1))
        await until(lambda: bool(second.batches), "batch")
        assert second.batches == [("s1", [(group, Resign(1)) for group in "abcdef"])]


async def test_messages_for_a_peer_that_is_away_are_dropped(lone: Node) -> None:
    lone.links.send("s2", "g", Resign(1))
    lone.links.send_note("s2", DeliveredNote(("x",)))
    assert lone.links.in_touch() == frozenset()
    assert lone.links.rtt_s("s2") is None
    with pytest.raises(KeyError):
        lone.links.send("stranger", "g", Resign(1))


async def test_a_wrong_secret_is_refused_and_logged_and_nothing_is_delivered(
    sockets: dict[str, socket.socket], members: dict[str, Address], caplog: pytest.LogCaptureFixture
) -> None:
    first, wrong = Node("s1", members), Node("s2", members, b"another")
    async with first.running(sockets["s1"]), wrong.running(sockets["s2"]):
        await until(
            lambda: sum("does not know this cluster's secret" in line for line in caplog.messages) >= 2,
            "logged",
        )
        wrong.links.send("s1", "g", Resign(1))
        assert first.batches == [] and first.touches == [] and wrong.touches == []
    refused = [line for line in caplog.messages if "wrong proof" in line]
    assert any(line.startswith("peer s2 at 127.0.0.1") for line in refused)


@pytest.mark.parametrize(
    ("opening", "reason"),
    [
        (encode(Hello("s9", "s1", "00" * 32)), "calls itself 's9', which is not a member here"),
        (encode(Hello("s1", "s1", "00" * 32)), "calls itself 's1', which is this sentinel's own id"),
        (encode(Hello("s2", "s3", "00" * 32)), "looks for sentinel 's3', and this is 's1'"),
        (encode(Hello("s2", "s1", "00")), "nonce: not 32 bytes in hex"),
        (encode(Proof("00")), "began with a Proof instead of a Hello"),
        (b'{"v":7,"kind":"hello"}', "speaks version 7, this sentinel speaks 1"),
        (b"\xff\x00", "Invalid JSON"),
    ],
)
async def test_who_may_not_come_in_is_told_why_and_logged(
    lone: Node, members: dict[str, Address], opening: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(url_of(lone, members)) as websocket:
        await websocket.send_bytes(opening)
        message = await websocket.receive(timeout=10)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert reason in str(message.extra)
    assert any(reason in line and "127.0.0.1" in line for line in caplog.messages)
    assert lone.touches == []


async def test_a_silent_handshake_is_ended(lone: Node, members: dict[str, Address]) -> None:
    async with connected(url_of(lone, members)) as websocket:
        message = await websocket.receive(timeout=10)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert "no handshake within" in str(message.extra)


async def test_a_sealed_frame_is_delivered_once_and_a_replay_ends_the_link(
    lone: Node, members: dict[str, Address], caplog: pytest.LogCaptureFixture
) -> None:
    async with played(url_of(lone, members)) as link:
        frame = link.sealer.seal(encode_batch([("g", Resign(1))])[0])
        await link.websocket.send_bytes(frame)
        await until(lambda: bool(lone.batches), "delivered")
        assert is_admitted(lone)
        await link.websocket.send_bytes(frame)
        assert "wrong seal" in await link.close_reason()
    assert lone.received == [("s2", "g", Resign(1))]
    await until(lambda: not is_admitted(lone), "ended at once")
    assert any(line.startswith("peer s2: frame 1: wrong seal") for line in caplog.messages)


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (encode_batch([("g", Resign(1))])[0], "wrong seal"),
        (b"", "wrong seal"),
        (b"x" * (MAX_FRAME_BYTES + 1), ""),
        ("text", "a text frame"),
    ],
    ids=["unsealed", "empty", "oversized", "text"],
)
async def test_an_injected_frame_ends_the_link(
    lone: Node,
    members: dict[str, Address],
    forged: bytes | str,
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with played(url_of(lone, members)) as link:
        await until(lambda: is_admitted(lone), "admitted")
        if isinstance(forged, str):
            await link.websocket.send_str(forged)
        else:
            await link.websocket.send_bytes(forged)
        assert reason in await link.close_reason()
    await until(lambda: not is_admitted(lone), "ended")
    assert lone.batches == []
    await until(lambda: any(line.startswith("peer s2: ") for line in caplog.messages), "logged")


@pytest.mark.parametrize("frame", [Hello("s2", "s1", "00" * 32), Proof("00")])
async def test_a_sealed_frame_that_does_not_belong_ends_the_link(
    lone: Node, members: dict[str, Address], frame: Hello | Proof
) -> None:
    async with played(url_of(lone, members)) as link:
        await link.websocket.send_bytes(link.sealer.seal(encode(frame)))
        assert "on an open link" in await link.close_reason()


async def test_a_newer_link_of_the_same_peer_replaces_the_older(
    lone: Node, members: dict[str, Address]
) -> None:
    async with played(url_of(lone, members)) as old:
        await until(lambda: is_admitted(lone), "admitted")
        async with played(url_of(lone, members)) as new:
            await old.close_reason()
            await new.websocket.send_bytes(new.sealer.seal(encode_batch([("g", Resign(2))])[0]))
            await until(lambda: bool(lone.batches), "delivered")
            assert is_admitted(lone)


async def test_an_admitted_peer_that_falls_silent_is_cut(
    lone: Node, members: dict[str, Address], caplog: pytest.LogCaptureFixture
) -> None:
    async with played(url_of(lone, members)) as link:
        await link.close_reason()
        await until(lambda: not is_admitted(lone), "ended")
    assert any("peer s2: silent for" in line for line in caplog.messages)


async def test_a_peer_that_accepts_and_never_answers_is_given_up_and_tried_again(
    sockets: dict[str, socket.socket], members: dict[str, Address], caplog: pytest.LogCaptureFixture
) -> None:
    connections = 0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(OSError):
            while await reader.read(1024):
                pass
        writer.close()

    two = {name: members[name] for name in ("s1", "s2")}
    server = await asyncio.start_server(hang, sock=sockets["s2"])
    async with server, Node("s1", two).running(sockets["s1"]) as node:
        await until(lambda: connections >= 2, "dialled again")
        assert node.touches == []
    assert any("no answer to our connection" in line for line in caplog.messages)


async def test_a_restarted_peer_is_back_in_touch(
    sockets: dict[str, socket.socket], members: dict[str, Address]
) -> None:
    two = {name: members[name] for name in ("s1", "s2")}
    async with Node("s1", two).running(sockets["s1"]) as first:
        async with Node("s2", two).running(sockets["s2"]):
            await until(lambda: first.links.in_touch() == {"s2"}, "in touch")
        await until(lambda: first.touches == [("s2", True), ("s2", False)], "out of touch")
        again = Node("s2", two)
        async with again.running(listening_socket(two["s2"].port)):
            await until(lambda: first.ups == ["s2", "s2"], "told that messages get through again")
            first.links.send("s2", "g", Resign(3))
            await until(lambda: again.received == [("s1", "g", Resign(3))], "delivered")


async def test_who_cannot_be_dialled_is_in_touch_with_nobody_and_nobody_with_it(
    sockets: dict[str, socket.socket], members: dict[str, Address]
) -> None:
    """It reaches all others, which answer it; but what they would say of themselves never comes."""
    lost = free_address()
    wrong = members | {"s3": lost}
    first, second, third = Node("s1", wrong), Node("s2", wrong), Node("s3", members)
    async with (
        first.running(sockets["s1"]),
        second.running(sockets["s2"]),
        third.running(sockets["s3"]),
    ):
        await until(lambda: third.links.rtt_s("s1") is not None, "answered")
        await until(lambda: third.links.rtt_s("s2") is not None, "answered")
        await until(lambda: first.links.in_touch() == {"s2"}, "in touch")
        await until(lambda: second.links.in_touch() == {"s1"}, "in touch")
        assert third.touches == [] and ("s3", True) not in [*first.touches, *second.touches]


async def test_what_the_peers_have_stored_is_asked_again_with_each_ping(
    sockets: dict[str, socket.socket], members: dict[str, Address]
) -> None:
    two = {name: members[name] for name in ("s1", "s2")}
    first, second = Node("s1", two), Node("s2", two)
    second.stored.note("g", (1, 1))
    for number in range(100):
        second.stored.note(f"other-{number}", (1, 1))
    async with first.running(sockets["s1"]), second.running(sockets["s2"]):
        await until(lambda: first.links.stored_at("s2", "g", (1, 1)) > 0, "told, in several answers")
        before = first.links.stored_at("s2", "g", (1, 1))
        await until(lambda: first.links.stored_at("s2", "g", (1, 1)) > before, "and anew")
        second.stored.note("g", (2, 1))
        await until(
            lambda: first.links.stored_at("s2", "g", (2, 1)) > first.links.stored_at("s2", "g", (1, 1)),
            "for the former it speaks no more",
        )


class Proxy:
    """Passes bytes on, until it is frozen: then connections stay open and nothing gets through them."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._frozen = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.frozen = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        was_frozen = self.frozen
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, to_writer, was_frozen))
                group.create_task(self._pass(to_reader, writer, was_frozen))
        finally:
            writer.close()
            to_writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dead: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                dead = dead or self.frozen
                if not dead:
                    writer.write(data)
            writer.close()


async def test_a_frozen_network_is_noticed_and_links_are_made_anew_after_it(
    sockets: dict[str, socket.socket], members: dict[str, Address]
) -> None:
    proxies = {name: Proxy(members[name].port) for name in ("s1", "s2")}
    ends = {name: listening_socket() for name in proxies}
    via = {name: Address("127.0.0.1", end.getsockname()[1]) for name, end in ends.items()}
    servers = [await asyncio.start_server(proxies[name].serve, sock=ends[name]) for name in proxies]
    first, second = Node("s1", via), Node("s2", via)
    try:
        async with first.running(sockets["s1"]), second.running(sockets["s2"]):
            await until(lambda: bool(first.links.in_touch() and second.links.in_touch()), "in touch")
            for proxy in proxies.values():
                proxy.frozen = True
            await until(lambda: not first.links.in_touch() and not second.links.in_touch(), "out of touch")
            await until(lambda: ("s2", False) in first.touches and ("s1", False) in second.touches, "told")
            for proxy in proxies.values():
                proxy.frozen = False
            for (
                term
            ) in itertools.count():  # What goes out on a link that is frozen, but not cut yet, is lost.
                first.links.send("s2", "g", Resign(term))
                await asyncio.sleep(0.01)
                if second.received and first.links.in_touch() and second.links.in_touch():
                    break
    finally:
        for server in servers:
            server.close()


async def test_a_crowd_of_strangers_is_bounded_and_keeps_no_peer_out(
    lone: Node, members: dict[str, Address]
) -> None:
    url = url_of(lone, members)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        strangers = await asyncio.gather(*(session.ws_connect(url) for _ in range(MAX_HANDSHAKES + 20)))
        assert 0 < lone.links._listener.strangers <= MAX_HANDSHAKES
        async with played(url):
            await until(lambda: is_admitted(lone), "the peer got in")
        await asyncio.gather(*(websocket.close() for websocket in strangers))
    await until(lambda: lone.links._listener.strangers == 0, "places free")


async def test_plain_requests_and_links_to_a_stopping_sentinel_are_refused(
    lone: Node, members: dict[str, Address]
) -> None:
    url = url_of(lone, members)
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert answer.status == 426
        await lone.links.close()
        async with session.get(url) as answer:
            assert answer.status == 503


@pytest.fixture(autouse=True)
def _levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.mark.parametrize("known", ["before", "later"])
async def test_two_of_different_clusters_refuse_each_other_and_both_know(
    sockets: dict[str, socket.socket], members: dict[str, Address], known: str
) -> None:
    one, other, upgraded = (Node(name, members) for name in members)
    ids = {one.name: "one", other.name: "two"}
    if known == "before":
        for each in (one, other):
            each.links.clusters.adopt(ids[each.name])
    async with one.running(sockets["s1"]), other.running(sockets["s2"]), upgraded.running(sockets["s3"]):
        if known == "later":
            await until(lambda: one.links.in_touch() == {"s2", "s3"}, "all in touch while there are no ids")
            for each in (one, other):
                each.links.clusters.adopt(ids[each.name])
        await until(lambda: dict(one.links.clusters.foreign) == {"s2": "two"}, "s1 to know")
        await until(lambda: dict(other.links.clusters.foreign) == {"s1": "one"}, "s2 to know")
        await until(
            lambda: one.links.in_touch() == {"s3"} == other.links.in_touch(), "s3 alone to be in touch"
        )
        before = len(one.received)
        other.links.send("s1", "g", Resign(1))
        upgraded.links.send("s1", "g", Resign(2))
        await until(lambda: ("s3", "g", Resign(2)) in one.received[before:], "what s3 said to arrive")
        assert ("s2", "g", Resign(1)) not in one.received
        other.links.clusters.adopt("one")
        await until(lambda: "s2" in one.links.in_touch(), "s2 to be let in, being of this cluster now")
        assert not one.links.clusters.foreign


async def test_a_release_that_names_no_cluster_is_let_in(lone: Node, members: dict[str, Address]) -> None:
    lone.links.clusters.adopt("one")
    async with played(url_of(lone, members)):
        await until(lambda: is_admitted(lone), "s2 to be let in")
