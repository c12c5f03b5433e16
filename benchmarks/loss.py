"""A host is lost, with its address: Vedette and redis-sentinel, each in network namespaces. Needs root.

    python -m benchmarks.loss [--trials 5] [--slow-trials 2]

There are three hosts, each with a redis-server and a sentinel, and both systems have the same down-after; 1 s
is Vedette's default, 30 s that of redis-sentinel. The primary's host is lost in two ways. Its processes are
killed first, as when a container is removed; or its network goes first, as when a machine loses power: no
connection is closed. Writes ``benchmarks/results/loss.*``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.report import Column, Trials, machine, write
from tests.chaos import hosts
from tests.chaos.hosts import Network
from tests.chaos.installation import Host, Installation
from tests.chaos.schedules import Schedule
from tests.chaos.systems import Variant
from tests.chaos.wire import ReplyError, Wire

GIVE_UP_S = 90.0
POLL_S = 0.001
PATIENCE_S = 0.2
COLUMNS = (Column("first write"),)
HOSTS = Schedule("loss", "", (), 0.0)
SYSTEMS = {
    "Vedette at 200 ms": Variant("vedette", "vedette", down_after_ms=200),
    "redis-sentinel at 200 ms": Variant("redis-sentinel", "redis-sentinel", down_after_ms=200),
    "Vedette at 1 s": Variant("vedette", "vedette", down_after_ms=1000),
    "redis-sentinel at 1 s": Variant("redis-sentinel", "redis-sentinel", down_after_ms=1000),
    "redis-sentinel at 30 s": Variant("redis-sentinel", "redis-sentinel", down_after_ms=30_000),
}
SLOW = ("redis-sentinel at 30 s",)
LOSSES = ("container removed", "power lost")


def first_write(left: list[Host], give_up_at: float) -> float:
    """When one of the hosts that are left accepts a write. Raises RuntimeError."""
    wires: dict[str, Wire] = {}
    while time.perf_counter() < give_up_at:
        for host in left:
            try:
                if host.node not in wires:
                    wires[host.node] = Wire(host.node, PATIENCE_S)
                wires[host.node].ask("SET", "bench", "x")
                return time.perf_counter()
            except ReplyError:
                continue
            except OSError:
                with suppress(KeyError):
                    wires.pop(host.node).close()
        time.sleep(POLL_S)
    raise RuntimeError(f"no write accepted within {GIVE_UP_S} s")


def measure(loss: str, variant: Variant, directory: Path) -> float:
    """From the loss to the first write, in ms."""
    directory.mkdir()
    with Network(HOSTS.host_names) as network:
        installation = Installation(network, HOSTS, variant, directory)
        try:
            installation.start()
            lost, *left = installation.hosts.values()
            began = time.perf_counter()
            if loss == "power lost":
                network.unplug(lost.site.name)
            lost.end("redis")
            lost.end("sentinel")
            if loss == "container removed":
                network.unplug(lost.site.name)
            return (first_write(left, began + GIVE_UP_S) - began) * 1000
        finally:
            installation.close()


def run(trials: int, slow_trials: int, scratch: Path) -> None:
    hosts.prepare()
    rows: dict[str, dict[str, list[float | None]]] = {}
    for trial in range(trials):
        for loss in LOSSES:
            for name, variant in SYSTEMS.items():
                if name in SLOW and trial >= slow_trials:
                    continue
                case = f"{loss}, {name}"
                seen = measure(loss, variant, scratch / f"{case.replace(' ', '-')}-{trial}")
                rows.setdefault(case, {COLUMNS[0].title: []})[COLUMNS[0].title].append(seen)
                print(f"trial {trial + 1}/{trials}: {case}: {seen:.0f} ms", flush=True)
    results: dict[str, dict[str, Trials]] = {name: dict(row) for name, row in rows.items()}
    title = "Time after a host is lost, of three that each have a server and a sentinel"
    print(write("loss", title, results, COLUMNS, machine()))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=5, choices=range(1, 101), metavar="1-100")
    parser.add_argument("--slow-trials", type=int, default=2, choices=range(101), metavar="0-100")
    given = parser.parse_args()
    scratch = os.environ.get(hosts.SCRATCH)
    if scratch:
        run(given.trials, given.slow_trials, Path(scratch))
    elif reason := hosts.missing():
        sys.exit(f"this benchmark cannot run here: {reason}")
    else:
        sys.exit(hosts.run_apart([sys.executable, "-m", "benchmarks.loss", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
