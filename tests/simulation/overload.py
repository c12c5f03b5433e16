"""``python -m tests.simulation.overload``: many primaries are lost at once, and sentinels are short of time.

python -m tests.simulation.overload --groups 25 --quota 0.166
python -m tests.simulation.overload --groups 25 --factor 5
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial

from rich.console import Console

from tests.simulation.crowd import Crowd


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.overload", description=__doc__)
    parser.add_argument("--groups", type=int, default=25)
    parser.add_argument("--quota", type=float, default=1.0, help="the part of a processor of each sentinel")
    parser.add_argument("--factor", type=float, default=1.0, help="how many times longer each callback takes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=40.0, help="virtual seconds")
    parser.add_argument("--story", type=int, metavar="GROUP", help="tell what happened to this one")
    given = parser.parse_args()
    began = time.perf_counter()
    crowd = Crowd(given.groups, factor=given.factor, share=given.quota, seed=given.seed)
    result = crowd.run(given.limit)
    out = partial(Console(soft_wrap=True).print, highlight=False, markup=False)
    out(f"{result} ({time.perf_counter() - began:.1f} s)")
    out(", ".join(f"{name} {count}" for name, count in sorted(result.notices.items())))
    if given.story is not None:
        out("\n".join(crowd.groups[given.story].story))
    return 0 if len(result.recovered) == given.groups else 1


if __name__ == "__main__":
    sys.exit(main())
