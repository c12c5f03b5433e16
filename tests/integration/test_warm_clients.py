"""Connections made ahead of their use, to a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from redis.asyncio.connection import Connection

from sentinel.nodes import warm_clients
from sentinel.nodes.link import Credentials, RedisLink
from sentinel.nodes.warm_clients import WarmClients
from sentinel.process.resolver import Resolver
from tests.redis_server import RedisServer
from tests.waiting import wait_until


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


def warm(server: RedisServer) -> WarmClients:
    link = RedisLink(Credentials(), Resolver(1.0), "s1", 1.0)

    async def connect(_node: str) -> Connection:
        return await link.named_connection("127.0.0.1", server.port, 1.0)

    return WarmClients(connect)


async def asked(connection: Connection, *words: str) -> object:
    await connection.send_command(*words)
    return await connection.read_response()


def ours(server: RedisServer) -> set[str]:
    with server.client() as client:
        return {each["id"] for each in client.client_list() if each["name"] == "vedette-s1"}


async def test_what_was_prepared_is_what_is_taken(server: RedisServer) -> None:
    clients = warm(server)
    clients.prepare("node")
    await wait_until(lambda: len(ours(server)) == 1)
    (prepared,) = ours(server)
    taken = await clients.take("node")
    assert str(await asked(taken, "CLIENT", "ID")) == prepared
    other = await clients.take("node")
    assert str(await asked(other, "CLIENT", "ID")) != prepared, "it is taken once"
    await taken.disconnect()
    await other.disconnect()
    await clients.close()
    await wait_until(lambda: not ours(server))


async def test_what_is_not_taken_is_closed(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_clients, "KEEP_S", 0.05)
    clients = warm(server)
    clients.prepare("node")
    await wait_until(lambda: len(ours(server)) == 1)
    await wait_until(lambda: not ours(server))
    await clients.close()


async def test_what_failed_is_tried_anew(server: RedisServer) -> None:
    clients = warm(server)
    server.kill()
    clients.prepare("node")
    await asyncio.to_thread(server.restart)
    taken = await clients.take("node")
    assert await asked(taken, "PING") == b"PONG"
    await taken.disconnect()
    await clients.close()


async def test_what_was_closed_meanwhile_is_made_anew(server: RedisServer) -> None:
    clients = warm(server)
    clients.prepare("node")
    await wait_until(lambda: len(ours(server)) == 1)
    (prepared,) = ours(server)
    with server.client() as client:
        client.client_kill_filter(_id=prepared)
    other = await clients.take("another")  # While it is made, the end of the first is seen.
    taken = await clients.take("node")
    assert str(await asked(taken, "CLIENT", "ID")) != prepared
    await taken.disconnect()
    await other.disconnect()
    await clients.close()
