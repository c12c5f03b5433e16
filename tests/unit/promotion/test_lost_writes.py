"""How many bytes an old primary took that the new one does not have, as its return shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.lost_writes import bytes_possibly_lost
from promotion.step_types import Demoted
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
