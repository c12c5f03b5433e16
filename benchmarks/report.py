"""Writes a benchmark's results, with the machine named: JSON to compare, and a Markdown table to read."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.redis_server import RedisServer

RESULTS = Path(__file__).parent / "results"

Trials = Sequence[float | None]
"""One figure for each trial; None if it never ended."""


@dataclass(frozen=True, slots=True)
class Column:
    """``digits`` after the point. ``unit`` is written behind each figure."""

    title: str
    unit: str = "ms"
    digits: int = 0


def machine() -> str:
    """Where this ran, in one line."""
    with RedisServer() as server:
        version = server.info("server")["redis_version"]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, redis-server {version}, loopback"
    )


def cell(trials: Trials, column: Column) -> str:
    """The median, and the range; how many never ended."""
    seen = [figure for figure in trials if figure is not None]
    never = len(trials) - len(seen)
    if not seen:
        return "never" if trials else "-"
    low, middle, high = (
        f"{figure:.{column.digits}f}" for figure in (min(seen), statistics.median(seen), max(seen))
    )
    spread = f" ({low} - {high})" if len(seen) > 1 else ""
    return (
        f"{middle} {column.unit}".rstrip() + spread + (f", {never} of {len(trials)} never" if never else "")
    )


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def table(
    title: str,
    rows: Mapping[str, Mapping[str, Trials]],
    columns: Sequence[Column],
    where: str,
    what: str | None = None,
) -> str:
    """``rows`` by case, then by the title of the column. ``what`` tells of what kind the figures are."""
    trials = max((len(figures) for row in rows.values() for figures in row.values()), default=0)
    if what is None:
        what = f"Medians (and ranges) of {trials} trials." if trials > 1 else "One trial."
    lines = [f"{title}, on {where}. {what}", ""]
    lines += [
        f"| case | {' | '.join(column.title for column in columns)} |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for case, row in rows.items():
        cells = (cell(row.get(column.title, ()), column) for column in columns)
        lines.append(f"| {case} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write(
    name: str,
    title: str,
    rows: Mapping[str, Mapping[str, Trials]],
    columns: Sequence[Column],
    where: str,
    what: str | None = None,
) -> str:
    """Write ``results/<name>.json`` and ``.md``; returns the table."""
    RESULTS.mkdir(exist_ok=True)
    plain = {case: {title: list(figures) for title, figures in row.items()} for case, row in rows.items()}
    units = {column.title: column.unit for column in columns}
    text = json.dumps({"machine": where, "units": units, "cases": plain}, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    drawn = table(title, rows, columns, where, what)
    (RESULTS / f"{name}.md").write_text(drawn)
    return drawn
