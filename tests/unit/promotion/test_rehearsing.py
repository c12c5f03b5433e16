"""A switchover's rehearsal finds what a node would refuse, and changes nothing."""

from __future__ import annotations

import pytest

from promotion.step_types import (
    Rehearse,
)
from tests.unit.promotion.scripted_node import (
    NOPERM,
    UNKNOWN,
)
from tests.unit.promotion.step_cases import (
    fails,
    node_for,
    primary,
    replica,
)

# -- rehearsing --------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [Rehearse("n:1", "primary"), Rehearse("n:1", "replica")])
@pytest.mark.parametrize("refuses", [{}, {"DISCARD": NOPERM}])
def test_a_rehearsal_does_nothing(step: Rehearse, refuses: dict[str, str]) -> None:
    node = node_for(step, refuses=refuses)
    before = (node.follows, node.fence)
    node.take(step)
    assert (node.ran, node.follows, node.fence) == ([], *before)


@pytest.mark.parametrize(
    ("step", "start"),
    [
        (Rehearse("n:1", "primary"), "REPLICAOF NO ONE"),
        (Rehearse("n:1", "primary"), "SET fence"),
        (Rehearse("n:1", "replica"), "REPLICAOF NO ONE"),
        (Rehearse("n:1", "replica"), "CLIENT UNPAUSE"),
    ],
)
@pytest.mark.parametrize("error", [NOPERM, UNKNOWN])
def test_what_a_switchover_needs_and_a_node_refuses_is_found_out(
    step: Rehearse, start: str, error: str
) -> None:
    refused = start if start.startswith("CLIENT") else start.split(" ", maxsplit=1)[0]
    node = node_for(step, refuses={refused: error, "SLAVEOF": error})
    assert fails(node, step).startswith(start)


@pytest.mark.parametrize("refused", ["EVAL", "CONFIG", "CLIENT", "FAILOVER"])
def test_a_target_that_lacks_what_there_is_another_way_for_passes(refused: str) -> None:
    replica(refuses={refused: UNKNOWN}).take(Rehearse("n:1", "primary"))


def test_a_primary_that_may_not_be_paused_must_be_able_to_hand_over_by_itself() -> None:
    step = Rehearse("n:1", "replica")
    primary(refuses={"CLIENT": UNKNOWN}).take(step)
    assert fails(primary(refuses={"CLIENT": UNKNOWN, "FAILOVER": NOPERM}), step).startswith("FAILOVER ABORT")


def test_a_target_that_would_refuse_all_writes_is_found_out() -> None:
    node = replica(snapshot_failed=True)
    assert "would refuse all writes (MISCONF)" in fails(node, Rehearse("n:1", "primary"))
    node.settings["stop-writes-on-bgsave-error"] = "no"
    node.take(Rehearse("n:1", "primary"))


def test_a_snapshot_that_failed_where_none_are_configured_refuses_nothing() -> None:
    """By hand, or for a replica: Redis takes the writes then."""
    node = replica(snapshot_failed=True)
    node.settings["save"] = ""
    node.take(Rehearse("n:1", "primary"))
