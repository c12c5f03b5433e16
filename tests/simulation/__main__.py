"""``python -m tests.simulation``: run seeds in parallel, or replay one and read what happened.

Exit code 0 if every rule held, 1 if one was broken; the seeds are named.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.simulation.coverage import SITUATIONS
from tests.simulation.trial import Outcome, run_seed, run_setup, shrink
from tests.simulation.world import Setup, draw_setup

SHOWN_LINES = 80


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this one, and tell its story")
    parser.add_argument("-v", "--verbose", action="store_true", help="with --seed: all of the story")
    parser.add_argument(
        "--shrink", action="store_true", help="with --seed: leave out what is not needed to fail"
    )
    parser.add_argument("--seeds", type=int, default=100, help="how many to run (default 100)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default 0)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)"
    )
    parser.add_argument("--stop-first", action="store_true", help="stop at the first broken rule")
    parser.add_argument("--limit", type=float, default=0.0, help="stop after so many seconds")
    given = parser.parse_args()
    console = Console(soft_wrap=True)
    if given.seed is not None:
        return _replay(console, given.seed, verbose=given.verbose, reduce=given.shrink)
    return _search(console, given)


def _replay(console: Console, seed: int, *, verbose: bool, reduce: bool) -> int:
    setup = draw_setup(seed)
    outcome = run_setup(setup)
    if outcome.broken is not None and reduce:
        setup = shrink(setup, lambda left: console.print(f"still fails with {left} faults", style="dim"))
        outcome = run_setup(setup)
    _introduce(console, setup)
    lines = outcome.story if verbose or len(outcome.story) <= SHOWN_LINES else outcome.story[-SHOWN_LINES:]
    for line in lines:
        console.print(line, highlight=False, markup=False)
    if outcome.broken is None:
        console.print(f"seed {seed}: every rule held", style="green")
        return 0
    console.print(f"seed {seed}: {outcome.broken}", style="red", markup=False)
    console.print(f"replay it: {replay_command(seed)}", highlight=False)
    return 1


def replay_command(seed: int) -> str:
    return f"python -m tests.simulation --seed {seed} -v"


def _introduce(console: Console, setup: Setup) -> None:
    cast = setup.cast
    shown = replace(setup, plan=())
    console.print(
        f"{len(cast.sentinels)} sentinels, nodes {', '.join(cast.nodes)}; {shown.style}; {shown.rules}",
        highlight=False,
        markup=False,
    )
    for fault in setup.plan:
        console.print(f"  planned {fault}", highlight=False, markup=False, style="dim")


def _search(console: Console, given: argparse.Namespace) -> int:
    covered: Counter[str] = Counter()
    failed: list[Outcome] = []
    runs = 0
    deadline = time.monotonic() + given.limit if given.limit else float("inf")
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=given.seeds)
        for outcome in _outcomes(range(given.first, given.first + given.seeds), given.jobs):
            runs += 1
            covered.update(set(outcome.coverage))
            if outcome.broken is not None:
                failed.append(outcome)
                progress.console.print(f"seed {outcome.seed}: {outcome.broken}", markup=False, style="red")
            progress.update(task, advance=1, description=f"{len(failed)} broke a rule")
            if time.monotonic() > deadline or (failed and given.stop_first):
                break
    _show_coverage(console, covered, runs)
    for outcome in failed[:10]:
        console.print(f"{replay_command(outcome.seed)}    # {outcome.broken}", highlight=False, markup=False)
    return 1 if failed else 0


def _outcomes(seeds: range, jobs: int) -> Iterator[Outcome]:
    if jobs <= 1:
        yield from map(run_seed, seeds)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap_unordered(run_seed, seeds)


def _show_coverage(console: Console, covered: Counter[str], runs: int) -> None:
    table = Table(title=f"Situations, in how many of {runs} runs")
    table.add_column("situation")
    table.add_column("runs", justify="right")
    for situation in sorted({*SITUATIONS, *covered}, key=lambda name: (-covered[name], name)):
        style = "" if covered[situation] else "yellow"
        table.add_row(situation, str(covered[situation]), style=style)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
