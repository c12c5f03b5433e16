"""The client examples count through real failovers: they go on at the new primary, and lose nothing there.

``pytest -s`` shows the longest gap between two acknowledged writes, and how many went with the old primary.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import pytest
import redis.asyncio

from tests.checkout import CHECKOUT
from tests.integration.cluster import GROUP, Cluster
from tests.processes import Process
from tests.redis_server import RedisServer
from tests.waiting import wait_for

CLIENTS = CHECKOUT / "examples" / "clients"
SOME = 50


@dataclass(frozen=True)
class Example:
    """How a client is run, and ``program``, what it needs to be there."""

    program: str
    advice: str
    script: tuple[str, ...]

    def command(self) -> list[str] | None:
        """None if it cannot be run here."""
        found = sys.executable if self.program == "python" else shutil.which(self.program)
        script = [str(CLIENTS / self.script[0]), *self.script[1:]]
        if found is None:
            return None
        return script if os.access(script[0], os.X_OK) else [found, *script]


EXAMPLES = {
    "python": Example("python", "", ("python/counter.py",)),
    "python-asyncio": Example("python", "", ("python/counter.py", "--asyncio")),
    "nodejs": Example("node", "the Node.js client needs Node.js 20", ("nodejs/counter.mjs",)),
    "bash": Example("curl", "the shell client needs curl", ("bash/counter.sh",)),
}


def urls(cluster: Cluster) -> list[str]:
    return [f"http://127.0.0.1:{sentinel.port}" for sentinel in cluster.sentinels]


class Counter:
    """A running example, and what it says was acknowledged."""

    def __init__(self, name: str, command: list[str], cluster: Cluster) -> None:
        self.key = f"counter-{name}"
        self.name = name
        self._told = cluster.directory / f"{name}.told"
        self._errors = cluster.directory / f"{name}.errors"
        shell = ["/bin/sh", "-c", 'exec "$@" 2>"$0"', str(self._errors)]
        environment = {"COUNTER": self.key}
        self._process = Process(
            [*shell, *command, GROUP, *urls(cluster)], cluster.directory, self._told, environment
        )

    def acknowledged(self) -> list[tuple[int, float]]:
        """The numbers, and when: milliseconds. The last line may not be written in full yet."""
        lines = self._told.read_text().split("\n")[:-1]
        return [(int(number), float(at_ms)) for number, at_ms in (line.split() for line in lines)]

    def wait_for_more(self, count: int) -> None:
        wanted = len(self.acknowledged()) + count
        what = f"{count} more numbers to be acknowledged to {self.name}, which says {self.errors()[-1000:]}"
        wait_for(lambda: len(self.acknowledged()) >= wanted, 30.0, what)

    def errors(self) -> str:
        return self._errors.read_text() if self._errors.exists() else ""

    def end(self) -> None:
        self._process.end()


@dataclass(frozen=True)
class Outcome:
    """What one client was acknowledged, and what the last primary holds of it.

    Every number above ``before`` was acknowledged by a primary that was never lost.
    """

    counted: list[tuple[int, float]]
    held: frozenset[int]
    before: int
    errors: str


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Outcome]]:
    """All clients that can be had count through the same crash and the same planned change."""
    runnable = {name: found for name, each in EXAMPLES.items() if (found := each.command()) is not None}
    with Cluster() as cluster:
        counters = [Counter(name, command, cluster) for name, command in runnable.items()]
        try:
            yield count_through(cluster, counters)
        finally:
            for counter in counters:
                counter.end()


def count_through(cluster: Cluster, counters: list[Counter]) -> dict[str, Outcome]:
    all_count(counters)
    old = cluster.nodes[0]
    old.kill()
    # What the old primary acknowledged may be told a moment after its end.
    before = {counter.name: counter.acknowledged()[-1][0] + 1 for counter in counters}
    new = cluster.wait_failover(old.name)
    all_count(counters)
    last = next(node for node in cluster.nodes if node not in (old, new))
    hand_over(cluster, new, last)
    all_count(counters)
    for counter in counters:
        counter.end()
    with last.client() as client:
        held = {each.name: frozenset(int(n) for n in client.hkeys(each.key)) for each in counters}
    return {
        each.name: Outcome(each.acknowledged(), held[each.name], before[each.name], each.errors())
        for each in counters
    }


def all_count(counters: list[Counter]) -> None:
    for counter in counters:
        counter.wait_for_more(SOME)


def hand_over(cluster: Cluster, old: RedisServer, new: RedisServer) -> None:
    cluster.wait_replicas(old, new)
    sentinel = cluster.sentinels[0]

    def handed_over() -> bool:
        """Refused until this sentinel has seen the replica linked; undone where the machine is too busy."""
        status, accepted = sentinel.post(f"/v1/groups/{GROUP}/switchover", {"to": new.name, "timeout": "10s"})
        if status != 202:
            return False
        path = f"/v1/operations/{accepted['operation']}"
        ended = ("completed", "failed")
        state = wait_for(lambda: s if (s := sentinel.get(path)[1].get("state")) in ended else None, 20, path)
        return bool(state == "completed")

    wait_for(handed_over, 60, f"{new.name} to take over")
    cluster.wait_agreed(new.name)


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_goes_on_at_the_new_primary_and_loses_nothing_there(
    name: str, outcomes: dict[str, Outcome]
) -> None:
    if name not in outcomes:
        pytest.skip(EXAMPLES[name].advice)
    outcome = outcomes[name]
    numbers = [number for number, _ in outcome.counted]
    missing = set(numbers) - outcome.held
    times = [at_ms for _, at_ms in outcome.counted]
    gap_ms = max(later - earlier for earlier, later in pairwise(times))
    lost = f"{len(missing)} of {len(numbers)} acknowledged writes lost"
    sys.stdout.write(f"{name}: longest gap {gap_ms:.0f} ms, {lost}\n{outcome.errors}")
    assert numbers == sorted(set(numbers))
    assert max(numbers) > outcome.before + SOME, "it went on"
    assert not {number for number in missing if number > outcome.before}


@pytest.mark.parametrize("name", ["python", "python-asyncio"])
def test_redis_py_s_callers_see_no_error(name: str, outcomes: dict[str, Outcome]) -> None:
    assert not outcomes[name].errors


def test_a_command_does_not_wait_for_a_primary_that_has_been_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The old primary hangs: without a time limit, nothing but the news of the next one ends the wait."""
    monkeypatch.syspath_prepend(CLIENTS / "python")
    follow = importlib.import_module("follow_primary")
    with Cluster() as cluster, ThreadPoolExecutor(1) as thread:
        pool = follow.PrimaryPool(urls(cluster), GROUP, socket_timeout=None)
        client = redis.Redis(connection_pool=pool)
        old = cluster.nodes[0]
        try:
            client.set("before", "1")
            old.pause()
            waiting = thread.submit(client.set, "under-way", "1")
            new = cluster.wait_failover(old.name)
            assert waiting.result(20)
            with new.client() as at_new:
                assert at_new.exists("under-way")
        finally:
            old.kill()
            pool.close()


def test_an_asyncio_command_does_not_wait_for_a_primary_that_has_been_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(CLIENTS / "python")
    follow = importlib.import_module("follow_primary_asyncio")

    async def through_a_failover(cluster: Cluster) -> None:
        client = redis.asyncio.Redis.from_pool(follow.PrimaryPool(urls(cluster), GROUP, socket_timeout=None))
        async with client:
            await client.set("before", "1")
            old = cluster.nodes[0]
            old.pause()
            waiting = asyncio.ensure_future(client.set("under-way", "1"))
            new = await asyncio.to_thread(cluster.wait_failover, old.name)
            async with asyncio.timeout(20):
                assert await waiting
            with new.client() as at_new:
                assert at_new.exists("under-way")

    with Cluster() as cluster:
        asyncio.run(through_a_failover(cluster))
