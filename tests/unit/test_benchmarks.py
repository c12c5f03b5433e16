"""What the benchmarks report is right, and speaks of cases that exist."""

from __future__ import annotations

import pytest

from benchmarks import load, loss, outage, switchover
from benchmarks.report import Column, cell, table
from benchmarks.results import Result
from benchmarks.summary import FIGURES, Figure, ratio, shown

KNOWN = {
    "outage": {case.name for case in outage.CASES},
    "loss": {f"{how}, {system}" for how in loss.LOSSES for system in loss.SYSTEMS},
    "switchover": set(switchover.CASES),
}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.what)
def test_a_figure_of_the_summary_was_measured(figure: Figure) -> None:
    result = Result(figure.result)
    for case, column in (
        (figure.ours, figure.column),
        (figure.theirs, figure.their_column or figure.column),
    ):
        assert case in KNOWN.get(figure.result, {case}), "the benchmark has no such case any more"
        assert result.spread(case, column) is not None


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [(50.0, 1000.0, "1/20"), (50.0, 120.0, "1/2.4"), (120.0, 50.0, "2.4x"), (0.0, 9.0, ""), (9.0, 0.0, "")],
)
def test_a_ratio_is_said_as_people_say_it(ours: float, theirs: float, said: str) -> None:
    assert ratio(ours, theirs) == said


def test_a_figure_has_the_digits_that_mean_something() -> None:
    assert [shown(8.44, "%"), shown(88.4, "ms"), shown(0.0, ""), shown(None, "ms")] == [
        "8.4 %",
        "88 ms",
        "0",
        "-",
    ]


def test_a_cell_tells_the_median_the_range_and_what_never_ended() -> None:
    column = Column("outage")
    assert cell([3.0, 1.0, 2.0], column) == "2 ms (1 - 3)"
    assert cell([1.0, None], column) == "1 ms, 1 of 2 never"
    assert cell([None], column) == "never"
    assert cell([], column) == "-"


def test_a_table_names_the_machine_and_the_trials() -> None:
    drawn = table("What was seen", {"a case": {"outage": [1.0, 2.0]}}, [Column("outage")], "a machine")
    assert drawn.startswith("What was seen, on a machine. Medians (and ranges) of 2 trials.")
    assert "| a case | 2 ms (1 - 2) |" in drawn


@pytest.mark.parametrize(
    ("last_mb", "last_files", "flat"), [(80.0, 20, True), (90.0, 20, False), (80.0, 40, False)]
)
def test_a_soak_tells_what_grows(last_mb: float, last_files: float, flat: bool) -> None:
    row = {
        "memory, middle third": [80.0],
        "memory, last third": [last_mb],
        "files, middle third": [20.0],
        "files, last third": [last_files],
    }
    assert load.is_flat(row) is flat
