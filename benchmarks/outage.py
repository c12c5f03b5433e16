"""Measures the outage after a primary's loss: Vedette and redis-sentinel, interleaved, in the same way.

    python -m benchmarks.outage [--trials 7] [--slow-trials 3] [--only WORD]

It takes three times. The first is from the fault until another node accepts a write of a client that tries
them all; the second from there until every remaining sentinel names that node; the third from the fault until
a client of redis-py, which asks those sentinels by the Sentinel protocol, has written. Writes
``benchmarks/results/outage.*``.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import redis
import redis.sentinel

from benchmarks.asking import Asking
from benchmarks.report import Column, Trials, machine, write
from benchmarks.systems import GROUP, System, stock, vedette
from tests.redis_server import RedisServer

GIVE_UP_S = 90.0
POLL_S = 0.001
ASK_EVERY = 2
"""The sentinels are polled once in so many polls of the nodes: answering costs CPU, which all share."""
RETRY_S = 0.005
"""The pause of the client library's user after an error."""
COLUMNS = (
    Column("first write"),
    Column("then all sentinels agree"),
    Column("a client that follows them writes"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """``also_lost`` sentinels are killed along with the primary. ``slow``: fewer trials are made."""

    name: str
    start: Callable[[], AbstractContextManager[System]]
    fault: signal.Signals = signal.SIGKILL
    also_lost: int = 0
    slow: bool = False


CRASH, HANG = signal.SIGKILL, signal.SIGSTOP
CASES = (
    Case("crash, Vedette at its defaults", vedette),
    Case("crash, redis-sentinel at 200 ms", partial(stock, down_after_ms=200)),
    Case("crash, redis-sentinel at 1 s", partial(stock, down_after_ms=1000)),
    Case("crash, redis-sentinel at its defaults", stock, slow=True),
    Case("crash, Valkey's Sentinel at 200 ms", partial(stock, down_after_ms=200, kind="valkey-9.1")),
    Case("crash, Valkey's Sentinel at 1 s", partial(stock, down_after_ms=1000, kind="valkey-9.1")),
    Case("hang, Vedette at 200 ms", partial(vedette, down_after="200ms"), HANG),
    Case("hang, redis-sentinel at 200 ms", partial(stock, down_after_ms=200), HANG),
    Case("hang, Vedette at 1 s", partial(vedette, down_after="1s"), HANG),
    Case("hang, redis-sentinel at 1 s", partial(stock, down_after_ms=1000), HANG),
    Case("hang, Vedette at its defaults", vedette, HANG, slow=True),
    Case("hang, redis-sentinel at its defaults", stock, HANG, slow=True),
    Case("crash with 1 of 3 sentinels, Vedette at its defaults", vedette, CRASH, 1),
    Case("crash with 1 of 3 sentinels, redis-sentinel at 1 s", partial(stock, down_after_ms=1000), CRASH, 1),
    Case("crash with 2 of 5 sentinels, Vedette at its defaults", partial(vedette, 5), CRASH, 2),
    Case(
        "crash with 2 of 5 sentinels, redis-sentinel at 1 s", partial(stock, 5, down_after_ms=1000), CRASH, 2
    ),
)


class Outside:
    """Writes to every node but the first, and asks every sentinel for the primary, without a break."""

    def __init__(self, nodes: Sequence[RedisServer], sentinels: Sequence[int]) -> None:
        self._writers = {node.port: Asking(node.port, "SET", "bench", "x") for node in nodes[1:]}
        self._sentinels = [Asking(port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", GROUP) for port in sentinels]
        self.wrote: tuple[float, int] | None = None
        """When a node accepted a write, and its port."""
        self.names: dict[Asking, tuple[float, int]] = {}
        """The primary's port by each sentinel, and since when it answers so."""

    def write(self) -> None:
        for port, writer in self._writers.items():
            if self.wrote is None and writer.turn() == b"OK":
                self.wrote = (time.perf_counter(), port)

    def ask(self) -> None:
        for sentinel in self._sentinels:
            answer = sentinel.turn()
            if isinstance(answer, list):
                port = int(answer[1])
                if sentinel not in self.names or self.names[sentinel][1] != port:
                    self.names[sentinel] = (time.perf_counter(), port)

    @property
    def agreed_at(self) -> float | None:
        """Since when all sentinels name the node of the first write; None if they do not yet."""
        if self.wrote is None or len(self.names) < len(self._sentinels):
            return None
        port = self.wrote[1]
        agree = all(named == port for _, named in self.names.values())
        return max(since for since, _ in self.names.values()) if agree else None

    def close(self) -> None:
        for asking in (*self._writers.values(), *self._sentinels):
            asking.close()


class Follower:
    """A client of redis-py that finds the primary by the sentinels. ``wrote_at``: once it has written."""

    def __init__(self, ports: Sequence[int], stop: threading.Event) -> None:
        self.wrote_at = 0.0
        self._stop = stop
        sentinels = [("127.0.0.1", port) for port in ports]
        self._finder = redis.sentinel.Sentinel(
            sentinels, sentinel_kwargs={"socket_timeout": 0.5, "protocol": 2}, socket_timeout=0.5
        )
        self._client = self._finder.master_for(GROUP)
        self._client.set("followed", "before")
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._client.set("followed", "after")
            except redis.RedisError:
                time.sleep(RETRY_S)
                continue
            self.wrote_at = time.perf_counter()
            return


def measure(case: Case) -> tuple[float, float, float]:
    """The three times of one trial, in ms. Raises RuntimeError if one of them does not come to an end."""
    with case.start() as system:
        left = len(system.ports) - case.also_lost
        stop = threading.Event()
        old = system.nodes[0]
        outside = Outside(system.nodes, system.ports[:left])
        follower = Follower(system.ports[:left], stop)
        try:
            outside.write()
            outside.ask()
            for process in system.sentinels[left:]:
                os.kill(process.pid, signal.SIGKILL)
            os.kill(old.pid, case.fault)
            start = time.perf_counter()
            follower.thread.start()
            turns = 0
            while outside.agreed_at is None or not follower.wrote_at:
                if time.perf_counter() > start + GIVE_UP_S:
                    raise RuntimeError(f"no write, or not all sentinels named its node, within {GIVE_UP_S} s")
                time.sleep(POLL_S)
                outside.write()
                turns += 1
                if turns % ASK_EVERY == 0:
                    outside.ask()
        finally:
            stop.set()
            outside.close()
        wrote_at, agreed_at = outside.wrote[0] if outside.wrote else start, outside.agreed_at or start
        times = (wrote_at - start, max(0.0, agreed_at - wrote_at), follower.wrote_at - start)
        return times[0] * 1000, times[1] * 1000, times[2] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=7, choices=range(1, 101), metavar="1-100")
    parser.add_argument("--slow-trials", type=int, default=3, choices=range(101), metavar="0-100")
    parser.add_argument("--only", default="", help="the cases whose name contains this; nothing is written")
    given = parser.parse_args()
    cases = [case for case in CASES if given.only in case.name and not (case.slow and not given.slow_trials)]
    rows: dict[str, dict[str, list[float | None]]] = {
        case.name: {column.title: [] for column in COLUMNS} for case in cases
    }
    for trial in range(given.trials):
        for case in cases:
            if case.slow and trial >= given.slow_trials:
                continue
            times = measure(case)
            for column, figure in zip(COLUMNS, times, strict=True):
                rows[case.name][column.title].append(figure)
            shown = ", ".join(f"{c.title} {t:.0f} ms" for c, t in zip(COLUMNS, times, strict=True))
            print(f"trial {trial + 1}/{given.trials}: {case.name}: {shown}", flush=True)
    if given.only:
        return
    results: dict[str, dict[str, Trials]] = {name: dict(row) for name, row in rows.items()}
    print(write("outage", "Time after the primary's loss", results, COLUMNS, machine()))


if __name__ == "__main__":
    main()
