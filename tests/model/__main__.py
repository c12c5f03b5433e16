"""Search every state of the models, and each model with a rule taken out until an error is found.

    python -m tests.model [--only NAME]... [--timeout SECONDS] [--write-results]

Needs spin and gcc. Exit codes: 0 the models have no error, and each missing rule was noticed; 1 not so, or a
search did not come to its end.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.model.cases import CASES, HERE, Case
from tests.model.spin import Search, SpinError, search

RESULTS = HERE.parents[1] / "benchmarks" / "results" / "model.md"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.model", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--only", action="append", choices=[case.name for case in CASES], metavar="NAME")
    parser.add_argument("--timeout", type=float, default=600.0, help="for each search (default 600 s)")
    parser.add_argument("--write-results", action="store_true", help=f"write {RESULTS.name}")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    given = parse(words)
    chosen = [case for case in CASES if not given.only or case.name in given.only]
    rows: list[str] = []
    failures = 0
    with tempfile.TemporaryDirectory(prefix="vedette-model-") as scratch:
        for number, case in enumerate(chosen):
            try:
                found = search(HERE / case.file, case.defines, Path(scratch) / str(number), given.timeout)
            except SpinError as error:
                say(f"{case.name}: {error}")
                failures += 1
                continue
            good = (found.error is not None) == bool(case.without)
            failures += not good
            rows.append(row(case, found, good))
            say(rows[-1])
    say("\n" + table(rows))
    if given.write_results and not failures and not given.only:
        RESULTS.write_text(table(rows))
    return 1 if failures else 0


def row(case: Case, found: Search, good: bool) -> str:
    verdict = "no error" if found.error is None else f"found: `{breach(found.error)}`"
    text = f"without: {case.says}" if case.without else f"**{case.says}**"
    return (
        f"| {text} | {verdict if good else f'**WRONG**: {verdict}'} | {found.states:,} | {found.depth} "
        f"| {found.memory_mb:.0f} MB | {found.seconds:.1f} s |"
    )


def breach(error: str) -> str:
    """Which of the assertions it is."""
    names = {"leader[t]==0": "two leaders", "leader[term[me]]==0": "two leaders", "fence": "fenced command"}
    names |= {"began": "a commit undone", "fresh": "two leases"}
    return next((name for text, name in names.items() if text in error), error)


def table(rows: Sequence[str]) -> str:
    head = ("model, or the rule taken out", "verdict", "states", "depth", "memory", "time")
    lines = [
        f"Searched by Spin on {machine()}.",
        "",
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def machine() -> str:
    version = subprocess.run(["spin", "-V"], capture_output=True, text=True, check=False).stdout
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()} {platform.release()}, "
        f"{version.partition(' --')[0].strip() or 'no spin'}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
