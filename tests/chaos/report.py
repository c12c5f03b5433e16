"""The outcomes side by side, as a table for people and as JSON with every detail."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.chaos.schedules import by_name
from tests.chaos.trial import Outcome

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"

_HEAD = (
    "system",
    "acknowledged",
    "lost",
    "with `WAIT 1`",
    "lost",
    "longest gap",
    "recovery",
    "two masters",
    "two acknowledge",
    "in order after",
)

LEGEND = """\
Two client hosts write unique values and increments, with and without `WAIT 1`, and follow the sentinels
that they reach. **acknowledged** and **lost**: over all trials; with `WAIT 1` only what a replica confirmed
counts. **longest gap**: without any surviving plain write, from the first fault to the end. **recovery**:
from the first fault to the first write that another node acknowledged. **two masters**: two nodes call
themselves master, whether or not a client can reach both. **two acknowledge**: two nodes acknowledge plain
writes at the same time. **in order after**: from the last step until one primary has all replicas and every
sentinel agrees. Times are medians, with (min - max) of several trials. All systems: down-after 1 s,
failover timeout 10 s, the server's defaults otherwise, append-only files. Valkey's Sentinel watches Valkey.
"""

HISTORIES = """\
Of the plain writes that were acknowledged, first how many the survivor lacks (unique values and increments).
Then what the histories of registers show: each client host also writes and reads four shared registers at who
it takes for the primary. Acknowledged writes that a later read **missed** at a primary that came no earlier
(gone, unless the next primary has them; what was overwritten since proves nothing), reads that were **stale**
(from a primary of before, and behind an acknowledged write), and in how many registers **no order** explains
what all clients saw (they are not linearizable).
"""


def machine() -> str:
    version = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, redis-server {version.split('v=')[1].split()[0]}, "
        "a network namespace for each host"
    )


def markdown(outcomes: Sequence[Outcome], where: str) -> str:
    """First all schedules at a glance; then a section for each, with a row for each system."""
    lines = [f"Faults on separate hosts, on {where}.", "", LEGEND, *_glance(outcomes), ""]
    for name in dict.fromkeys(outcome.schedule for outcome in outcomes):
        schedule = by_name(name)
        mine = [outcome for outcome in outcomes if outcome.schedule == name]
        trials = max(sum(o.system == system for o in mine) for system in {o.system for o in mine})
        lines += [
            f"### {name}",
            "",
            f"{schedule.proves} ({schedule.hosts} hosts, {trials} trial{'s' if trials > 1 else ''})",
            "",
            f"| {' | '.join(_HEAD)} |",
            f"|{'---|' * len(_HEAD)}",
        ]
        for system in dict.fromkeys(outcome.system for outcome in mine):
            lines.append(_row(system, [outcome for outcome in mine if outcome.system == system]))
        notes = dict.fromkeys(f"{o.system}: {note}" for o in mine for note in o.notes)
        lines += ["", *(f"* {note}" for note in notes), *([""] if notes else [])]
    return "\n".join(lines)


def _glance(outcomes: Sequence[Outcome]) -> list[str]:
    systems = list(dict.fromkeys(outcome.system for outcome in outcomes))
    lines = [
        "Acknowledged writes lost, plain / with `WAIT 1`; and the longest gap (median):",
        "",
        f"| schedule | {' | '.join(systems)} |",
        f"|---|{'---|' * len(systems)}",
    ]
    for name in dict.fromkeys(outcome.schedule for outcome in outcomes):
        cells = []
        for system in systems:
            mine = [o for o in outcomes if (o.schedule, o.system) == (name, system)]
            gap = _s(statistics.median(o.longest_gap_s for o in mine)) if mine else "-"
            losses = (sum(o.plain.lost for o in mine), sum(o.wait.lost for o in mine))
            cells.append(f"{_lost(losses[0])} / {_lost(losses[1])}; {gap}" if mine else "-")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def histories(outcomes: Sequence[Outcome], where: str) -> str:
    """What clients saw, in numbers."""
    systems = list(dict.fromkeys(outcome.system for outcome in outcomes))
    lines = [f"Clients' histories, on {where}.", "", HISTORIES]
    lines += [f"| schedule | {' | '.join(systems)} |", f"|---|{'---|' * len(systems)}"]
    for name in dict.fromkeys(outcome.schedule for outcome in outcomes):
        mine = [[o for o in outcomes if (o.schedule, o.system) == (name, system)] for system in systems]
        lines.append(f"| {name} | {' | '.join(map(_history, mine))} |")
    total = [[o for o in outcomes if o.system == system] for system in systems]
    lines.append(f"| all of these | {' | '.join(map(_history, total))} |")
    answered = [[o.histories for o in mine] for mine in total]
    counts = [f"{sum(h.writes for h in each):,}; {sum(h.reads for h in each):,}" for each in answered]
    lines.append(f"| registers' writes; reads that were answered | {' | '.join(counts)} |")
    return "\n".join(lines) + "\n"


def _history(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return "-"
    found = [outcome.histories for outcome in outcomes]
    plain = f"{_lost(sum(o.plain.lost for o in outcomes))} of {sum(o.plain.acknowledged for o in outcomes):,}"
    lost, stale = sum(h.lost for h in found), sum(h.stale for h in found)
    broken, registers = sum(h.broken for h in found), sum(h.registers for h in found)
    return (
        f"{plain}; {_lost(lost)} missed, {_lost(stale)} stale, {_lost(broken)} of {registers} without order"
    )


def _row(system: str, outcomes: Sequence[Outcome]) -> str:
    cells = [
        system,
        str(sum(o.plain.acknowledged for o in outcomes)),
        _lost(sum(o.plain.lost for o in outcomes)),
        str(sum(o.wait.acknowledged for o in outcomes)),
        _lost(sum(o.wait.lost for o in outcomes)),
        _times([o.longest_gap_s for o in outcomes]),
        _times([o.recovery_s for o in outcomes]),
        _times([o.two_masters_s for o in outcomes]),
        _times([o.two_acknowledging_s for o in outcomes]),
        _times([o.settled_s for o in outcomes], absent="never"),
    ]
    return f"| {' | '.join(cells)} |"


def _lost(count: int) -> str:
    return f"**{count}**" if count else "0"


def _times(found: Iterable[float | None], absent: str = "-") -> str:
    values = list(found)
    known = sorted(value for value in values if value is not None)
    if not known:
        return absent
    text = _s(statistics.median(known))
    if len(known) > 1:
        text += f" ({_s(known[0])} - {_s(known[-1])})"
    missed = len(values) - len(known)
    return f"{text}, {absent} in {missed}" if missed else text


def _s(value: float) -> str:
    return f"{value:.2f} s" if value else "0"


def as_json(outcomes: Sequence[Outcome], where: str) -> str:
    return json.dumps({"machine": where, "outcomes": [asdict(o) for o in outcomes]}, indent=1) + "\n"


def write(outcomes: Sequence[Outcome], directory: Path = RESULTS) -> None:
    where = machine()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "chaos.md").write_text(markdown(outcomes, where))
    (directory / "histories.md").write_text(histories(outcomes, where))
    (directory / "chaos.json").write_text(as_json(outcomes, where))
