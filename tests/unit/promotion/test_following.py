"""No node gets an order to follow itself, and an address counts in any spelling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.conversation import StepFailedError
from promotion.plan import Plan, reconcile
from promotion.step_types import Known, Repoint, Seal
from promotion.switchover import objection
from promotion.view import NodeView
from tests.unit.promotion.scripted_node import ScriptedNode

PRIMARY = NodeView("p:1", "p", 1, role="master", run_id="run-p", keys=9)
STRAY = NodeView("10.0.0.1:1", "10.0.0.1", 1, role="master", run_id="run-p", keys=9)
STEP = Repoint("c:1", "redis-01", 6379, "repoint", primary_run_id="run-p")


def plan(*others: NodeView) -> Plan:
    return reconcile("p:1", (PRIMARY, *others), parallel_syncs=1)


def test_a_primary_under_another_name_is_not_made_to_follow_itself() -> None:
    assert plan(STRAY) == Plan()


def test_nor_one_that_is_reached_by_the_primarys_own_address() -> None:
    assert plan(NodeView("other:1", "P.", 1, role="master", run_id="", keys=9)) == Plan()


def test_another_server_is_demoted_as_ever_and_the_step_knows_the_primary() -> None:
    (step,) = plan(NodeView("c:1", "c", 1, role="master", run_id="run-c", keys=9)).steps
    assert step == Repoint("c:1", "p", 1, "demote") and step.primary_run_id == "run-p"


def test_nothing_is_planned_for_a_node_that_need_not_be_the_groups_own() -> None:
    mine = NodeView("c:1", "c", 1, role="master", run_id="run-c", keys=9, hands_off="contested")
    assert plan(mine) == Plan()


def test_the_step_itself_is_not_taken_at_the_primary() -> None:
    node = ScriptedNode(("a", 1), run_id="run-p")
    with pytest.raises(StepFailedError, match="is the very server that redis-01:6379 leads to"):
        node.take(STEP)
    assert node.ran == []


@pytest.mark.parametrize("refuses", [{}, {"INFO": "NOPERM no INFO for you"}])
def test_it_is_taken_at_any_other_and_where_that_may_not_be_asked(refuses: dict[str, str]) -> None:
    node = ScriptedNode(("a", 1), refuses=refuses)
    node.take(STEP)
    assert node.follows == ("redis-01", 6379)


@pytest.mark.parametrize("spelled", ["REDIS-01", "redis-01.", "Redis-01"])
def test_redis_may_keep_an_older_spelling_of_the_same_address(spelled: str) -> None:
    """It answers "already connected" then, and has carried out the order."""
    ScriptedNode(("a", 1), spells={"redis-01": spelled}).take(STEP)


def test_there_is_no_switchover_to_the_primary_itself_nor_from_one_that_is_not_ours() -> None:
    twin = NodeView("10.0.0.1:1", "10.0.0.1", 1, role="slave", run_id="run-p", follows="p:1", link_up=True)
    assert objection("p:1", twin.name, (PRIMARY, twin)) == (
        "10.0.0.1:1 is the same server as p:1, under another name"
    )
    contested = NodeView("p:1", "p", 1, role="master", hands_off="it is in two groups")
    other = NodeView("c:1", "c", 1, role="slave", follows="p:1", link_up=True)
    assert objection("p:1", "c:1", (contested, other)) == "p:1: it is in two groups"


def test_a_replica_whose_link_is_down_is_told_the_spelling_that_works_elsewhere() -> None:
    """It cannot resolve ``p.``, say."""
    lost = NodeView("c:1", "c", 1, role="slave", follows="p:1", follows_host="p.", run_id="run-c", keys=9)
    assert plan(lost).steps == (Repoint("c:1", "p", 1, "repoint"),)
    assert plan(replace(lost, link_up=True)).steps == () == plan(replace(lost, sync_in_progress=True)).steps
    assert plan(replace(lost, follows_host="P")).steps == (), "which Redis takes for the same"


KNOWN = Known("run-n", "slave", "h1")


@pytest.mark.parametrize("step", [Repoint("n:1", "b", 1, "repoint", known=KNOWN), Seal("n:1", KNOWN)])
@pytest.mark.parametrize(
    "found",
    [
        ScriptedNode(("a", 1), run_id="run-x"),
        ScriptedNode(("a", 1), replid="h2"),
        ScriptedNode(("a", 1), refuses={"INFO": "NOPERM no INFO for you"}),
    ],
)
def test_a_discovered_node_is_left_alone_if_it_is_not_what_was_seen(
    step: Repoint | Seal, found: ScriptedNode
) -> None:
    with pytest.raises(StepFailedError, match=r"is not what was seen there|NOPERM"):
        found.take(step)
    assert found.ran == []


def test_a_discovered_node_is_re_pointed_if_it_is_what_was_seen() -> None:
    node = ScriptedNode(("a", 1))
    node.take(Repoint("n:1", "b", 1, "repoint", known=KNOWN))
    assert node.follows == ("b", 1)
