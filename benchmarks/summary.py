"""The table of the README: the few decisive figures, beside redis-sentinel's of the same run."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.results import Result

WRITE, AGREED, FOLLOWED = "first write", "then all sentinels agree", "a client that follows them writes"


@dataclass(frozen=True, slots=True)
class Figure:
    """``ours`` and ``theirs`` are the cases; ``goal`` is the aim, in words."""

    what: str
    result: str
    column: str
    ours: str
    theirs: str
    goal: str
    unit: str = "ms"
    their_column: str = ""


DEFAULTS, HANG = "crash, Vedette at its defaults", "hang, Vedette at 1 s"
FIGURES = (
    Figure(
        "the primary's process dies; redis-sentinel at a down-after of 1 s",
        "outage",
        WRITE,
        DEFAULTS,
        "crash, redis-sentinel at 1 s",
        "60 ms, 1/20",
    ),
    Figure(
        "the same, redis-sentinel at 200 ms",
        "outage",
        WRITE,
        DEFAULTS,
        "crash, redis-sentinel at 200 ms",
        "1/8",
    ),
    Figure(
        "until then all sentinels name the new primary",
        "outage",
        AGREED,
        DEFAULTS,
        "crash, redis-sentinel at 1 s",
        "20 ms, 1/15",
    ),
    Figure(
        "until a client that follows them has written",
        "outage",
        FOLLOWED,
        DEFAULTS,
        "crash, redis-sentinel at 1 s",
        "",
    ),
    Figure(
        "the primary hangs, both at 1 s",
        "outage",
        WRITE,
        HANG,
        "hang, redis-sentinel at 1 s",
        "1060 ms, 1/2",
    ),
    Figure(
        "a sentinel is lost together with the primary",
        "outage",
        WRITE,
        "crash with 1 of 3 sentinels, Vedette at its defaults",
        "crash with 1 of 3 sentinels, redis-sentinel at 1 s",
        "700 ms",
    ),
    Figure(
        "the primary's host loses power, both at 1 s",
        "loss",
        WRITE,
        "power lost, Vedette at 1 s",
        "power lost, redis-sentinel at 1 s",
        "",
    ),
    Figure(
        "switchover: longest gap between writes that are kept",
        "switchover",
        "between kept writes",
        "Vedette's switchover",
        "SENTINEL FAILOVER",
        "25 ms",
    ),
    Figure(
        "switchover: acknowledged writes lost",
        "switchover",
        "lost",
        "Vedette's switchover",
        "SENTINEL FAILOVER",
        "0",
        unit="",
    ),
    Figure(
        "100 primaries at once: the last group, beside redis-sentinel's median",
        "mass",
        "last",
        "100 groups, Vedette at its defaults",
        "100 groups, redis-sentinel at 1 s",
        "1/5",
        their_column="median",
    ),
    Figure(
        "CPU of a sentinel that watches 150 groups, both at 5 s",
        "watching",
        "CPU of a sentinel",
        "150 groups, Vedette",
        "150 groups, redis-sentinel",
        "2x",
        unit="%",
    ),
    Figure(
        "its memory",
        "watching",
        "memory",
        "150 groups, Vedette",
        "150 groups, redis-sentinel",
        "80 MB",
        unit="MB",
    ),
)


def ratio(ours: float, theirs: float) -> str:
    """The ratio of the two in its most readable form, such as ``1/20`` or ``1.5x``."""
    if not ours or not theirs:
        return ""
    if ours <= theirs:
        return f"1/{theirs / ours:.1f}" if theirs / ours < 10 else f"1/{theirs / ours:.0f}"
    return f"{ours / theirs:.1f}x"


def shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    digits = 1 if unit == "%" else 0
    return f"{value:.{digits}f} {unit}".strip()


def summary() -> str:
    """Medians, as Markdown. Raises FileNotFoundError if a benchmark was never run."""
    lines = ["| | Vedette | redis-sentinel | ratio | aim |", "|---|---|---|---|---|"]
    for figure in FIGURES:
        result = Result(figure.result)
        ours = result.median(figure.ours, figure.column)
        theirs = result.median(figure.theirs, figure.their_column or figure.column)
        compared = ratio(ours, theirs) if ours is not None and theirs is not None else ""
        cells = (shown(ours, figure.unit), shown(theirs, figure.unit), compared, figure.goal)
        lines.append(f"| {figure.what} | {' | '.join(cells)} |")
    where = (
        f"Medians, on {Result('outage').machine}; benchmarks/README.md names the machine of each benchmark."
    )
    return "\n".join([*lines, "", where])
