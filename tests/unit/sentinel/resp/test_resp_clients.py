"""Clients of the Sentinel listener that say nothing, or listen, hold no place that others need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from quorum.membership import Membership
from sentinel.peers.in_touch import InTouch
from sentinel.process.client_room import RESP, ClientRoom
from sentinel.process.in_turns import TOGETHER
from sentinel.resp import client as resp_client
from sentinel.resp import server as resp_api
from sentinel.resp.client import Client
from sentinel.resp.codec import Simple
from sentinel.resp.messages import Message
from sentinel.resp.server import RespServer
from sentinel.status.authority import Authority
from tests.unit.sentinel.http_cases import eventually

SUBSCRIBE = b"SUBSCRIBE +switch-master\r\n"


class Talk:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, words: bytes) -> bytes:
        """The first packet of the answer; empty if the connection ended."""
        self.writer.write(words)
        return await self.hear()

    async def hear(self) -> bytes:
        async with asyncio.timeout(20):
            try:
                return await self.reader.read(4096)
            except ConnectionError:
                return b""


ALONE = Authority(InTouch("s1", Membership.of(["s1"]), frozenset))


class House:
    def __init__(self, password: str | None, most: int) -> None:
        self.room = ClientRoom(most)
        self.server = RespServer(drivers={}, authority=ALONE, password=password, room=self.room)
        self._writers: list[asyncio.StreamWriter] = []

    async def client(self) -> Talk:
        assert self.server._server is not None
        host, port = self.server._server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port)
        self._writers.append(writer)
        return Talk(reader, writer)

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def listening(*, password: str | None = None, most: int = 16) -> AsyncIterator[House]:
    house = House(password, most)
    await house.server.start("127.0.0.1", 0)
    try:
        yield house
    finally:
        house.hang_up()
        await house.server.close()


async def test_a_stranger_that_says_no_password_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resp_api, "LOGIN_S", 0.05)
    async with listening(password="word") as house:
        assert await (await house.client()).hear() == b""
        known = await house.client()
        assert await known.say(b"AUTH word\r\n") == b"+OK\r\n"
        await (await house.client()).hear()
        assert await known.say(b"PING\r\n") == b"+PONG\r\n"


async def test_one_that_asks_for_nothing_is_let_go_and_one_that_listens_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resp_api, "IDLE_S", 0.05)
    async with listening() as house:
        listener = await house.client()
        assert b"subscribe" in await listener.say(SUBSCRIBE)
        assert await (await house.client()).hear() == b""
        assert b"pong" in await listener.say(b"PING\r\n")
        assert b"unsubscribe" in await listener.say(b"UNSUBSCRIBE\r\n")
        assert await listener.hear() == b""


async def test_those_that_listen_never_fill_the_house() -> None:
    async with listening(most=16) as house:
        listeners = [await house.client() for _ in range(8)]
        answers = [await listener.say(SUBSCRIBE) for listener in listeners]
        assert [b"subscribe" in answer for answer in answers] == [True] * 6 + [False] * 2
        assert b"as many clients listen already" in answers[-1]
        assert b"unsubscribe" in await listeners[0].say(b"UNSUBSCRIBE\r\n")
        assert b"subscribe" in await listeners[-1].say(SUBSCRIBE)
        assert await listeners[1].say(b"RESET\r\n") == b"+RESET\r\n"
        assert b"subscribe" in await listeners[-2].say(SUBSCRIBE)


async def test_a_crowd_that_is_silent_makes_room_and_those_that_listen_stay() -> None:
    async with listening(most=16) as house:
        listener = await house.client()
        assert b"subscribe" in await listener.say(SUBSCRIBE)
        for _ in range(40):
            await house.client()
        assert await (await house.client()).say(b"PING\r\n") == b"+PONG\r\n"
        assert house.room.inside[RESP] <= 12 and house.room.made_way[RESP] > 20
        assert b"pong" in await listener.say(b"PING\r\n")


async def test_a_client_that_is_closing_is_not_written_to() -> None:
    async with listening() as house:
        talk = await house.client()
        client = Client(1, talk.writer)
        client.send(Simple("OK"))
        talk.writer.close()
        before = talk.writer.transport.get_write_buffer_size()
        written: list[bytes] = []
        talk.writer.write = written.append  # type: ignore[method-assign,assignment]
        client.send(Simple("OK"))
        assert not written and talk.writer.transport.get_write_buffer_size() == before


async def test_what_is_kept_of_one_client_is_bounded() -> None:
    """A thousand channels of 60 kB each were 60 MB, of each client."""
    async with listening() as house:
        client = await house.client()
        long = "x" * 30_000
        names = b"".join(b"SUBSCRIBE %d%b\r\n" % (n, long.encode()) for n in range(5))
        said = b""
        client.writer.write(names)
        while said.count(b"no more channels") < 3:
            said += await client.hear()
        [inside] = house.server._clients.values()
        assert len(inside.channels) == 2
        client.writer.write(b"UNSUBSCRIBE\r\nSUBSCRIBE %b\r\n" % long.encode())
        while not said.endswith(b":1\r\n"):
            said += await client.hear()
        assert len(inside.channels) == 1


async def test_a_client_that_does_not_read_is_not_answered_further() -> None:
    """It asked for megabytes in one go, and all of it was written into memory for it."""
    async with listening() as house:
        client = await house.client()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        echo = b"ECHO " + b"x" * 15_000 + b"\r\n"
        client.writer.write(echo * 1000)
        await eventually(lambda: bool(house.server._clients), "it is let in")
        [inside] = house.server._clients.values()
        transport = inside._writer.transport
        await eventually(
            lambda: transport.get_write_buffer_size() > resp_client.PAUSED_AT_BYTES, "it is full"
        )
        for _ in range(100):
            await asyncio.sleep(0)
            assert transport.get_write_buffer_size() <= resp_client.PAUSED_AT_BYTES + len(echo)


async def test_one_that_takes_in_no_answers_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resp_client, "SEND_S", 0.05)
    monkeypatch.setattr(resp_client, "PAUSED_AT_BYTES", 1)
    async with listening() as house:
        client = await house.client()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        echo = b"ECHO " + b"x" * 60_000 + b"\r\n"
        client.writer.write(echo * 300)
        await eventually(lambda: not house.server._clients, "it is let go")


async def test_between_many_requests_of_one_packet_others_have_their_turn() -> None:
    async with listening() as house:
        pipelining, other = await house.client(), await house.client()
        assert await other.say(b"PING\r\n") == b"+PONG\r\n"
        turns = 0

        def count() -> None:
            nonlocal turns
            turns += 1
            asyncio.get_running_loop().call_soon(count)

        count()
        pipelining.writer.write(b"PING\r\n" * 200)
        said = b""
        while said.count(b"PONG") < 200:
            said += await pipelining.hear()
        assert turns > 200


async def test_subscribers_are_told_a_few_in_each_turn_and_all_the_same() -> None:
    message = Message("+switch-master", "g a 1 b 2")
    async with listening(most=400) as house:
        talks = [await house.client() for _ in range(60)]
        for number, talk in enumerate(talks):
            assert await talk.say(SUBSCRIBE if number % 2 else b"PSUBSCRIBE * other\r\n")
        clients = list(house.server._clients.values())
        assert all(message.is_for(client) for client in clients)
        told: list[int] = []
        for client in clients:
            client.write = lambda _data: told.append(1)  # type: ignore[method-assign,assignment]
        house.server._turns.add(partial(message.tell, client) for client in clients)
        assert len(told) == TOGETHER
        await eventually(lambda: len(told) == 60, "all are told")
