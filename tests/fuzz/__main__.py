"""``python -m tests.fuzz --seconds 60``: so long of each kind. Exit code 1 if any input broke a rule."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys

from tests.fuzz.fuzzing import fuzz
from tests.fuzz.kinds import KINDS

CALM = 10
"""Nice value: whatever else runs on this machine goes first."""


def main() -> int:
    args = _parser().parse_args()
    os.nice(CALM)
    broken = 0
    for name in args.only or KINDS:
        # In a process of its own: its memory is its own, and its end costs nobody anything.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            broken += pool.apply(fuzz, (name, args.seconds, args.seed))
    return 1 if broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Bad input of every kind.")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each kind (default 60)")
    parser.add_argument("--only", action="append", choices=sorted(KINDS), help="one kind; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other inputs (default 1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
