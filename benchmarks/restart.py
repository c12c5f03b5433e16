"""Measures how long a restarted redis-server refuses connections, as a guide for ``refused_after``.

    python -m benchmarks.restart [--trials 7]

The process is ended by SIGTERM, or killed, and started again at once, as a supervisor does at its quickest.
The time counts in which nothing listens, from the end of the old connection to the first new one; while
redis-server loads its data, it listens. Writes ``benchmarks/results/restart.*``.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import redis

from benchmarks.report import Column, Trials, machine, write
from tests.processes import free_port
from tests.redis_server import find_redis_server

COLUMNS = (Column("nothing listens"), Column("until it serves"))
GIVE_UP_S = 60.0
KEYS_OF_100_MB = 100_000


class Restarted:
    """A redis-server that its supervisor starts again the moment it has ended."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="vedette-bench-"))
        self.port = free_port()
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._directory)]
        command = [str(find_redis_server()), *place, "--save", "", "--enable-debug-command", "yes"]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def restart(self, how: signal.Signals) -> tuple[float, float]:
        """Milliseconds without a listener, and until a PING is answered."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            self.process.send_signal(how)
            with suppress(OSError):
                connection.recv(1)
            ended_at = time.perf_counter()
        self.process.wait(GIVE_UP_S)
        self.process = self._start()
        listens_at = self.wait(lambda: socket.create_connection(("127.0.0.1", self.port), timeout=1).close())
        serves_at = self.wait(self.ping)
        return (listens_at - ended_at) * 1000, (serves_at - ended_at) * 1000

    def ping(self) -> None:
        with redis.Redis(port=self.port) as client:
            client.ping()

    @staticmethod
    def wait(attempt: Callable[[], object]) -> float:
        """When ``attempt`` first succeeds."""
        give_up_at = time.perf_counter() + GIVE_UP_S
        while time.perf_counter() < give_up_at:
            with suppress(OSError, redis.RedisError):
                attempt()
                return time.perf_counter()
            time.sleep(0.0005)
        raise RuntimeError(f"not back after {GIVE_UP_S} s")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self._directory)


def measure(how: signal.Signals, keys: int) -> tuple[float, float]:
    server = Restarted()
    try:
        server.wait(server.ping)
        with redis.Redis(port=server.port, socket_timeout=GIVE_UP_S) as client:
            client.execute_command("DEBUG", "POPULATE", keys, "key", 1000)
            client.save()
        return server.restart(how)
    finally:
        server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=7)
    given = parser.parse_args()
    rows: dict[str, dict[str, Trials]] = {}
    for keys, size in ((0, "no data"), (KEYS_OF_100_MB, "100 MB")):
        for how in (signal.SIGTERM, signal.SIGKILL):
            times = zip(*(measure(how, keys) for _ in range(given.trials)), strict=True)
            row = {column.title: list(figures) for column, figures in zip(COLUMNS, times, strict=True)}
            rows[f"{how.name}, {size}"] = dict(row)
    print(write("restart", "A redis-server is restarted", rows, COLUMNS, machine()))


if __name__ == "__main__":
    main()
