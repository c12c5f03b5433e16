"""Fault schedules on separate hosts, the same for each system, and what they cost.

    python -m tests.chaos [--only NAME]... [--system NAME]... [--trials N] [--write-results] [--clean]

Needs root, iproute2, nftables and redis-server. Exit codes: 0 all trials ran; 1 a trial could not be run to
its end; 2 wrong arguments; 77 this machine cannot have hosts, with the reason. What the trials showed is in
the table, not in the exit code.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos import hosts, report
from tests.chaos.schedules import SCHEDULES, Schedule, by_name
from tests.chaos.systems import VARIANTS, Variant
from tests.chaos.trial import Outcome, run_trial
from tests.server_builds import build

CANNOT = 77
TERMINATED = 143
MAX_TRIALS = 100


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=(__doc__ or "").splitlines()[0]
    )
    names = [schedule.name for schedule in SCHEDULES]
    parser.add_argument("--only", action="append", choices=names, help="a schedule; may be repeated")
    parser.add_argument(
        "--system", action="append", choices=[*VARIANTS, "all"], help="may be repeated; default: all"
    )
    parser.add_argument("--trials", type=int, default=1, choices=range(1, MAX_TRIALS + 1), metavar="N")
    parser.add_argument("--write-results", action="store_true", help="write benchmarks/results/chaos.*")
    parser.add_argument("--output", type=Path, help="write chaos.md and chaos.json into this directory")
    parser.add_argument("--logs", type=Path, help="keep the logs of every process in this directory")
    parser.add_argument("--list", action="store_true", help="list the schedules")
    parser.add_argument("--clean", action="store_true", help="remove what killed runs left, and stop")
    return parser.parse_args(words)


def within(options: argparse.Namespace, scratch: Path) -> int:
    """The run itself, in namespaces of its own."""
    hosts.prepare()
    schedules = [by_name(name) for name in options.only] if options.only else list(SCHEDULES)
    wanted = options.system or ["all"]
    variants = list(VARIANTS.values()) if "all" in wanted else [VARIANTS[name] for name in wanted]
    outcomes: list[Outcome] = []
    failures = 0
    try:
        for schedule in schedules:
            for trial in range(1, options.trials + 1):
                for variant in variants:
                    failures += not attempt(schedule, variant, trial, scratch, options.logs, outcomes)
    except KeyboardInterrupt:
        say("interrupted; this is what was found before")
        failures += 1
    if outcomes:
        for directory in (report.RESULTS if options.write_results else None, options.output):
            if directory is not None:
                report.write(outcomes, directory)
        say("\n" + report.markdown(outcomes, report.machine()))
    return 1 if failures else 0


def attempt(
    schedule: Schedule,
    variant: Variant,
    trial: int,
    scratch: Path,
    logs: Path | None,
    outcomes: list[Outcome],
) -> bool:
    name = f"{schedule.name}.{variant.name}.{trial}"
    try:
        outcome = run_trial(schedule, variant, scratch / name, logs)
    except (AssertionError, RuntimeError, OSError) as error:
        say(f"{name}: could not be run: {error}")
        return False
    finally:
        shutil.rmtree(scratch / name, ignore_errors=True)
    outcomes.append(outcome)
    settled = "never" if outcome.settled_s is None else f"{outcome.settled_s:.1f} s later"
    say(
        f"{name}: lost {outcome.plain.lost} of {outcome.plain.acknowledged}, "
        f"with WAIT {outcome.wait.lost} of {outcome.wait.acknowledged}; "
        f"gap {outcome.longest_gap_s:.2f} s; two masters {outcome.two_masters_s:.2f} s, "
        f"two acknowledge {outcome.two_acknowledging_s:.2f} s; in order {settled}; "
        f"registers: {outcome.histories.lost} lost, {outcome.histories.stale} stale, "
        f"{outcome.histories.broken} of {outcome.histories.registers} without an order"
    )
    for line in (*outcome.timeline, *(f"note: {note}" for note in outcome.notes)):
        say(f"    {line}")
    return True


def main(words: Sequence[str]) -> int:
    options = parse(words)
    if options.clean:
        for path in hosts.remove_leftovers():
            say(f"removed {path}")
        return 0
    if options.list:
        for schedule in SCHEDULES:
            say(f"{schedule.name:26} {schedule.proves}")
        return 0
    # The first process of a process namespace hears only the signals that it asked for.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    scratch = os.environ.get(hosts.SCRATCH)
    if scratch:
        return within(options, Path(scratch))
    reason = hosts.missing()
    if reason is None:
        reason = _absent(options.system or ["all"])
    if reason is not None:
        say(f"the fault tests cannot run here: {reason}")
        return CANNOT
    return hosts.run_apart([sys.executable, "-m", "tests.chaos", *words])


def _absent(systems: Sequence[str]) -> str | None:
    """Why not all of these systems can be installed here; None if they can."""
    if any(name in ("all", "valkey-sentinel") for name in systems):
        try:
            build("valkey-9.1")
        except RuntimeError as error:
            return f"{error}; or choose each --system without it"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
