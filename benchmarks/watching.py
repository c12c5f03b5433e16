"""Measures the cost of watching idle groups: Vedette and redis-sentinel, one after the other.

    python -m benchmarks.watching [--groups 1 10 50 150 500] [--seconds 20]

The nodes are light stand-ins (``benchmarks.fake_redis``), three to a group, so that only the cost of watching
is measured; both systems have a down-after of 5 s. Vedette also watches one group of real servers, and has
finished each group's preflight before the measurement. The trials are the three sentinels. Writes
``benchmarks/results/watching.*``.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fake_redis import COUNT, NODES
from benchmarks.redis_sentinel import RedisSentinels
from benchmarks.report import Column, Trials, counted, machine, write
from tests.integration.cluster import Cluster
from tests.processes import Process
from tests.waiting import wait_for

DOWN_AFTER_S = 5
START_S = 300.0
SETTLE_S = 10.0
"""The wait after the start: redis-sentinels have found each other, and Vedette's leaders are done."""
PREFLIGHT_S = 1.25
"""The further wait for each group's first preflight; the next one comes after ten minutes."""
COLUMNS = (
    Column("CPU of a sentinel", "%", 2),
    Column("CPU time", "s an hour"),
    Column("memory", "MB"),
    Column("sockets", ""),
    Column("commands a node sees", "a second", 1),
)
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class FakeNode:
    """The part of a server that ``RedisSentinels`` needs."""

    port: int

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"


Groups = dict[str, list[FakeNode]]


@contextmanager
def fakes(count: int) -> Iterator[Groups]:
    directory = Path(tempfile.mkdtemp(prefix="vedette-bench-"))
    log = directory / "ports"
    process = Process([sys.executable, "-m", "benchmarks.fake_redis", str(count)], Path.cwd(), log)
    try:
        wait_for(lambda: log.read_text().endswith("\n"), START_S, "the nodes to listen")
        nodes = [FakeNode(int(port)) for port in log.read_text().split()]
        yield {f"group-{n}": nodes[NODES * n : NODES * (n + 1)] for n in range(count)}
    finally:
        process.end()
        log.unlink()
        directory.rmdir()


@contextmanager
def vedette(groups: Groups) -> Iterator[list[Process]]:
    patience = {"down_after": f"{DOWN_AFTER_S}s"}
    watched = {name: {"nodes": [node.name for node in nodes], **patience} for name, nodes in groups.items()}
    with Cluster(groups=watched, group=patience) as cluster:
        wait_for(
            lambda: all(sentinel.primary(name) for sentinel in cluster.sentinels for name in groups),
            START_S,
            "the sentinels to know all primaries",
        )
        yield [sentinel.process for sentinel in cluster.sentinels if sentinel.process is not None]


@contextmanager
def stock(groups: Groups) -> Iterator[list[Process]]:
    sentinels = RedisSentinels(groups, DOWN_AFTER_S * 1000)
    try:
        yield sentinels.processes
    finally:
        sentinels.stop()


def cpu_s(process: Process) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(process: Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def sockets(process: Process) -> float:
    directory = Path(f"/proc/{process.pid}/fd")
    return sum(str(entry.readlink()).startswith("socket:") for entry in directory.iterdir())


def commands(groups: Groups) -> int:
    """How many all nodes together were sent. A new connection to each would itself be a command."""
    total = 0
    for nodes in groups.values():
        for node in nodes:
            with socket.create_connection(("127.0.0.1", node.port)) as connection:
                connection.sendall(b"*1\r\n$5\r\n%b\r\n" % COUNT)
                total += int(connection.recv(64)[1:])
    return total


def measure(
    sentinels: Sequence[Process], groups: Groups, seconds: float, settle_s: float
) -> dict[str, Trials]:
    """One figure for each sentinel; the commands are those of all of them."""
    time.sleep(settle_s)
    asked, began = commands(groups), time.monotonic()
    before = [cpu_s(process) for process in sentinels]
    time.sleep(seconds)
    elapsed_s = time.monotonic() - began
    shares = [(cpu_s(process) - start) / elapsed_s for process, start in zip(sentinels, before, strict=True)]
    rate = (commands(groups) - asked) / elapsed_s / (NODES * len(groups))
    return {
        "CPU of a sentinel": [100 * share for share in shares],
        "CPU time": [3600 * share for share in shares],
        "memory": [memory_mb(process) for process in sentinels],
        "sockets": [sockets(process) for process in sentinels],
        "commands a node sees": [rate],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--groups", type=int, nargs="+", default=[1, 10, 50, 150, 500], metavar="N")
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    rows: dict[str, dict[str, Trials]] = {}
    for count in given.groups:
        for name, system in (("Vedette", vedette), ("redis-sentinel", stock)):
            settle_s = SETTLE_S + (count * PREFLIGHT_S if system is vedette else 0.0)
            case = f"{counted(count, 'group')}, {name}"
            try:
                with fakes(count) as groups, system(groups) as sentinels:
                    rows[case] = measure(sentinels, groups, given.seconds, settle_s)
            except AssertionError as error:
                rows[case] = {}
                print(f"{case}: does not start: {error}"[:300], flush=True)
            print(f"{case}: {rows[case]}", flush=True)
    title = "Watching groups in which nothing happens, each of three sentinels"
    print(write("watching", title, rows, COLUMNS, machine()))


if __name__ == "__main__":
    main()
