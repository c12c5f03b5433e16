"""Clients of the Sentinel listener that say nothing, or listen, hold no place that others need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sentinel import resp_api
from sentinel.client_room import RESP, ClientRoom
from sentinel.resp_api import RespServer
from sentinel.resp_client import Client
from sentinel.resp_codec import Simple

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


class House:
    def __init__(self, password: str | None, most: int) -> None:
        self.room = ClientRoom(most)
        self.server = RespServer("s1", ["s1"], {}, frozenset, password, room=self.room)
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
