"""How the outcome of a situation is judged: by what is seen, and not by whose it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.wild.situation import Wants
from tests.wild.verdict import Seen, judge

SEEN = Seen(
    before="A",
    named=["B"],
    masters=["B"],
    writes=True,
    outage_s=0.1,
    written=300,
    lost=0,
    seeded=500,
    seeds_lost=0,
    told=None,
    loss_told=False,
    remarks=[],
)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (SEEN, ["B at once", "nothing lost"]),
        (replace(SEEN, outage_s=2.34), ["B after 2.3 s", "nothing lost"]),
        (replace(SEEN, lost=3), ["B at once", "3 of 300 writes lost"]),
        (replace(SEEN, told=True), ["B at once", "nothing lost", "told"]),
        (replace(SEEN, remarks=["C follows"]), ["B at once", "nothing lost", "C follows"]),
    ],
)
def test_what_is_well_is_said(seen: Seen, words: list[str]) -> None:
    verdict = judge(Wants(spare=5), seen)
    assert verdict.words == words
    assert not verdict.faults


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        (replace(SEEN, named=["A", "B"]), "the sentinels name A, B"),
        (replace(SEEN, masters=[]), "nobody is primary"),
        (replace(SEEN, named=["A"]), "A is named, and is none"),
        (replace(SEEN, writes=False), "B is primary, and writes fail"),
        (replace(SEEN, before="B"), "B stays"),
        (replace(SEEN, masters=["A", "B"]), "2 masters: A, B"),
        (replace(SEEN, lost=6), "6 of 300 writes lost"),
        (replace(SEEN, seeds_lost=500), "500 of 500 keys lost"),
        (replace(SEEN, told=False), "not told"),
        (replace(SEEN, remarks=["!a stranger is primary"]), "a stranger is primary"),
    ],
)
def test_what_nobody_deserved_is_a_fault_that_is_said(seen: Seen, fault: str) -> None:
    verdict = judge(Wants(spare=5), seen)
    assert verdict.faults == [fault]
    assert fault in verdict.words


def test_a_change_of_primary_that_nobody_needed_is_a_fault() -> None:
    assert judge(Wants(primary="same"), SEEN).faults == ["B at once"]
    assert judge(Wants(primary="any"), SEEN).faults == []


def test_where_nothing_can_be_promoted_it_is_enough_to_be_told() -> None:
    wants = Wants(or_told=True, tell=("A",))
    nobody = replace(SEEN, masters=[], told=True)
    assert not judge(wants, nobody).faults
    assert judge(wants, replace(nobody, told=False)).faults == ["nobody is primary", "not told"]


def test_data_that_nobody_promised_to_keep_is_not_looked_at() -> None:
    assert judge(Wants(spare=None), replace(SEEN, seeds_lost=500)).words == ["B at once"]


def test_a_loss_that_nothing_could_prevent_must_be_told() -> None:
    wants, lossy = Wants(spare=5, loss_told=True), replace(SEEN, lost=200)
    assert judge(wants, lossy).faults == ["200 of 300 writes lost"]
    told = judge(wants, replace(lossy, loss_told=True))
    assert told.words == ["B at once", "200 of 300 writes lost, and told"] and not told.faults
    assert judge(Wants(spare=5), replace(lossy, loss_told=True)).faults, "where it could be prevented"
