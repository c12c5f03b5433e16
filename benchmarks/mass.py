"""Many groups lose their primaries at the same moment: Vedette, redis-sentinel and Valkey's Sentinel.

    python -m benchmarks.mass [--groups 1 10 50 100] [--limit 120]

Each group is three redis-servers. All primaries are killed. Then a write is tried repeatedly at the other
nodes of each group that has not recovered: every 20 ms, or a millisecond for each group if that is more, so
that the writes do not become the load; and at once when a promoted node disconnects its clients, as both
systems make it do. Writes ``benchmarks/results/mass.*``.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.asking import Asking
from benchmarks.redis_sentinel import GROUP, RedisSentinels
from benchmarks.report import Column, Trials, counted, machine, write
from tests.integration.cluster import Cluster
from tests.processes import Process
from tests.redis_server import RedisServer
from tests.server_builds import build
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

ELECTED = (b'"event": "elected"', b"+elected-leader")
"""The line that an elected sentinel logs, in either system."""

Groups = dict[str, list[RedisServer]]
Held = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Bed:
    """The first node of each group is its primary."""

    groups: Groups
    sentinels: Sequence[Process]

    def cpu_s(self) -> float:
        """The mean CPU seconds of a sentinel since its start."""
        ticks = [_ticks(process.pid) for process in self.sentinels]
        return statistics.mean(ticks) / os.sysconf("SC_CLK_TCK")

    def elections(self) -> int:
        logs = [process.log.read_bytes() for process in self.sentinels]
        return sum(log.count(word) for log in logs for word in ELECTED)


@dataclass(frozen=True, slots=True)
class Measured:
    """``times``: for each group the ms from the fault to its first write; None if that came too late."""

    times: Sequence[float | None]
    elections: int
    cpu_s: float
    """The mean CPU seconds of a sentinel meanwhile."""


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@contextmanager
def servers(count: int, binary: Path | None = None) -> Iterator[Groups]:
    """``count`` groups of one primary, the first, and two replicas that are in sync."""
    with ExitStack() as stack:
        groups: Groups = {}
        for number in range(count):
            nodes = [stack.enter_context(RedisServer(binary=binary)) for _ in range(3)]
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
def vedette(count: int, starting: Held = nullcontext) -> Iterator[Bed]:
    """The sentinels are started while ``starting`` holds."""
    with servers(count) as groups:
        watched = {name: {"nodes": [node.name for node in nodes]} for name, nodes in groups.items()}
        with Cluster(groups=watched, start=False) as cluster:
            with starting():
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
            yield Bed(groups, [each.process for each in cluster.sentinels if each.process is not None])


@contextmanager
def stock(
    count: int, starting: Held = nullcontext, *, down_after_ms: int, kind: str | None = None
) -> Iterator[Bed]:
    """``kind``: servers under ``.servers``, watched by their own Sentinel; else the installed ones."""
    server = build(kind) if kind is not None else None
    with servers(count, server) as groups:
        with starting():
            sentinels = RedisSentinels(groups, down_after_ms, server=server)
        try:
            yield Bed(groups, sentinels.processes)
        finally:
            sentinels.stop()


class Recovery:
    """Finds out when each group accepts a write again, by trying its replicas repeatedly."""

    def __init__(self, groups: Groups) -> None:
        self.at: dict[str, float] = {}
        self._period_s = max(PERIOD_S, PERIOD_OF_A_GROUP_S * len(groups))
        self._groups = len(groups)
        self._writers = [
            (name, Asking(node.port, "SET", "bench", "x"))
            for name, nodes in groups.items()
            for node in nodes[1:]
        ]
        self._poll = select.epoll()
        self._by_fd: dict[int, tuple[str, Asking]] = {}
        for name, writer in self._writers:
            self._ask(name, writer)

    def watch(self, until: float) -> None:
        ask_at = time.perf_counter()
        while len(self.at) < self._groups and time.perf_counter() < until:
            if time.perf_counter() >= ask_at:
                ask_at = time.perf_counter() + self._period_s
                for name, writer in self._writers:
                    if name not in self.at:
                        self._ask(name, writer)
            for fd, _ in self._poll.poll(max(0.0, ask_at - time.perf_counter())):
                name, writer = self._by_fd[fd]
                if writer.answer() == b"OK":
                    self.at.setdefault(name, time.perf_counter())
                elif not writer.connected:
                    # A promotion disconnects the clients of the former replica.
                    self._ask(name, writer)

    def close(self) -> None:
        for _, writer in self._writers:
            writer.close()
        self._poll.close()

    def _ask(self, name: str, writer: Asking) -> None:
        fresh = not writer.connected
        writer.ask()
        if fresh and writer.connected:
            self._by_fd[writer.fileno()] = (name, writer)
            self._poll.register(writer.fileno(), select.EPOLLIN)


def measure(
    start: Callable[[], AbstractContextManager[Bed]], limit_s: float, during: Held = nullcontext
) -> Measured:
    """``during`` holds from before the fault until the last write."""
    with start() as bed, during():
        recovery = Recovery(bed.groups)
        elections, cpu_s = bed.elections(), bed.cpu_s()
        try:
            began = time.perf_counter()
            for nodes in bed.groups.values():
                os.kill(nodes[0].pid, signal.SIGKILL)
            recovery.watch(began + limit_s)
        finally:
            recovery.close()
        at = [recovery.at.get(name) for name in bed.groups]
        times = [None if moment is None else (moment - began) * 1000 for moment in at]
        return Measured(times, bed.elections() - elections, bed.cpu_s() - cpu_s)


def summary(times: Sequence[float | None]) -> dict[str, Trials]:
    seen = sorted(moment for moment in times if moment is not None)
    never = float(len(times) - len(seen))
    if not seen:
        return {"first": [None], "median": [None], "last": [None], "never": [never]}
    return {"first": [seen[0]], "median": [statistics.median(seen)], "last": [seen[-1]], "never": [never]}


SYSTEMS: dict[str, Callable[[int, Held], AbstractContextManager[Bed]]] = {
    "Vedette at its defaults": vedette,
    "redis-sentinel at 1 s": partial(stock, down_after_ms=1000),
    "Valkey's Sentinel at 1 s": partial(stock, down_after_ms=1000, kind="valkey-9.1"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--groups", type=int, nargs="+", default=[1, 10, 50, 100], metavar="N")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds until a group counts as lost")
    parser.add_argument("--only", default="", help="the systems whose name contains this; nothing is written")
    given = parser.parse_args()
    rows: dict[str, dict[str, Trials]] = {}
    for count in given.groups:
        for system, start in SYSTEMS.items():
            if given.only not in system:
                continue
            try:
                measured = measure(partial(start, count, nullcontext), given.limit)
                row = summary(measured.times)
            except AssertionError as error:
                print(f"{count} groups, {system}: does not start: {error}", flush=True)
                row = summary([None] * count)
            rows[f"{counted(count, 'group')}, {system}"] = row
            print(f"{count} groups, {system}: {row}", flush=True)
    if not given.only:
        print(
            write(
                "mass", "Many primaries lost at once, until each group takes writes", rows, COLUMNS, machine()
            )
        )


if __name__ == "__main__":
    main()
