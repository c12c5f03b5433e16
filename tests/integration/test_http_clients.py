"""What applications and load balancers are told during a change of primary, by real sentinels."""

from __future__ import annotations

import asyncio
import json
import re
from functools import partial
from typing import Any

import pytest

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

CLIENTS = 1000
SWITCHOVER_STEPS = [
    "requested",
    "elected",
    "candidate_chosen",
    "intent_committed",
    "writes_paused",
    "handed_over",
    "promoted",
    "committed",
    "work_done",
]


def check(sentinel: Sentinel, role: str, node: str) -> int:
    return sentinel.get(f"/v1/check/{GROUP}/{role}?node={node}")[0]


def waiting_at(sentinel: Sentinel) -> int:
    found = re.search(
        r'^vedette_waiting_clients{waiting_for="primary"} (\d+)', sentinel.text("/metrics"), re.MULTILINE
    )
    assert found is not None
    return int(found[1])


class Client:
    """Follows the primary on one connection, as applications do."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.terms: list[int] = []

    @classmethod
    async def connected(cls, port: int) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def follow(self, node: str, term: int) -> None:
        """Until ``node`` is primary. A busy machine may have to be asked again, or change more than once."""
        while True:
            path = f"/v1/groups/{GROUP}/primary?after_term={term}&wait=60s"
            self._writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            status, body = await self._answer()
            if status == 200 and body["term"] > term:
                term = body["term"]
                self.terms.append(term)
                if body["address"] == node:
                    return
            await asyncio.sleep(0.2)

    async def _answer(self) -> tuple[int, dict[str, Any]]:
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        assert length is not None
        return int(head.split()[1]), json.loads(await self._reader.readexactly(int(length[1])))

    def close(self) -> None:
        self._writer.transport.abort()


async def test_a_thousand_waiting_clients_are_told_of_a_switchover() -> None:
    with Cluster() as cluster:
        asked, other, _ = cluster.sentinels
        old, new, third = (node.name for node in cluster.nodes)
        assert check(asked, "primary", old) == 200 and check(asked, "primary", new) == 503
        await wait_until(partial(is_replica, asked, new), what="the replica to be seen following")
        clients = await asyncio.gather(*(Client.connected(asked.port) for _ in range(CLIENTS)))
        try:
            async with asyncio.timeout(90):
                term = asked.term()
                following = asyncio.gather(*(client.follow(new, term) for client in clients))
                await wait_until(lambda: waiting_at(asked) == CLIENTS, 60, "all of them to wait")
                assert asked.primary() == old, "others are still answered at once"
                status, body = other.post(f"/v1/groups/{GROUP}/switchover", {"to": new})
                assert status == 202, body
                await following
                assert len({client.terms[-1] for client in clients}) == 1
                await wait_until(lambda: waiting_at(asked) == 0, what="nobody to wait any more")
        finally:
            for client in clients:
                client.close()
        for sentinel in cluster.sentinels:
            cluster.wait_agreed(new)
            assert check(sentinel, "primary", new) == 200 and check(sentinel, "primary", old) == 503
            for replica in (old, third):
                is_let_in = partial(is_replica, sentinel, replica)
                await wait_until(is_let_in, 30, f"{replica} to follow")
            await wait_until(partial(is_told_of, sentinel), 30, "the leader's whole timeline")
            found = [name for name in steps(sentinel) if not name.startswith(("repointed", "demoted"))]
            assert found == SWITCHOVER_STEPS


def is_replica(sentinel: Sentinel, node: str) -> bool:
    return check(sentinel, "replica", node) == 200


def is_told_of(sentinel: Sentinel) -> bool:
    return steps(sentinel)[-1:] == ["work_done"]


def steps(sentinel: Sentinel) -> list[str]:
    """Of the newest change, as its leader saw it, whoever is asked."""
    newest = sentinel.get(f"/v1/groups/{GROUP}/history")[1]["changes"][0]
    assert newest["cause"] == "switchover"
    at = [step["at_ms"] for step in newest["timeline"]]
    assert at == sorted(at)
    return [step["name"] for step in newest["timeline"]]
