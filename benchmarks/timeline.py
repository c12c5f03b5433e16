"""One failover, step by step: the time of each step from a primary's end until the last sentinel knows its
successor.

    python -m benchmarks.timeline [--trials 15]

A primary is killed with Vedette at its defaults, and no client measures. The times are those of the
sentinels' own logs, since the SIGKILL. Writes ``benchmarks/results/timeline.*``.
"""

from __future__ import annotations

import argparse
import os
import signal
import time

from benchmarks.report import Column, Trials, machine, write
from tests.integration.cluster import Cluster
from tests.waiting import wait_for

COLUMNS = (Column("since the kill", "ms", 1), Column("since the step before", "ms", 1))
STEPS = (
    ("subjectively down, at the first sentinel", "node_down", min),
    ("objectively down: a quorum has said so", "quorum_down", min),
    ("elected: PreVote, then votes on disk", "elected", min),
    ("chosen", "candidate_chosen", min),
    ("intent on a majority's disks", "intent_committed", min),
    ("promoted, and fenced", "promoted", min),
    ("committed by a majority", "topology", min),
    ("known to every sentinel", "topology", max),
)
"""The step in words, its event, and whether the first or the last sentinel counts."""


def measure() -> list[float]:
    """The time of each step, in ms since the kill."""
    with Cluster() as cluster:
        old = cluster.nodes[0]
        began_ms = time.time() * 1000
        os.kill(old.pid, signal.SIGKILL)
        cluster.wait_failover(old.name)
        logs = [sentinel.story for sentinel in cluster.sentinels]
        wait_for(lambda: all(story("topology")[-1]["at_ms"] >= began_ms for story in logs), 10.0, "the logs")
        seen = []
        for _, event, pick in STEPS:
            times = [line["at_ms"] for sentinel in cluster.sentinels for line in sentinel.story(event)]
            seen.append(pick(at - began_ms for at in times if at >= began_ms))
        return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=15, choices=range(1, 101), metavar="1-100")
    given = parser.parse_args()
    trials = [measure() for _ in range(given.trials)]
    rows: dict[str, dict[str, Trials]] = {}
    for number, (name, _, _) in enumerate(STEPS):
        since = [trial[number] for trial in trials]
        step = [trial[number] - (trial[number - 1] if number else 0.0) for trial in trials]
        rows[name] = {COLUMNS[0].title: since, COLUMNS[1].title: step}
    print(write("timeline", "One failover by step", rows, COLUMNS, machine()))


if __name__ == "__main__":
    main()
