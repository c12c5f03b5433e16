"""Many primaries are lost at once, while the sentinels share one core with busy processes.

    python -m benchmarks.crowded [--groups 25] [--busy 3] [--trials 3]

As ``benchmarks.mass``, but the three sentinels run on the first core, where ``--busy`` other processes
compute without a break, from a second before the fault: with three, each sentinel has a sixth of the core.
The servers and the measuring process run on the last core. Writes ``benchmarks/results/crowded.*``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.mass import SYSTEMS, Held, Measured, measure, summary
from benchmarks.report import Column, Trials, counted, machine, write
from tests.processes import Process

SETTLED_S = 1.0
COLUMNS = (
    Column("median", "ms"),
    Column("last", "ms"),
    Column("never", "groups"),
    Column("elections a group", "", 2),
    Column("CPU of a sentinel", "ms"),
)


@contextmanager
def kept_to(core: int) -> Iterator[None]:
    """Keeps this process, and those that it starts meanwhile, to ``core``."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def busy(core: int, count: int) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as directory:
        where = Path(directory)
        command = [sys.executable, "-c", "while True: pass"]
        with kept_to(core):
            processes = [Process(command, where, where / "log") for _ in range(count)]
        try:
            time.sleep(SETTLED_S)
            yield
        finally:
            for process in processes:
                process.kill()


def row(trials: Sequence[Measured]) -> dict[str, Trials]:
    rows = [summary(measured.times) for measured in trials]
    return {
        **{name: [trial for each in rows for trial in each[name]] for name in ("median", "last", "never")},
        "elections a group": [measured.elections / len(measured.times) for measured in trials],
        "CPU of a sentinel": [measured.cpu_s * 1000 for measured in trials],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--groups", type=int, nargs="+", default=[25, 100], metavar="N")
    parser.add_argument("--busy", type=int, default=3, help="processes beside the sentinels")
    parser.add_argument("--trials", type=int, default=3, choices=range(1, 101), metavar="1-100")
    parser.add_argument("--limit", type=float, default=40.0, help="seconds until a group counts as lost")
    parser.add_argument("--only", default="", help="the systems whose name contains this; nothing is written")
    given = parser.parse_args()
    first, *_, last = sorted(os.sched_getaffinity(0))
    starting: Held = partial(kept_to, first)
    during: Held = partial(busy, first, given.busy)
    rows: dict[str, dict[str, Trials]] = {}
    for count in given.groups:
        seen: dict[str, list[Measured]] = {name: [] for name in SYSTEMS if given.only in name}
        for _ in range(given.trials):
            for name, trials in seen.items():
                with kept_to(last):
                    trials.append(measure(partial(SYSTEMS[name], count, starting), given.limit, during))
                print(f"{counted(count, 'group')}, {name}: {row(trials[-1:])}", flush=True)
        rows |= {f"{counted(count, 'group')}, {name}": row(trials) for name, trials in seen.items()}
    if not given.only:
        title = f"Many primaries lost at once, the three sentinels on a core with {given.busy} busy processes"
        print(write("crowded", title, rows, COLUMNS, machine()))


if __name__ == "__main__":
    main()
