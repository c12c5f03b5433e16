"""Many groups lose their primaries at the same moment: Vedette and redis-sentinel, one after the other.

    python -m benchmarks.mass [--groups 1 10 50 100] [--limit 120]

Each group is three redis-servers. All primaries are killed, and again and again a write is tried at the other
nodes of each group that has not recovered, without waiting for answers: every 20 ms, or a millisecond for
each group if that is more, lest the writes be what is measured. Writes ``benchmarks/results/mass.*``.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial

from benchmarks.asking import Asking
from benchmarks.redis_sentinel import GROUP, RedisSentinels
from benchmarks.report import Column, Trials, machine, write
from tests.integration.cluster import Cluster
from tests.redis_server import RedisServer
from tests.waiting import wait_for

PERIOD_S = 0.02
PERIOD_OF_A_GROUP_S = 0.001
START_S = 180.0
COLUMNS = (
    Column("first", "ms"),
    Column("median", "ms"),
    Column("last", "ms"),
    Column("never", "groups"),
)

Groups = dict[str, list[RedisServer]]


@contextmanager
def servers(count: int) -> Iterator[Groups]:
    """``count`` groups of one primary, the first, and two replicas that are in sync."""
    with ExitStack() as stack:
        groups: Groups = {}
        for number in range(count):
            nodes = [stack.enter_context(RedisServer()) for _ in range(3)]
            for node in nodes[1:]:
                node.replicate(nodes[0], wait=False)
            groups[f"{GROUP}-{number}"] = nodes
        followers = [node for nodes in groups.values() for node in nodes[1:]]
        wait_for(
            lambda: all(node.info()["master_link_status"] == "up" for node in followers),
            START_S,
            "the replicas to sync",
        )
        yield groups


@contextmanager
def vedette(count: int) -> Iterator[Groups]:
    with servers(count) as groups:
        watched = {name: {"nodes": [node.name for node in nodes]} for name, nodes in groups.items()}
        with Cluster(groups=watched, start=False) as cluster:
            cluster.start()
            wait_for(
                lambda: all(
                    sentinel.primary(name) == nodes[0].name
                    for sentinel in cluster.sentinels
                    for name, nodes in groups.items()
                ),
                START_S,
                "the sentinels to know all primaries",
            )
            yield groups


@contextmanager
def stock(count: int, *, down_after_ms: int) -> Iterator[Groups]:
    with servers(count) as groups:
        sentinels = RedisSentinels(groups, down_after_ms)
        try:
            yield groups
        finally:
            sentinels.stop()


class Recovery:
    """When each group took a write again, by asking its replicas over and over."""

    def __init__(self, groups: Groups) -> None:
        self.at: dict[str, float] = {}
        self._period_s = max(PERIOD_S, PERIOD_OF_A_GROUP_S * len(groups))
        self._writers = {
            name: [Asking(node.port, "SET", "bench", "x") for node in nodes[1:]]
            for name, nodes in groups.items()
        }
        for writers in self._writers.values():
            for writer in writers:
                writer.turn()

    def watch(self, until: float) -> None:
        while len(self.at) < len(self._writers) and time.perf_counter() < until:
            begun = time.perf_counter()
            for name, writers in self._writers.items():
                if name in self.at:
                    continue
                answers = [writer.turn() for writer in writers]
                if b"OK" in answers:
                    self.at[name] = time.perf_counter()
            time.sleep(max(0.0, self._period_s - (time.perf_counter() - begun)))

    def close(self) -> None:
        for writers in self._writers.values():
            for writer in writers:
                writer.close()


def measure(start: Callable[[], AbstractContextManager[Groups]], limit_s: float) -> list[float | None]:
    """For each group: from the fault to the first write, in ms; None if that did not come in time."""
    with start() as groups:
        recovery = Recovery(groups)
        try:
            began = time.perf_counter()
            for nodes in groups.values():
                os.kill(nodes[0].pid, signal.SIGKILL)
            recovery.watch(began + limit_s)
        finally:
            recovery.close()
        at = [recovery.at.get(name) for name in groups]
        return [None if moment is None else (moment - began) * 1000 for moment in at]


def summary(times: Sequence[float | None]) -> dict[str, Trials]:
    seen = sorted(moment for moment in times if moment is not None)
    never = float(len(times) - len(seen))
    if not seen:
        return {"first": [None], "median": [None], "last": [None], "never": [never]}
    return {"first": [seen[0]], "median": [statistics.median(seen)], "last": [seen[-1]], "never": [never]}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--groups", type=int, nargs="+", default=[1, 10, 50, 100], metavar="N")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds until a group counts as lost")
    parser.add_argument("--only", default="", help="the systems whose name contains this; nothing is written")
    given = parser.parse_args()
    systems: dict[str, Callable[[int], AbstractContextManager[Groups]]] = {
        "Vedette at its defaults": vedette,
        "redis-sentinel at 1 s": partial(stock, down_after_ms=1000),
    }
    rows: dict[str, dict[str, Trials]] = {}
    for count in given.groups:
        for system, start in systems.items():
            if given.only not in system:
                continue
            try:
                row = summary(measure(partial(start, count), given.limit))
            except AssertionError as error:
                print(f"{count} groups, {system}: does not start: {error}", flush=True)
                row = summary([None] * count)
            rows[f"{count} groups, {system}"] = row
            print(f"{count} groups, {system}: {row}", flush=True)
    if not given.only:
        print(
            write(
                "mass", "Many primaries lost at once, until each group takes writes", rows, COLUMNS, machine()
            )
        )


if __name__ == "__main__":
    main()
