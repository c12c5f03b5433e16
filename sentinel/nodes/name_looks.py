"""Finds out whether each new connection to a name reaches the same server, by making a few (see
``balanced``).

A sentinel stays connected to each node for days, so it would learn only at the worst moment that a name leads
elsewhere. So a name is checked before its answers are believed, when another process answers there, and from
time to time.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from redis.asyncio.connection import Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from promotion.replies import read_fields
from sentinel.coordination.node_spec import NodeRecord, NodeSpec
from sentinel.nodes.link import RedisLink
from sentinel.process import clock

LOOKS = 5
"""How many further connections are made; at the end the first one is asked again."""
LIMIT_S = 1.0
AGAIN_S = 600.0
DOUBTFUL_AGAIN_S = 60.0


async def reached(link: RedisLink, host: str, port: int) -> AsyncIterator[str]:
    """The run ids that new connections reach, one after the other. Raises as ``RedisLink.connection``."""
    addresses = await link.addresses(host)
    first = await link.connection(host, port, addresses[0])
    try:
        yield await run_id_at(first)
        for number in range(1, LOOKS + 1):
            other = await link.connection(host, port, addresses[number % len(addresses)])
            try:
                yield await run_id_at(other)
            finally:
                await other.disconnect(nowait=True)
        yield await run_id_at(first)
    finally:
        await first.disconnect(nowait=True)


async def run_id_at(connection: Connection) -> str:
    """The run id of the server. Raises RedisError if INFO is refused."""
    await connection.send_command("INFO", "server")
    info = await connection.read_response()
    return read_fields(info).get("run_id", "") if isinstance(info, bytes) else ""


class AnotherServerError(RedisConnectionError):
    """The name leads to another process than the one that was observed."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"another process answers there than was looked at (run id {run_id[:8]})")
        self.run_id = run_id


async def connection_to(link: RedisLink, record: NodeRecord, timeout_s: float) -> Connection:
    """As ``RedisLink.named_connection``, to the process that answered last. Raises AnotherServerError."""
    made = await link.named_connection(record.spec.host, record.spec.port, timeout_s, record.peer_ip)
    run_id = ""
    with suppress(ResponseError):
        run_id = await run_id_at(made)
    if record.info is not None and run_id not in ("", record.info.run_id):
        await made.disconnect()
        raise AnotherServerError(run_id)
    return made


class NameLooks:
    """``tell`` gets each name and run id at once, in the order of the answers."""

    def __init__(self, link: RedisLink, tell: Callable[[str, str], None]) -> None:
        self._link = link
        self._tell = tell
        self._looked: dict[str, tuple[str, float]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def is_new(self, name: str) -> bool:
        """Whether no look at the name is finished yet, so that it is unknown whose answers these are."""
        return name not in self._looked

    def look_if_due(self, spec: NodeSpec, run_id: str, *, doubtful: bool, then: Callable[[], None]) -> None:
        """``run_id`` is the server that the name led to last. ``then`` is called at the end of a look that
        begins here, whatever its result.
        """
        known, at = self._looked.get(spec.name, ("", -math.inf))
        age_s = clock.monotonic() - at
        due = age_s > DOUBTFUL_AGAIN_S if doubtful else run_id != known or age_s > AGAIN_S
        if not due or spec.name in self._tasks:
            return
        task = asyncio.get_running_loop().create_task(self._look(spec), name=f"look at {spec.name}")
        self._tasks[spec.name] = task

        def over(_: asyncio.Task[None]) -> None:
            self._tasks.pop(spec.name, None)
            self._looked[spec.name] = (run_id, clock.monotonic())
            if not task.cancelled():
                then()

        task.add_done_callback(over)

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self, spec: NodeSpec) -> None:
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                async for run_id in reached(self._link, spec.host, spec.port):
                    if run_id:
                        self._tell(spec.name, run_id)
