"""How long nobody accepts a write after the primary died: Vedette and redis-sentinel, interleaved.

    python -m benchmarks.outage [--trials 7]

Writes ``benchmarks/results/outage.json`` and ``outage.md``, with medians and the whole range.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import redis

from benchmarks.redis_sentinel import RedisSentinels
from tests.integration.cluster import Cluster
from tests.redis_server import RedisServer

RESULTS = Path(__file__).parent / "results"
GIVE_UP_S = 60.0


def outage_ms(nodes: list[RedisServer], fault: signal.Signals) -> float:
    """From the fault at the first node to the first write that another one accepts."""
    clients = [node.client() for node in nodes[1:]]
    try:
        for client in clients:
            client.ping()
        os.kill(nodes[0].pid, fault)
        start = time.perf_counter()
        while time.perf_counter() - start < GIVE_UP_S:
            for client in clients:
                try:
                    client.set("bench", "x")
                except redis.exceptions.RedisError:
                    continue
                return (time.perf_counter() - start) * 1000
            time.sleep(0.0005)
        raise RuntimeError(f"no write accepted within {GIVE_UP_S} s")
    finally:
        for client in clients:
            client.close()


def vedette(fault: signal.Signals, **group: str) -> float:
    with Cluster(group=group) as cluster:
        return outage_ms(cluster.nodes, fault)


def stock(fault: signal.Signals, down_after_ms: int) -> float:
    nodes = [RedisServer() for _ in range(3)]
    try:
        for node in nodes[1:]:
            node.replicate(nodes[0])
        sentinels = RedisSentinels(nodes, down_after_ms)
        try:
            return outage_ms(nodes, fault)
        finally:
            sentinels.stop()
    finally:
        for node in nodes:
            node.stop()


CASES: dict[str, Callable[[], float]] = {
    "crash, Vedette at its defaults": lambda: vedette(signal.SIGKILL),
    "crash, redis-sentinel at down-after 1 s": lambda: stock(signal.SIGKILL, 1000),
    "crash, redis-sentinel at down-after 200 ms": lambda: stock(signal.SIGKILL, 200),
    "hang, Vedette at down_after 1 s": lambda: vedette(signal.SIGSTOP, down_after="1s"),
    "hang, redis-sentinel at down-after 1 s": lambda: stock(signal.SIGSTOP, 1000),
}


def machine() -> str:
    with RedisServer() as server:
        version = server.info("server")["redis_version"]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, redis-server {version}, loopback"
    )


def table(results: dict[str, list[float]], where: str) -> str:
    lines = [
        f"Write outage after the primary's loss, on {where}.",
        f"Medians of {len(next(iter(results.values())))} trials.",
        "",
        "| case | median | min - max |",
        "|---|---|---|",
    ]
    for case, times in results.items():
        low, middle, high = min(times), statistics.median(times), max(times)
        lines.append(f"| {case} | {middle:.0f} ms | {low:.0f} - {high:.0f} ms |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=7, choices=range(1, 101), metavar="1-100")
    trials = parser.parse_args().trials
    results: dict[str, list[float]] = {case: [] for case in CASES}
    for trial in range(trials):
        for case, run in CASES.items():
            results[case].append(run())
            print(f"trial {trial + 1}/{trials}: {case}: {results[case][-1]:.0f} ms", flush=True)
    where = machine()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "outage.json").write_text(
        json.dumps({"machine": where, "outage_ms": results}, indent=1) + "\n"
    )
    (RESULTS / "outage.md").write_text(table(results, where))
    print("\n" + table(results, where))


if __name__ == "__main__":
    main()
