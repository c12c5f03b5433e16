"""``python -m tests.mutations.search STYLE SECONDS``: simulator runs of a style until one breaks a rule.

The exit code is 1 then, and the seed and the rule are told. A rule about switchovers is soonest missed where
there are switchovers: each rule names the style of run that is most about it, or ``-`` for all.
"""

from __future__ import annotations

import sys
import time

from tests.simulation.trial import run_seed
from tests.simulation.world import draw_setup

MAX_SEEDS = 100_000


def main(style: str, seconds: float) -> int:
    deadline = time.monotonic() + seconds
    runs = 0
    for seed in range(MAX_SEEDS):
        if style not in ("-", draw_setup(seed).style):
            continue
        outcome = run_seed(seed)
        runs += 1
        if outcome.broken is not None:
            sys.stdout.write(f"seed {seed}: {outcome.broken}\n")
            return 1
        if time.monotonic() > deadline:
            break
    sys.stdout.write(f"{runs} runs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
