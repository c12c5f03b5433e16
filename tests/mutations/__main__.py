"""Take out each safety rule of the product, one at a time, and show that something notices.

    python -m tests.mutations [--only NAME]... [--jobs N] [--seconds S] [--write]

Each rule is taken out in a copy of the checkout; then the tests named for it run, then the simulator until
it finds a broken rule. Exit codes: 0 each was caught; 1 one survived; 2 something could not be run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from docs.generate.blocks import with_block
from tests.mutations.mutation import CHECKOUT, Mutation, StaleError
from tests.mutations.rules import MUTATIONS
from tests.mutations.scratch import TroubleError
from tests.mutations.trial import Result, check_tests, missed, table

DOCUMENT = CHECKOUT / "docs/safety/mutations.md"
BLOCK = "mutations"


def parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutations", description=(__doc__ or "").splitlines()[0]
    )
    names = [mutation.name for mutation in MUTATIONS]
    parser.add_argument(
        "--only", action="append", choices=names, metavar="NAME", help="one rule; may be repeated"
    )
    parser.add_argument("--jobs", type=int, default=2, help="rules at a time (default 2)")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="for the simulator, each; 0: tests alone (default 60)"
    )
    parser.add_argument("--write", action="store_true", help="write the table into docs/safety/mutations.md")
    parser.add_argument("--list", action="store_true", help="list the rules, and stop")
    given = parser.parse_args(words)
    if given.write and given.only:
        parser.error("--write needs all rules, not some with --only")
    return given


def main(words: Sequence[str]) -> int:
    given = parse(words)
    console = Console()
    chosen = [mutation for mutation in MUTATIONS if not given.only or mutation.name in given.only]
    if given.list:
        for mutation in chosen:
            console.print(
                f"{mutation.name:30} {mutation.serves:7} {mutation.rule}", highlight=False, soft_wrap=True
            )
        return 0
    try:
        for mutation in chosen:
            mutation.applied_to((CHECKOUT / mutation.file).read_text())
        if given.write:
            with_block(DOCUMENT.read_text(), BLOCK, "")
        check_tests(chosen)
        results = take_out(console, chosen, given)
    except (StaleError, TroubleError, ValueError) as error:
        console.print(f"[red]{escape(str(error))}", soft_wrap=True)
        return 2
    if given.write:
        DOCUMENT.write_text(with_block(DOCUMENT.read_text(), BLOCK, table(results)))
    return verdict(console, results)


def take_out(console: Console, chosen: Sequence[Mutation], given: argparse.Namespace) -> list[Result]:
    """One after the other, ``jobs`` at a time; each is told as it ends."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    results: dict[str, Result] = {}
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(given.jobs) as pool:
        task = progress.add_task("", total=len(chosen))
        running = [pool.submit(missed, mutation, given.seconds) for mutation in chosen]
        try:
            for done in as_completed(running):
                result = done.result()
                results[result.mutation.name] = result
                progress.console.print(line(result), highlight=False, soft_wrap=True)
                survived = sum(not each.caught for each in results.values())
                progress.update(task, advance=1, description=f"{survived} not caught")
        finally:
            pool.shutdown(cancel_futures=True)
    return [results[mutation.name] for mutation in chosen]


def line(result: Result) -> str:
    name = f"{result.mutation.name:28}"
    if result.trouble:
        return f"[red]?[/] {name} {escape(result.trouble)}"
    if not result.caught:
        return f"[red]SURVIVED[/] {name} {result.mutation.rule}"
    by = []
    if result.test is not None:
        by.append(escape(result.test))
    if result.seed is not None:
        by.append(escape(f"seed {result.seed}: {result.broken}"))
    return f"[green]caught[/] {name} [dim]{'; '.join(by)}"


def verdict(console: Console, results: Sequence[Result]) -> int:
    survivors = [result for result in results if not result.caught and not result.trouble]
    for result in survivors:
        console.print(f"[red]survived: {result.mutation.rule} ({result.mutation.name})", soft_wrap=True)
    console.print(f"{sum(result.caught for result in results)} of {len(results)} rules caught")
    if survivors:
        return 1
    return 2 if any(result.trouble for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
