"""``vedette demo``: a failover on this machine, with real processes, shown step by step.

It starts servers and sentinels, lets a client write, kills the primary, and shows what each sentinel did when
and what the client and a receiver of webhooks saw of it. The killed server then returns, and is demoted.
Every wait has an end, and everything that was started is ended with the demo.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

from sentinel.demo.cluster import GROUP, DemoCluster, Node, until
from sentinel.demo.processes import DemoError, find_redis_server
from sentinel.demo.receiver import Delivery, Receiver
from sentinel.demo.show import Stage
from sentinel.demo.timeline import (
    Step,
    failover_steps,
    in_order,
    knows_successor,
    longest_gap_ms,
    merged_tail,
)
from sentinel.demo.writer import Writer
from sentinel.terminal.exits import ExitCode, complain

KEYS = {"demo:city": "Saumur", "demo:river": "Loire", "demo:horse": "Cadre Noir"}
CALM_WRITES = 200
"""How many writes must succeed before the kill, and after the failover."""
STORY_LINES = 40


@dataclass(frozen=True, slots=True)
class Options:
    keep: bool = False
    redis_server: Path | None = None
    sentinels: int = 3
    as_json: bool = False


def run(options: Options) -> int:
    """The exit code."""
    return asyncio.run(_run(options))


async def _run(options: Options) -> int:
    """The first signal cancels the demo, which then ends every process that it started."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    caught: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        if not caught:
            caught.append(number)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    demo = Demo(options)
    try:
        await demo.play()
    except DemoError as error:
        demo.tell_failure(error)
        return ExitCode.REFUSED
    except asyncio.CancelledError:
        if not caught:
            raise
        complain(f"ended by {caught[0].name}; everything that was started has been ended too")
        return ExitCode.OK if demo.is_over else 128 + caught[0]
    return ExitCode.OK


