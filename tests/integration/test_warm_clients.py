"""Connections made ahead of their use, to a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import redis.asyncio

from sentinel import warm_clients
from sentinel.redis_link import Credentials, RedisLink
from sentinel.resolver import Resolver
from sentinel.warm_clients import WarmClients
from tests.redis_server import RedisServer
from tests.waiting import wait_until


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


def warm(server: RedisServer) -> WarmClients:
    link = RedisLink(Credentials(), Resolver(1.0), "s1", 1.0)

    async def connect(_node: str) -> redis.asyncio.Redis:
        return await link.client("127.0.0.1", server.port, 1.0)

    return WarmClients(connect)


def ours(server: RedisServer) -> set[str]:
    with server.client() as client:
        return {each["id"] for each in client.client_list() if each["name"] == "vedette-s1"}


async def test_what_was_prepared_is_what_is_taken(server: RedisServer) -> None:
    clients = warm(server)
    clients.prepare("node")
    await wait_until(lambda: len(ours(server)) == 1)
    (prepared,) = ours(server)
    client = await clients.take("node")
    assert str(await client.client_id()) == prepared
    other = await clients.take("node")
    assert str(await other.client_id()) != prepared, "it is taken once"
    await client.aclose()
    await other.aclose()
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
    client = await clients.take("node")
    assert await client.ping()
    await client.aclose()
    await clients.close()
