"""A leader's steps over the connection that watches a node, on real servers that take no new one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import redis

from promotion.conversation import FencedError, StepError
from promotion.executor import Executor
from promotion.step_types import Promote, Repoint
from sentinel.line_exchange import LineExchange
from sentinel.probes import Probe
from sentinel.redis_link import Credentials, RedisLink
from sentinel.resolver import Resolver
from tests.redis_server import RedisServer
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

FENCE = "vedette:g:term"
LIMIT_S = 20.0


class Watched:
    """A replica of its own primary, watched by a probe, and with no connections left."""

    def __init__(self) -> None:
        self.primary, self.replica = RedisServer(), RedisServer()
        self.replica.replicate(self.primary)
        self.infos = 0
        self.probe = Probe(
            self.replica.name,
            "127.0.0.1",
            self.replica.port,
            RedisLink(Credentials(), Resolver(LIMIT_S), "s1", LIMIT_S),
            down_after_s=2 * LIMIT_S,
            reconnect_interval_s=0.05,
            on_evidence=lambda _node, _evidence: None,
            on_info=self._on_info,
            on_latency=lambda _node, _seconds: None,
        )
        self.executor = Executor(self._reach, FENCE, LIMIT_S)

    def _on_info(self, _node: str, _info: object) -> None:
        self.infos += 1

    async def _reach(self, _node: str) -> LineExchange:
        assert self.probe.line is not None
        return LineExchange(self.probe.line)

    async def begin(self) -> None:
        self.probe.start()
        await wait_until(lambda: self.infos > 0, LIMIT_S, "an INFO")
        # The primary's link and the probe's are all that it has; one more is for whom sets the limit.
        with self.replica.client() as client:
            client.config_set("maxclients", client.info("clients")["connected_clients"])

    def stop(self) -> None:
        self.primary.stop()
        self.replica.stop()


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    made = Watched()
    try:
        await made.begin()
        yield made
    finally:
        await made.probe.close()
        made.stop()


async def answers_anew(watched: Watched) -> None:
    """The probe goes on over its connection."""
    before = watched.infos
    watched.probe.request_info()
    await wait_until(lambda: watched.infos > before, LIMIT_S, "another INFO")


async def test_it_promotes_and_watches_on(watched: Watched) -> None:
    await watched.executor.run(Promote(watched.replica.name), 7, lambda: True)
    await answers_anew(watched)
    with suppress(redis.ConnectionError), watched.replica.client() as client:
        assert client.get(FENCE) == b"7"
        assert client.role()[0] == b"master"


async def test_it_is_fenced_as_over_any_other(watched: Watched) -> None:
    await watched.executor.run(Promote(watched.replica.name), 7, lambda: True)
    step = Repoint(watched.replica.name, "127.0.0.1", watched.primary.port, "demote")
    with pytest.raises(FencedError):
        await watched.executor.run(step, 6, lambda: True)
    await answers_anew(watched)


async def test_a_connection_that_ends_is_told(watched: Watched) -> None:
    hung = asyncio.ensure_future(watched.executor.run(Promote(watched.replica.name), 7, lambda: True))
    watched.replica.pause()
    watched.replica.kill()
    with suppress(StepError):
        await asyncio.wait_for(hung, LIMIT_S)
    assert hung.done()
