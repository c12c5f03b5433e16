"""A planned change of primary under a steady load: Vedette's switchover, ``SENTINEL FAILOVER``, and Valkey's.

    python -m benchmarks.switchover [--trials 7]

A client writes 1,000 times a second. What counts is the longest gap between two acknowledged writes, the same
between two that the new primary has, and how many it does not have. Writes
``benchmarks/results/switchover.*``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import redis

from benchmarks.report import Column, Trials, machine, write
from benchmarks.steady_writer import SteadyWriter
from benchmarks.systems import GROUP, System, stock, vedette
from tests.redis_server import RedisServer
from tests.waiting import wait_for

AFTER_WRITES = 3000
"""Long enough for redis-sentinel to make the old primary a replica, which discards what it alone has."""
COLUMNS = (
    Column("longest write gap"),
    Column("between kept writes"),
    Column("lost", "writes"),
    Column("acknowledged", "writes"),
)


def ask_for_change(system: System) -> None:
    if system.ask_switchover is not None:
        system.ask_switchover()
        return
    with redis.Redis(port=system.ports[0], socket_timeout=2, protocol=2) as client:
        client.execute_command("SENTINEL", "FAILOVER", GROUP)


def changed(system: System) -> RedisServer | None:
    """The new primary, once every other node follows it."""
    masters = [node for node in system.nodes if node.info()["role"] == "master"]
    if len(masters) != 1 or masters[0] is system.nodes[0]:
        return None
    followers = [node.info() for node in system.nodes if node is not masters[0]]
    following = all(
        (info["master_port"], info["master_link_status"]) == (masters[0].port, "up") for info in followers
    )
    return masters[0] if following else None


def measure(start: Callable[[], AbstractContextManager[System]]) -> dict[str, float]:
    with start() as system:
        with SteadyWriter(system.nodes) as writer:
            ask_for_change(system)
            primary = wait_for(lambda: changed(system), 60.0, "one primary that all others follow")
            writer.wait_for_more(AFTER_WRITES)
        assert primary is not None
        return {
            "longest write gap": writer.longest_gap_s * 1000,
            "between kept writes": writer.longest_kept_gap_s(primary) * 1000,
            "lost": float(writer.lost(primary)),
            "acknowledged": float(writer.acknowledged),
        }


CASES: dict[str, Callable[[], AbstractContextManager[System]]] = {
    "Vedette's switchover": vedette,
    "SENTINEL FAILOVER": partial(stock, down_after_ms=1000),
    "Valkey's SENTINEL FAILOVER COORDINATED": partial(
        stock, down_after_ms=1000, kind="valkey-9.1", coordinated=True
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=7, choices=range(1, 101), metavar="1-100")
    given = parser.parse_args()
    rows: dict[str, dict[str, list[float | None]]] = {
        name: {column.title: [] for column in COLUMNS} for name in CASES
    }
    for trial in range(given.trials):
        for name, start in CASES.items():
            seen = measure(start)
            for title, figure in seen.items():
                rows[name][title].append(figure)
            print(f"trial {trial + 1}/{given.trials}: {name}: {seen}", flush=True)
    results: dict[str, dict[str, Trials]] = {name: dict(row) for name, row in rows.items()}
    print(write("switchover", "A planned change under 1,000 writes a second", results, COLUMNS, machine()))


if __name__ == "__main__":
    main()