class Demo:
    """``is_over``: everything was shown; processes that still run are kept on purpose."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._stage = Stage(silent=options.as_json)
        self._story: list[str] = []
        self.is_over = False

    async def play(self) -> None:
        """Raises DemoError."""
        binary = find_redis_server(self._options.redis_server)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        async with Receiver(secret) as receiver, aiohttp.ClientSession() as session:
            cluster = DemoCluster(binary, self._options.sentinels, receiver.url, secret, session)
            try:
                async with cluster:
                    await self._play(cluster, receiver, session)
                    self.is_over = True
                    if self._options.keep:
                        self._tell_what_is_kept(cluster)
                        await asyncio.Event().wait()
            except DemoError:
                self._story = merged_tail(cluster.story(), STORY_LINES)
                raise

    def tell_failure(self, error: DemoError) -> None:
        complain(f"the demo failed: {error}")
        if self._story:
            complain("what the sentinels logged last:")
            complain("\n".join(f"  {line}" for line in self._story))
        if self._options.as_json:
            _print_json({"ok": False, "problem": str(error), "story": self._story})

    async def _play(self, cluster: DemoCluster, receiver: Receiver, session: aiohttp.ClientSession) -> None:
        old = cluster.nodes[0]
        self._stage.act(f"Started {len(cluster.nodes)} redis-servers and {len(cluster.sentinels)} sentinels")
        self._stage.topology(_who_is_who(cluster))
        made = await until(cluster.agreed_primary, "all sentinels agree on the primary")
        if made["address"] != old.name:
            raise DemoError(f"the sentinels agree on {made['address']}, but {old.name} is the primary")
        self._stage.act(f"All sentinels agree: {old.name} is primary, term {made['term']}")
        await _write_keys(old, len(cluster.nodes) - 1)
        async with Writer(session, cluster.urls, GROUP) as writer:
            self._stage.act("A client asks the sentinels where the primary is, and writes there all the time")
            await _until_calm(cluster, writer)
            self._stage.act(f"Killed the primary, {old.name}, with SIGKILL")
            killed_at_ms = time.time() * 1000
            assert old.child is not None
            await old.child.kill()
            steps = await self._watch_failover(cluster, receiver, writer, killed_at_ms)
            self._stage.timeline(steps)
            new = _node(cluster, await until(lambda: _new_primary(cluster, old), "there is a new primary"))
            back_ms = await self._bring_back(cluster, old, new)
            await _until_calm(cluster, writer)
        kept = await _count_keys(new)
        if kept != len(KEYS):
            raise DemoError(f"only {kept} of {len(KEYS)} keys that both replicas had are on {new.name}")
        self._sum_up(cluster, writer, old, new, steps, back_ms)

    async def _watch_failover(
        self, cluster: DemoCluster, receiver: Receiver, writer: Writer, killed_at_ms: float
    ) -> list[Step]:
        """Waits until the sentinels, the client and the webhook receiver have all seen the new primary."""
        old = cluster.nodes[0].name

        async def seen() -> tuple[tuple[float, str], Delivery] | None:
            cluster.check_running()
            if receiver.refused:
                raise DemoError("a webhook came whose signature does not fit")
            written = writer.first_at(killed_at_ms, old)
            delivery = receiver.first("failover.completed")
            knowing = knows_successor(cluster.story(), killed_at_ms, old)
            if written is None or delivery is None or len(knowing) < len(cluster.sentinels):
                return None
            return written, delivery

        (written_at_ms, where), delivery = await until(seen, "the failover is done, and a webhook reports it")
        return in_order(
            [
                Step(0.0, "demo", "killed", f"{old} is killed"),
                *failover_steps(cluster.story(), killed_at_ms, old),
                Step(written_at_ms - killed_at_ms, "client", "written", f"first write accepted, by {where}"),
                Step(
                    delivery.at_ms - killed_at_ms,
                    "receiver",
                    "webhook",
                    f"webhook {delivery.type} received, signature verified",
                ),
            ]
        )

    async def _bring_back(self, cluster: DemoCluster, old: Node, new: Node) -> float:
        """The milliseconds until the old primary is a replica of the new one."""
        self._stage.act(f"Started {old.name} again: it takes itself for a primary, and has no data")
        started_at = time.monotonic()
        await old.start()

        async def demoted() -> bool:
            cluster.check_running()
            group = await cluster.ask(cluster.urls[0], f"/v1/groups/{GROUP}")
            return group is not None and any(
                node["node"] == old.name
                and node["role"] == "replica"
                and node["follows"] == new.name
                and node["link_up"] is True
                for node in group["nodes"]
            )

        await until(demoted, f"{old.name} is a replica of {new.name}")
        took_ms = (time.monotonic() - started_at) * 1000
        self._stage.say(f"After {took_ms:.0f} ms it is demoted: a replica of {new.name}, its link is up")
        return took_ms

    def _sum_up(
        self,
        cluster: DemoCluster,
        writer: Writer,
        old: Node,
        new: Node,
        steps: Sequence[Step],
        back_ms: float,
    ) -> None:
        gap_ms = longest_gap_ms(writer.accepted_at_ms)
        self._stage.act("Summary")
        self._stage.say(f"{new.name} is primary instead of {old.name}")
        self._stage.say(f"longest gap between two accepted writes: {gap_ms:.0f} ms")
        self._stage.say(
            f"{writer.acknowledged} writes were acknowledged, {writer.lost} of them are lost "
            "(Redis replicates after it acknowledges)"
        )
        self._stage.say(f"all {len(KEYS)} keys that had reached both replicas are there")
        if self._options.as_json:
            _print_json(
                {
                    "ok": True,
                    "old_primary": old.name,
                    "new_primary": new.name,
                    "timeline": [asdict(step) for step in steps],
                    "demoted_after_ms": round(back_ms, 1),
                    "longest_write_gap_ms": round(gap_ms, 1),
                    "writes_acknowledged": writer.acknowledged,
                    "writes_lost": writer.lost,
                    "sentinels": cluster.urls,
                }
            )

    def _tell_what_is_kept(self, cluster: DemoCluster) -> None:
        self._stage.act("All of it goes on running until Ctrl-C. Try:")
        url = cluster.urls[0]
        self._stage.command(f"curl {url}/v1/groups/{GROUP}/primary")
        self._stage.command(f"curl {url}/v1/groups/{GROUP}/candidates")
        self._stage.command(f"curl {url}/v1/groups/{GROUP}/history")
        self._stage.command(f"curl -X POST {url}/v1/groups/{GROUP}/failover")
        self._stage.command(f"vedette status {' '.join(f'--url {each}' for each in cluster.urls)}")
        for node in cluster.nodes:
            if node.child is not None:
                self._stage.command(f"kill -9 {node.child.pid}   # redis-server {node.name}")
        self._stage.say(f"configurations: {cluster.directory}")


async def _write_keys(primary: Node, replicas: int) -> None:
    """Writes the keys. Raises DemoError unless every replica has them."""
    async with primary.client() as client:
        await client.mset(KEYS)
        reached = await client.wait(replicas, 5000)
    if reached < replicas:
        raise DemoError(f"only {reached} of {replicas} replicas took the first keys within 5 s")


async def _count_keys(node: Node) -> int:
    async with node.client() as client:
        values = await client.mget(list(KEYS))
    return sum(found == right for found, right in zip(values, KEYS.values(), strict=True))


async def _until_calm(cluster: DemoCluster, writer: Writer) -> None:
    """Waits until CALM_WRITES more writes succeeded. Raises DemoError."""
    enough = writer.acknowledged + CALM_WRITES

    async def calm() -> bool:
        cluster.check_running()
        failure = writer.failure()
        if failure is not None:
            raise DemoError(f"the writing client failed: {failure!r}") from failure
        return writer.acknowledged >= enough

    await until(calm, "the client has written for a while")


async def _new_primary(cluster: DemoCluster, old: Node) -> str | None:
    answer = await cluster.ask(cluster.urls[0], f"/v1/groups/{GROUP}/primary")
    return str(answer["address"]) if answer is not None and answer["address"] != old.name else None


def _node(cluster: DemoCluster, name: str) -> Node:
    return next(node for node in cluster.nodes if node.name == name)


def _who_is_who(cluster: DemoCluster) -> list[tuple[str, str, str]]:
    primary, *replicas = cluster.nodes
    rows = [("redis-server", primary.name, "primary")]
    rows += [("redis-server", node.name, f"replica of {primary.name}") for node in replicas]
    return rows + [
        (f"sentinel {process.id}", process.url, f"watches {GROUP}") for process in cluster.sentinels
    ]


def _print_json(body: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(body, indent=2) + "\n")
    sys.stdout.flush()
