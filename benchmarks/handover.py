"""Measures how long writes stop in a handover: by Redis's own ``FAILOVER``, and by a pause from outside.

It uses two redis-servers and one client that writes without a break, but no sentinel. ``python -m
benchmarks.handover --write`` writes benchmarks/results/handover.md.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import redis

from benchmarks.report import machine
from tests.redis_server import RedisServer
from tests.waiting import wait_for

RESULT = Path(__file__).parent / "results" / "handover.md"
TIMEOUT_MS = 2000


class Writer:
    """Increments a counter at the node that accepts it. ``longest_s`` is the longest gap."""

    def __init__(self, nodes: list[RedisServer]) -> None:
        self.longest_s = 0.0
        self.written = 0
        self._nodes = nodes
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Writer:
        self._thread.start()
        wait_for(lambda: self.written > 200, what="the writer to write")
        self.longest_s = 0.0
        return self

    def __exit__(self, *_error: object) -> None:
        wanted = self.written + 200
        wait_for(lambda: self.written > wanted, what="the writer to go on")
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        clients = [node.client() for node in self._nodes]
        at, index = time.monotonic(), 0
        while not self._stop.is_set():
            try:
                clients[index].incr("counter")
            except redis.RedisError:
                index = 1 - index
                continue
            now = time.monotonic()
            self.longest_s, at = max(self.longest_s, now - at), now
            self.written += 1
        for client in clients:
            client.close()


def by_failover(old: redis.Redis, new: redis.Redis, target: RedisServer) -> None:
    old.execute_command("FAILOVER", "TO", "127.0.0.1", target.port, "TIMEOUT", TIMEOUT_MS)
    wait_for(lambda: new.execute_command("ROLE")[0] == b"master", what="the target to take over")


def from_outside(old: redis.Redis, new: redis.Redis, target: RedisServer) -> None:
    old.execute_command("CLIENT", "PAUSE", TIMEOUT_MS, "WRITE")
    offset = old.info("replication")["master_repl_offset"]
    wait_for(lambda: new.info("replication")["slave_repl_offset"] >= offset, what="the target to catch up")
    with old.pipeline(transaction=True) as pipe:
        pipe.execute_command("REPLICAOF", "127.0.0.1", target.port)
        pipe.execute_command("CLIENT", "UNPAUSE")
        pipe.execute()
    new.execute_command("REPLICAOF", "NO", "ONE")


def measure(hand_over: Callable[[redis.Redis, redis.Redis, RedisServer], None]) -> float:
    """The longest gap between two writes, in milliseconds."""
    with ExitStack() as stack:
        old, new = (stack.enter_context(RedisServer()) for _ in range(2))
        new.replicate(old)
        with old.client() as to_old, new.client() as to_new, Writer([old, new]) as writer:
            # The primary streams to a new replica only from its first acknowledgement on, a second later.
            wait_for(lambda: to_new.exists("counter"), what="the first writes to be replicated")
            writer.longest_s = 0.0
            hand_over(to_old, to_new, new)
        return writer.longest_s * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = [
        f"Longest write gap of a handover between two servers, on {machine()}.",
        f"Medians of {given.trials} trials.",
        "",
        "| way | median | min - max |",
        "|---|---|---|",
    ]
    for name, way in (("`FAILOVER TO`", by_failover), ("paused from outside", from_outside)):
        gaps = [measure(way) for _ in range(given.trials)]
        lines.append(f"| {name} | {statistics.median(gaps):.0f} ms | {min(gaps):.0f} - {max(gaps):.0f} ms |")
    text = "\n".join(lines) + "\n"
    print(text)
    if given.write:
        RESULT.write_text(text)


if __name__ == "__main__":
    main()
