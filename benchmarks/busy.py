"""A primary that is busy, but not down: which system fails over nevertheless?

    python -m benchmarks.busy [--trials 3]

The causes: a Lua script of half a second; a snapshot's fork with a quarter of a gigabyte; a hundred dropped
connections; two processes for each core that compute without a break. It counts in how many trials another
primary is named within the ten seconds from then on, with the defaults of both systems, and for
redis-sentinel also with Vedette's down-after. Writes ``benchmarks/results/busy.*``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import redis

from benchmarks.report import Column, Trials, counted, machine, write
from benchmarks.systems import GROUP, System, stock, vedette
from tests.processes import Process
from tests.redis_server import RedisServer
from tests.waiting import wait_for

WATCHED_S = 10.0
DATA_MB = 256
COLUMNS = (Column("failovers", ""),)
SCRIPT = """
    local function now() local t = redis.call('TIME'); return t[1] * 1e6 + t[2] end
    local start = now()
    repeat until now() > start + 500000
"""


def script(primary: RedisServer) -> None:
    with primary.client() as client:
        client.eval(SCRIPT, 0)


def fork(primary: RedisServer) -> None:
    with primary.client() as client:
        for number in range(DATA_MB):
            client.set(f"fill-{number}", os.urandom(1024 * 1024))
        client.bgsave()
        wait_for(lambda: not client.info("persistence")["rdb_bgsave_in_progress"], 120.0, "the snapshot")


def drop(primary: RedisServer) -> None:
    with primary.client() as client:
        for _ in range(100):
            client.client_kill_filter(_type="normal", skipme=True)
            time.sleep(0.02)


@contextmanager
def neighbours() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as directory:
        where = Path(directory)
        command = [sys.executable, "-c", "while True: pass"]
        busy = [Process(command, where, where / "log") for _ in range(2 * (os.cpu_count() or 1))]
        try:
            yield
        finally:
            for process in busy:
                process.kill()


def compete(_: RedisServer) -> None:
    with neighbours():
        time.sleep(WATCHED_S)


TROUBLES: dict[str, Callable[[RedisServer], None]] = {
    "a Lua script of 500 ms": script,
    f"a snapshot of {DATA_MB} MB": fork,
    "100 dropped connections": drop,
    "two busy processes for each core": compete,
}
SYSTEMS: dict[str, Callable[[], AbstractContextManager[System]]] = {
    "Vedette at its defaults": vedette,
    "redis-sentinel at its defaults": stock,
    "redis-sentinel at 1 s": partial(stock, down_after_ms=1000),
}


def named(system: System) -> list[int | None]:
    """The primary's port, as each sentinel answers it."""
    found: list[int | None] = []
    for port in system.ports:
        with redis.Redis(port=port, socket_timeout=5, protocol=2) as client:
            answer = client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", GROUP)
            found.append(int(answer[1]) if answer else None)
    return found


def failovers(system: System, trouble: Callable[[RedisServer], None]) -> float:
    """1 if another primary was named during the trouble or after it, else 0."""
    primary = system.nodes[0]
    until = time.monotonic() + WATCHED_S
    trouble(primary)
    changed = False
    while time.monotonic() < until and not changed:
        changed = any(port not in (None, primary.port) for port in named(system))
        time.sleep(0.1)
    return float(changed)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=3, choices=range(1, 101), metavar="1-100")
    given = parser.parse_args()
    rows: dict[str, dict[str, Trials]] = {}
    for trouble, cause in TROUBLES.items():
        for name, start in SYSTEMS.items():
            seen: list[float] = []
            for _ in range(given.trials):
                with start() as system:
                    seen.append(failovers(system, cause))
            rows[f"{trouble}, {name}"] = {"failovers": [sum(seen)]}
            print(f"{trouble}, {name}: {seen}", flush=True)
    what = f"Sums of {counted(given.trials, 'trial')}."
    print(write("busy", "Failovers of a primary that is busy", rows, COLUMNS, machine(), what))


if __name__ == "__main__":
    main()
