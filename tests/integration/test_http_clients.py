"""What applications and load balancers are told during a change of primary, by real sentinels."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

CLIENTS = 1000


def check(sentinel: Sentinel, role: str, node: str) -> int:
    return sentinel.get(f"/v1/check/{GROUP}/{role}?node={node}")[0]


def waiting_at(sentinel: Sentinel) -> int:
    found = re.search(
        r'^vedette_waiting_clients{waiting_for="primary"} (\d+)', sentinel.text("/metrics"), re.MULTILINE
    )
    assert found is not None
    return int(found[1])


async def ask(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return reader, writer


async def answer(reader: asyncio.StreamReader) -> dict[str, object]:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    length = re.search(rb"Content-Length: (\d+)", head)
    assert length is not None
    body: dict[str, object] = json.loads(await reader.readexactly(int(length[1])))
    return body


async def test_a_thousand_waiting_clients_are_told_of_a_switchover() -> None:
    with Cluster() as cluster:
        asked, other, _ = cluster.sentinels
        old, new, third = (node.name for node in cluster.nodes)
        assert check(asked, "primary", old) == 200 and check(asked, "primary", new) == 503
        await wait_until(lambda: check(asked, "replica", new) == 200, what="the replica to be seen following")
        path = f"/v1/groups/{GROUP}/primary?after_term={asked.term()}&wait=60s"
        connections = await asyncio.gather(*(ask(asked.port, path) for _ in range(CLIENTS)))
        try:
            async with asyncio.timeout(60):
                await wait_until(lambda: waiting_at(asked) == CLIENTS, 30, "all of them to wait")
                assert asked.primary() == old, "others are still answered at once"
                status, body = other.post(f"/v1/groups/{GROUP}/switchover", {"to": new})
                assert status == 202, body
                answers = await asyncio.gather(*(answer(reader) for reader, _ in connections))
                assert {str(each["address"]) for each in answers} == {new}
                assert len({each["term"] for each in answers}) == 1
                await wait_until(lambda: waiting_at(asked) == 0, what="nobody to wait any more")
        finally:
            for _, writer in connections:
                writer.transport.abort()
        for sentinel in cluster.sentinels:
            cluster.wait_agreed(new)
            assert check(sentinel, "primary", new) == 200 and check(sentinel, "primary", old) == 503
            for replica in (old, third):
                await wait_until(
                    lambda sentinel=sentinel, replica=replica: check(sentinel, "replica", replica) == 200,  # type: ignore[misc]
                    30,
                    f"{replica} to follow",
                )
