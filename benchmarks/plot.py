"""Draws the benchmarks' results: ``python -m benchmarks.plot`` writes docs/images/*.png.

It needs matplotlib, which ``make plots`` installs.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.report import counted
from benchmarks.results import Result

IMAGES = Path(__file__).parents[1] / "docs" / "images"
OURS, THEIRS, INK = "#0b7285", "#ced4da", "#343a40"

OUTAGES = (
    ("process dies", "outage", "crash, Vedette at its defaults", "crash, redis-sentinel at 1 s"),
    (
        "process dies, with one of three sentinels",
        "outage",
        "crash with 1 of 3 sentinels, Vedette at its defaults",
        "crash with 1 of 3 sentinels, redis-sentinel at 1 s",
    ),
    (
        "process dies, with two of five sentinels",
        "outage",
        "crash with 2 of 5 sentinels, Vedette at its defaults",
        "crash with 2 of 5 sentinels, redis-sentinel at 1 s",
    ),
    (
        "container removed",
        "loss",
        "container removed, Vedette at 1 s",
        "container removed, redis-sentinel at 1 s",
    ),
    ("process hangs", "outage", "hang, Vedette at 1 s", "hang, redis-sentinel at 1 s"),
    ("host loses power", "loss", "power lost, Vedette at 1 s", "power lost, redis-sentinel at 1 s"),
)
"""The event, the benchmark, and the cases of the two systems, both at a down-after of 1 s."""


def outages() -> None:
    """One pair of bars for each way to lose a primary."""
    figure, axes = plt.subplots(figsize=(8.5, 4.2), layout="constrained")
    for place, (_, result, ours, theirs) in enumerate(OUTAGES):
        for case, offset, colour in ((ours, -0.2, OURS), (theirs, 0.2, THEIRS)):
            spread = Result(result).spread(case, "first write")
            if spread is None:
                continue
            error = [[spread.median - spread.low], [spread.high - spread.median]]
            axes.barh(place + offset, spread.median, 0.36, color=colour, xerr=error, ecolor=INK, capsize=2)
            axes.annotate(
                f"{spread.median:.0f} ms",
                (spread.high, place + offset),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=INK,
            )
    axes.set_yticks(range(len(OUTAGES)), [name for name, *_ in OUTAGES])
    axes.invert_yaxis()
    axes.set_xlim(right=axes.get_xlim()[1] * 1.08)
    axes.set_xlabel("until another node accepts a write, ms; medians and ranges")
    axes.set_title("The primary is lost, both systems at a down-after of 1 s", loc="left", color=INK)
    axes.legend(
        handles=[mpl.patches.Patch(color=OURS), mpl.patches.Patch(color=THEIRS)],
        labels=["Vedette", "redis-sentinel"],
        frameon=False,
        loc="center right",
    )
    _save(figure, axes, "outage.png")


def steps() -> None:
    """A failover's time line: what each step takes."""
    result = Result("timeline")
    figure, axes = plt.subplots(figsize=(8.5, 3.4), layout="constrained")
    reached = 0.0
    for place, case in enumerate(result.cases):
        step = result.median(case, "since the step before") or 0.0
        axes.barh(place, step, left=reached, color=OURS, height=0.6)
        reached += step
        axes.annotate(
            f"{step:.1f} ms",
            (reached, place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=INK,
        )
    axes.set_yticks(range(len(result.cases)), result.cases)
    axes.invert_yaxis()
    axes.set_xlim(right=reached * 1.12)
    axes.set_xlabel("ms since the SIGKILL; medians of each step")
    axes.set_title("One failover by step", loc="left", color=INK)
    _save(figure, axes, "timeline.png")


def crowds() -> None:
    """First, median and last group, by how many primaries are lost at once."""
    result = Result("mass")
    figure, axes = plt.subplots(figsize=(8.5, 3.6), layout="constrained")
    sizes = sorted({int(case.split()[0]) for case in result.cases})
    for system, offset, colour in (
        ("Vedette at its defaults", -0.2, OURS),
        ("redis-sentinel at 1 s", 0.2, THEIRS),
    ):
        for place, size in enumerate(sizes):
            case = f"{counted(size, 'group')}, {system}"
            first, median, last = (result.median(case, column) for column in ("first", "median", "last"))
            if first is None or median is None or last is None:
                continue
            error = [[median - first], [last - median]]
            axes.bar(
                place + offset,
                median,
                0.36,
                color=colour,
                yerr=error,
                ecolor=INK,
                capsize=3,
                label=system if place == 0 else None,
            )
            never = int(result.median(case, "never") or 0)
            text = f"{median:.0f}" + (f"\n{never} never" if never else "")
            axes.annotate(
                text,
                (place + offset, last),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=INK,
            )
    axes.set_xticks(range(len(sizes)), [counted(size, "group") for size in sizes])
    axes.set_ylabel("ms until writes are accepted")
    axes.set_title(
        "Primaries lost at once: the median group, from the first to the last", loc="left", color=INK
    )
    axes.legend(frameon=False, loc="upper left")
    _save(figure, axes, "mass.png")


def _save(figure: Figure, axes: Axes, name: str) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    IMAGES.mkdir(parents=True, exist_ok=True)
    # Without the program's version in it, the same figures give the same file.
    figure.savefig(IMAGES / name, dpi=130, metadata={"Software": None})
    plt.close(figure)


def main() -> None:
    mpl.use("agg")
    plt.rcParams.update({"font.size": 9, "axes.edgecolor": INK, "text.color": INK})
    outages()
    steps()
    crowds()


if __name__ == "__main__":
    main()
