"""The outcomes as a table for people, and as JSON with every detail."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from tests.redis_server import find_redis_server
from tests.server_builds import build
from tests.wild.outcome import Outcome
from tests.wild.stories import SITUATIONS
from tests.wild.trial import SYSTEMS

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"

HEADS = {
    "redis-sentinel": "redis-sentinel 7.0",
    "valkey-sentinel": "Valkey 9.1's Sentinel",
    "vedette": "Vedette",
}

LEGEND = """\
A is the primary, B and C are its replicas, X belongs to somebody else. Each cell is one run: who has the
writes at the end, after how long without an acknowledged write, what is lost, and what else was seen.
**Bold** is what a user did not deserve, by one measure for all. "Told": a warning in the log, or a node shown
as anything but well, names the node in trouble. All: three sentinels, down-after 1 s, failover timeout 10 s,
defaults otherwise. redis-sentinel and Vedette watch Redis 7.0, Valkey's Sentinel watches Valkey 9.1. A client
writes some eighty keys a second to whom the sentinels name, until it is refused or cut off; other keys were
there before. Several run at a time, so a tenth of a second says nothing here: benchmarks/ measures speed.
"""


def machine() -> str:
    versions = ", ".join(
        subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=True)
        .stdout.partition(" sha=")[0]
        .replace(" server v=", " ")
        for binary in (find_redis_server(), build("valkey-9.1"))
    )
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {versions}, loopback"
    )


def cell(outcome: Outcome) -> str:
    """In few words; what is wrong is bold."""
    return "; ".join(f"**{word}**" if word in outcome.faults else word for word in outcome.words)


def markdown(outcomes: Mapping[tuple[str, str], Outcome], where: str) -> str:
    systems = [system for system in SYSTEMS if any(key[1] == system for key in outcomes)]
    shown = [name for name in SITUATIONS if any((name, system) in outcomes for system in systems)]
    lines = [f"{len(shown)} situations, on {where}.", "", LEGEND]
    lines += [_row(["", *(HEADS[system] for system in systems)]), "|---" * (len(systems) + 1) + "|"]
    lines.append(_row(["nothing amiss", *(_count(outcomes, shown, system) for system in systems)]))
    lines.append("")
    for theme in dict.fromkeys(SITUATIONS[name].theme for name in shown):
        lines += [f"#### {theme.capitalize()}", ""]
        lines += [_row(["situation", *(HEADS[system] for system in systems)])]
        lines += ["|---" * (len(systems) + 1) + "|"]
        for name in shown:
            if SITUATIONS[name].theme == theme:
                found = [outcomes.get((name, system)) for system in systems]
                cells = [cell(outcome) if outcome else "not run" for outcome in found]
                lines.append(_row([f"{SITUATIONS[name].title}{_links(SITUATIONS[name].seen)}", *cells]))
        lines.append("")
    return "\n".join(lines).strip() + "\n"


def merge(outcomes: Sequence[Outcome], directory: Path) -> None:
    """Into what the directory holds of former runs, but for what is of another form or no situation now."""
    file = directory / "wild.json"
    stored = json.loads(file.read_text())["outcomes"] if file.exists() else []
    form = {each.name for each in fields(Outcome)}
    known = [Outcome(**one) for one in stored if set(one) == form]
    every = {(each.situation, each.system): each for each in known}
    every |= {(each.situation, each.system): each for each in outcomes}
    kept = {
        (name, system): every[name, system]
        for name in SITUATIONS
        for system in SYSTEMS
        if (name, system) in every
    }
    directory.mkdir(parents=True, exist_ok=True)
    where = machine()
    document = {"machine": where, "outcomes": [asdict(each) for each in kept.values()]}
    file.write_text(json.dumps(document, indent=1) + "\n")
    (directory / "wild.md").write_text(markdown(kept, where))


def _links(seen: Sequence[str]) -> str:
    """Where somebody met it."""
    return "".join(
        f" [[{number}]](https://github.com/{where.replace('#', '/issues/')})"
        for number, where in enumerate(seen, 1)
    )


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(text.replace('|', '/') for text in cells)} |"


def _count(outcomes: Mapping[tuple[str, str], Outcome], shown: Sequence[str], system: str) -> str:
    mine = [outcomes[name, system] for name in shown if (name, system) in outcomes]
    return f"{sum(not each.faults for each in mine)} of {len(mine)}"
