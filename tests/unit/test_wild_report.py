"""The table of situations: what is bold, what is merged, and that every system met every situation."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.wild import report
from tests.wild.outcome import Outcome
from tests.wild.stories import SITUATIONS
from tests.wild.trial import SYSTEMS

FINE = Outcome(
    situation="crash",
    system="vedette",
    named=["B"],
    masters=["B"],
    outage_s=0.1,
    written=300,
    lost=0,
    seeded=500,
    seeds_lost=0,
    words=["B at once", "nothing lost"],
    faults=[],
    says=[],
)
LOST = replace(FINE, system="redis-sentinel", words=["B at once", "7 of 300 writes lost"])


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "machine", lambda: "a machine")


def test_what_a_user_did_not_deserve_is_bold() -> None:
    assert report.cell(FINE) == "B at once; nothing lost"
    assert report.cell(replace(LOST, faults=LOST.words[1:])) == "B at once; **7 of 300 writes lost**"


def test_a_part_that_is_run_anew_replaces_its_part(tmp_path: Path) -> None:
    report.merge([FINE, LOST], tmp_path)
    report.merge([replace(FINE, words=["C at once"])], tmp_path)
    table = (tmp_path / "wild.md").read_text()
    assert "| 7 of 300 writes lost" in table.replace("B at once; ", "| ")
    assert "C at once" in table
    assert "B at once; nothing lost" not in table


def test_situations_that_are_no_more_are_dropped(tmp_path: Path) -> None:
    report.merge([FINE, replace(FINE, situation="of-old")], tmp_path)
    stored = json.loads((tmp_path / "wild.json").read_text())["outcomes"]
    assert [outcome["situation"] for outcome in stored] == ["crash"]


def test_every_situation_says_what_happens() -> None:
    assert all(situation.title for situation in SITUATIONS.values())
    titles = [situation.title for situation in SITUATIONS.values() if "same" not in situation.title]
    assert len(set(titles)) == len(titles)


def test_every_system_met_every_situation() -> None:
    stored = json.loads((report.RESULTS / "wild.json").read_text())["outcomes"]
    met = {(outcome["situation"], outcome["system"]) for outcome in stored}
    assert met == {(name, system) for name in SITUATIONS for system in SYSTEMS}, "run `make wild`"
    assert len(SITUATIONS) >= 40
