"""The replica that may be promoted has every write that WAIT acknowledged: all cases of a small world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from promotion.durability import behind_newest, coverage
from promotion.view import SEALED, NodeView

LOST = None
"""A replica that died with the primary, or cannot be reached."""
PRIMARY = NodeView("p:1", "p", 1, role="master", keys=9, replid="h1", reachable=False, down=True)
SIZES = [*product((1, 2, 3), (1, 2, 3)), (4, 2)]
CUT_OFF = NodeView(
    "r:1", "r", 1, role="slave", follows=SEALED, keys=9, replid="h1", link_down_s=1.0, offset_bytes=0
)


def promotable(seen: tuple[int | None, ...], acknowledged_by: int) -> list[int]:
    """The offsets of those that may be promoted; none if it is refused."""
    replicas = [
        replace(CUT_OFF, name=f"r{at}:1", offset_bytes=offset, reachable=offset is not LOST)
        for at, offset in enumerate(seen)
    ]
    views = [PRIMARY, *replicas]
    counted = coverage("p:1", views, acknowledged_by, sealed_only=True)
    if counted.refusal(acknowledged_by) is not None:
        return []
    barred = behind_newest(counted.seen, views)
    return [view.offset_bytes or 0 for view in replicas if view.name not in barred]


def worlds(replicas: int) -> Iterator[tuple[tuple[int, ...], tuple[bool, ...]]]:
    """The data of each replica, up to two bytes, and whether it was lost."""
    yield from product(product(range(3), repeat=replicas), product((False, True), repeat=replicas))


@pytest.mark.parametrize(("replicas", "acknowledged_by"), SIZES)
def test_a_write_that_enough_replicas_have_is_never_lost(replicas: int, acknowledged_by: int) -> None:
    promoted = 0
    for held, lost in worlds(replicas):
        # The newest write that WAIT has acknowledged ends where so many replicas are, at least.
        acknowledged = sorted(held, reverse=True)[acknowledged_by - 1] if acknowledged_by <= replicas else 0
        seen = tuple(LOST if gone else offset for offset, gone in zip(held, lost, strict=True))
        for offset in promotable(seen, acknowledged_by):
            promoted += 1
            assert offset >= acknowledged, f"{held} of which {lost} were lost"
    assert promoted, "a rule that refuses always would hold as well"


@pytest.mark.parametrize(("replicas", "acknowledged_by"), SIZES)
def test_fewer_lost_than_the_documented_number_are_no_reason_to_refuse(
    replicas: int, acknowledged_by: int
) -> None:
    """One less than this number may fail along with the primary, as long as one is left."""
    for held, lost in worlds(replicas):
        seen = tuple(LOST if gone else offset for offset, gone in zip(held, lost, strict=True))
        may_fail = min(acknowledged_by, replicas) - 1
        assert bool(promotable(seen, acknowledged_by)) is (sum(lost) <= may_fail)
