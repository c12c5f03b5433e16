"""How long a primary's loss is felt: Vedette and redis-sentinel, interleaved, in the same way.

    python -m benchmarks.outage [--trials 7] [--slow-trials 3] [--only WORD]

From the fault on it takes three times: until another node accepts a write of a client that tries them all;
from there until every sentinel that is left names that node; and from the fault until a client of redis-py,
which asks those sentinels by the Sentinel protocol, has written. Writes ``benchmarks/results/outage.*``.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial

import redis
import redis.sentinel

from benchmarks.report import Column, Trials, machine, write
from benchmarks.systems import GROUP, System, stock, vedette
from tests.redis_server import RedisServer

GIVE_UP_S = 90.0
POLL_S = 0.001
COLUMNS = (
    Column("first write"),
    Column("then all sentinels agree"),
    Column("a client that follows them writes"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """``also_lost`` sentinels are killed along with the primary. ``slow``: of which fewer trials are made."""

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


def first_write(nodes: Sequence[RedisServer], give_up_at: float) -> tuple[float, int]:
    """When another node than the first accepts a write, and its port. Raises RuntimeError."""
    clients = [node.client() for node in nodes[1:]]
    try:
        while time.perf_counter() < give_up_at:
            for node, client in zip(nodes[1:], clients, strict=True):
                with suppress(redis.RedisError):
                    client.set("bench", "x")
                    return time.perf_counter(), node.port
            time.sleep(POLL_S)
        raise RuntimeError(f"no write accepted within {GIVE_UP_S} s")
    finally:
        for client in clients:
            client.close()


class Names:
    """What one sentinel says the primary is. ``changed_at`` is when it last named another."""

    def __init__(self, port: int, old: int, stop: threading.Event) -> None:
        self.primary: int | None = old
        self.changed_at = 0.0
        self._port = port
        self._stop = stop
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with redis.Redis(port=self._port, socket_timeout=2, protocol=2, decode_responses=True) as client:
            while not self._stop.wait(POLL_S):
                with suppress(redis.RedisError):
                    answer = client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", GROUP)
                    primary = int(answer[1]) if answer else None
                    if primary != self.primary:
                        self.primary, self.changed_at = primary, time.perf_counter()


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
                time.sleep(POLL_S)
                continue
            self.wrote_at = time.perf_counter()
            return


def measure(case: Case) -> tuple[float, float, float]:
    """The three times of one trial, in ms. Raises RuntimeError if one of them does not come to an end."""
    with case.start() as system:
        left = len(system.ports) - case.also_lost
        stop = threading.Event()
        old = system.nodes[0]
        names = [Names(port, old.port, stop) for port in system.ports[:left]]
        follower = Follower(system.ports[:left], stop)
        try:
            for process in system.sentinels[left:]:
                os.kill(process.pid, signal.SIGKILL)
            os.kill(old.pid, case.fault)
            start = time.perf_counter()
            follower.thread.start()
            wrote_at, port = first_write(system.nodes, start + GIVE_UP_S)
            while any(name.primary != port for name in names) or not follower.wrote_at:
                if time.perf_counter() > start + GIVE_UP_S:
                    raise RuntimeError(f"not all sentinels named the new primary within {GIVE_UP_S} s")
                time.sleep(POLL_S)
            agreed_at = max(name.changed_at for name in names)
        finally:
            stop.set()
            for name in names:
                name.thread.join(5.0)
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
