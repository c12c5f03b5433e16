"""``python -m tests.simulation.refusals``: every request of every scenario, refused in every way.

Exit code 0 if all rules held in all cases, else 1. ``--only TEXT`` runs those whose description contains it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from rich.console import Console

from tests.simulation.refusals.cases import Case, all_cases
from tests.simulation.refusals.trial import run_case
from tests.simulation.refusals.verdict import RULES, judge


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.refusals", description=__doc__)
    parser.add_argument("--only", default="", help="run the cases whose description contains this")
    parser.add_argument("--every", type=int, default=1, help="of these, each so many-th (default 1)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)"
    )
    parser.add_argument("--list", action="store_true", help="only tell the cases")
    parser.add_argument("--story", action="store_true", help="tell what happened in each case")
    parser.add_argument("--all", action="store_true", help="name every case that is not as it should be")
    given = parser.parse_args()
    console = Console(soft_wrap=True)
    cases = [case for case in all_cases() if given.only in str(case)][:: given.every]
    if given.list or given.story:
        for case in cases:
            console.print(str(case), highlight=False, markup=False)
            if given.story:
                _tell(console, case)
        return 0
    return _run(console, cases, given)


def _tell(console: Console, case: Case) -> None:
    seen = run_case(case)
    for line in seen.story:
        console.print(line, highlight=False, markup=False)
    console.print(str(judge(case, seen)), style="red", markup=False)


def _run(console: Console, cases: list[Case], given: argparse.Namespace) -> int:
    began, wrong, struck = time.monotonic(), 0, 0
    by_kind: defaultdict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
    examples: dict[tuple[str, str], str] = {}
    for case, (hit, verdict) in _verdicts(cases, given.jobs):
        often = "for good" if case.nth is None else "once"
        kind = (case.scenario.name, case.command, case.how.value, often)
        struck += hit
        by_kind[kind]["cases"] += 1
        by_kind[kind].update(verdict.keys())
        wrong += bool(verdict)
        if verdict and given.all:
            console.print(f"{case}: {verdict}", highlight=False, markup=False)
        for rule, what in verdict.items():
            examples.setdefault((case.scenario.name, rule), f"{case}: {what}")
    _show(console, by_kind)
    for (scenario, rule), example in sorted(examples.items()):
        console.print(f"{scenario} / {rule}: {example}", highlight=False, markup=False)
    took_s = time.monotonic() - began
    console.print(f"{len(cases)} cases, {struck} struck, {wrong} not as they should be, in {took_s:.0f} s")
    return 1 if wrong else 0


def _show(console: Console, by_kind: dict[tuple[str, str, str, str], Counter[str]]) -> None:
    for kind, counts in sorted(by_kind.items()):
        found = [f"{rule} ({counts[rule]})" for rule in RULES if counts[rule]]
        if found:
            line = f"{', '.join(kind)}, of {counts['cases']}: {'; '.join(found)}"
            console.print(line, highlight=False, markup=False)


def _judged(index: int) -> tuple[bool, dict[str, str]]:
    case = _CASES[index]
    seen = run_case(case)
    return seen.struck > 0, judge(case, seen)


def _verdicts(cases: Iterable[Case], jobs: int) -> Iterator[tuple[Case, tuple[bool, dict[str, str]]]]:
    # The forked processes have the cases already: scenarios hold functions, which cannot be sent.
    _CASES[:] = cases
    if jobs <= 1:
        yield from zip(_CASES, map(_judged, range(len(_CASES))), strict=True)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from zip(_CASES, pool.imap(_judged, range(len(_CASES))), strict=True)


_CASES: list[Case] = []


if __name__ == "__main__":
    sys.exit(main())
