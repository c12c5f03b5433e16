"""The number of bytes that only the old primary has, as its return shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion import events
from promotion.actions import Facts, Note
from promotion.lost_writes import bytes_possibly_lost, shared_bytes, thrown_away
from promotion.plan import reconcile
from promotion.reconciling import notes_of
from promotion.step_types import Demoted, Repoint
from promotion.view import NodeView

NEW = NodeView("b:1", "b", 1, role="master", replid="h2", replid2="h1", second_offset=101)
"""It had all up to offset 100 of the history ``h1``."""


@pytest.mark.parametrize(("offset_bytes", "lost"), [(100, 0), (101, 1), (1100, 1000), (40, 0)])
def test_what_came_after_the_shared_part_was_lost(offset_bytes: int, lost: int) -> None:
    assert bytes_possibly_lost(Demoted("h1", offset_bytes), NEW) == lost


@pytest.mark.parametrize(
    ("demoted", "promoted"),
    [
        (Demoted("h9", 500), NEW),
        (Demoted("h2", 500), NEW),
        (Demoted("h1", 500), replace(NEW, replid2=None)),
        (Demoted("h1", 500), replace(NEW, second_offset=None)),
    ],
    ids=["restarted", "already-of-the-new-history", "nothing-remembered", "no-second-offset"],
)
def test_histories_that_cannot_be_compared_give_no_number(demoted: Demoted, promoted: NodeView) -> None:
    assert bytes_possibly_lost(demoted, promoted) is None


PRIMARY = NodeView("a:1", "a", 1, role="master", keys=9, replid="h1", offset_bytes=400)
BY_HAND = NodeView(
    "b:1", "b", 1, role="master", keys=9, replid="h2", replid2="h1", second_offset=101, offset_bytes=350
)
"""It was a replica of the primary up to offset 100."""


@pytest.mark.parametrize(
    ("changes", "shared"),
    [
        ({}, 100),
        ({"second_offset": 451}, 400),
        ({"replid2": "h9"}, 100),
        ({"replid2": None}, None),
        ({"replid": "h1", "replid2": None}, 400),
    ],
    ids=["left-it", "had-more-of-it", "since-it-left-another", "no-history-before", "in-it-still"],
)
def test_how_far_a_master_has_what_the_primary_has(changes: dict[str, object], shared: int | None) -> None:
    assert shared_bytes(replace(BY_HAND, **changes), PRIMARY) == shared  # type: ignore[arg-type]


def test_what_a_master_by_hand_has_taken_alone_is_told_when_it_is_demoted() -> None:
    [step] = reconcile("a:1", [PRIMARY, BY_HAND], parallel_syncs=1).steps
    facts = Facts("a:1", True, None, False, "", False, 0.0, (), ("a:1", "b:1"), frozenset())
    [note] = notes_of(step, facts, Demoted("h2", 390))
    lost = "at most 290 bytes of writes that b:1 alone had taken"
    assert note == Note(events.Demoted("b:1", "a:1", lost))
    [measured] = notes_of(step, replace(facts, previous="b:1", loss_known=False), Demoted("h2", 390))
    assert measured == Note(events.Demoted("b:1", "a:1")), "the loss is agreed on, and told then"


@pytest.mark.parametrize("result", [None, Demoted("h2", 100)])
def test_nothing_is_told_to_be_lost_that_is_not_known_to_be(result: Demoted | None) -> None:
    step = Repoint("b:1", "a", 1, "demote", shared_bytes=100)
    assert thrown_away(step, result) is None
    assert thrown_away(replace(step, shared_bytes=None), Demoted("h2", 500)) is None
