"""What people report of Redis in production, with redis-sentinel, with Valkey's Sentinel and with Vedette.

    python -m tests.wild [--only NAME]... [--system NAME]... [--jobs N] [--write-results] [--list]

Each situation takes place once for each system, on real servers on loopback. Results are merged into those
that are stored, so that a part can be run anew. Exit codes: 0 all could be run; 1 some could not. What was
seen is in the table, not in the exit code.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.wild import report
from tests.wild.outcome import Outcome
from tests.wild.stories import SITUATIONS
from tests.wild.trial import SYSTEMS, run_trial

LIMIT_S = 420.0
ATTEMPTS = 2
CHECKOUT = Path(__file__).parents[2]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def parse(words: Sequence[str]) -> argparse.Namespace:
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m tests.wild", description=summary)
    parser.add_argument(
        "--only", action="append", choices=list(SITUATIONS), metavar="NAME", help="repeatable"
    )
    parser.add_argument("--system", action="append", choices=SYSTEMS, help="may be repeated; default: all")
    parser.add_argument("--jobs", type=int, default=3, choices=range(1, 17), metavar="N", help="at a time")
    parser.add_argument("--write-results", action="store_true", help="merge into benchmarks/results/wild.*")
    parser.add_argument("--output", type=Path, help="merge into wild.md and wild.json of this directory")
    parser.add_argument("--logs", type=Path, help="keep the sentinels' logs in this directory")
    parser.add_argument("--list", action="store_true", help="list the situations")
    parser.add_argument("--trial", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(words)


def attempt(name: str, system: str, scratch: Path, logs: Path | None) -> Outcome | str:
    """In a process of its own. What could not be set up, as when somebody took a port, is tried once more."""
    file = scratch / f"{name}.{system}.json"
    command = [sys.executable, "-m", "tests.wild", "--only", name, "--system", system, "--trial", str(file)]
    command += ["--logs", str(logs)] if logs else []
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            done = subprocess.run(
                command, cwd=CHECKOUT, capture_output=True, text=True, timeout=LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            problem = f"not over after {LIMIT_S:g} s"
            continue
        if done.returncode == 0:
            return Outcome(**json.loads(file.read_text()))
        problem = (done.stderr.strip().splitlines() or ["no word"])[-1]
    return problem


def run(names: Sequence[str], systems: Sequence[str], options: argparse.Namespace) -> int:
    outcomes: list[Outcome] = []
    failed = 0
    if options.logs:
        options.logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(options.jobs) as pool:
        running = [
            (name, system, pool.submit(attempt, name, system, Path(scratch), options.logs))
            for name in names
            for system in systems
        ]
        for name, system, future in running:
            outcome = future.result()
            if isinstance(outcome, str):
                failed += 1
                say(f"{name:28} {system:16} could not be run: {outcome}")
                continue
            outcomes.append(outcome)
            mark = "-" if outcome.faults else "+"
            say(f"{name:28} {system:16} {mark} {report.cell(outcome)}")
    for directory in (report.RESULTS if options.write_results else None, options.output):
        if directory is not None and outcomes:
            report.merge(outcomes, directory)
    return 1 if failed else 0


def main(words: Sequence[str]) -> int:
    options = parse(words)
    if options.list:
        for situation in SITUATIONS.values():
            say(f"{situation.name:28} {situation.title}")
        return 0
    names = options.only or list(SITUATIONS)
    systems = options.system or list(SYSTEMS)
    if options.trial:
        log = options.logs / f"{names[0]}.{systems[0]}.log" if options.logs else None
        outcome = run_trial(names[0], systems[0], log)
        options.trial.write_text(json.dumps(asdict(outcome)))
        return 0
    return run(names, systems, options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
