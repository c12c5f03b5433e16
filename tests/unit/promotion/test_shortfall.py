"""The notice about a new primary that lacks writes which were seen at the dead one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.actions import Facts
from promotion.candidates import Policy
from promotion.current_ranking import rank_now
from promotion.planned_promotion import plan_promotion
from promotion.view import NodeView

GONE = NodeView(
    "a:1", "a", 1, reachable=False, down=True, role="master", keys=9, replid="h", offset_bytes=900
)
LATE = NodeView(
    "b:1", "b", 1, role="slave", follows="a:1", keys=9, replid="h", offset_bytes=500, link_down_s=1.0
)
DOWN = Facts(
    primary="a:1",
    settled=True,
    intent=None,
    down=True,
    cause="refused",
    gone_by_all=True,
    silence_s=1.0,
    earlier=(),
    nodes=("a:1", "b:1", "c:1"),
    down_nodes=frozenset({"a:1"}),
    history="h",
)
POLICY = Policy(max_link_down_s=10.0, max_age_s=60.0)


def lost(*views: NodeView, facts: Facts = DOWN) -> str | None:
    ranking = rank_now(POLICY, views, facts)
    assert ranking.chosen == "b:1"
    return ranking.may_have_lost


def test_one_that_was_loading_an_older_copy_is_told_to_lack_what_the_primary_was_seen_to_write() -> None:
    assert lost(GONE, LATE) == "at least 400 bytes that a:1 was seen to have written"


def test_and_for_how_long_where_that_is_known() -> None:
    facts = replace(DOWN, missed_s={"b:1": 9.84, "c:1": 3.0})
    assert (
        lost(GONE, LATE, facts=facts) == "at least 400 bytes that a:1 was seen to have written, within 9.8 s"
    )


@pytest.mark.parametrize("offset_bytes", [900, 950])
def test_one_that_has_all_that_was_seen_lacks_nothing_that_is_known(offset_bytes: int) -> None:
    assert lost(GONE, replace(LATE, offset_bytes=offset_bytes)) is None


def test_what_another_holds_counts_as_well() -> None:
    """It may not be promoted, so these writes are lost."""
    more = replace(LATE, name="c:1", host="c", offset_bytes=1000, priority=0)
    assert lost(GONE, LATE, more) == "at least 500 bytes that c:1 holds"


def test_nothing_is_told_while_the_primary_is_there() -> None:
    """Each was seen at another moment: the two numbers would differ at any time."""
    assert lost(replace(GONE, reachable=True, down=False), LATE, facts=replace(DOWN, down=False)) is None


def test_whoever_goes_on_with_the_intent_of_a_dead_leader_tells_it_too() -> None:
    """The target is promoted already: what it had of the history is where it left it."""
    made = replace(
        LATE, role="master", follows=None, replid="own", replid2="h", second_offset=501, offset_bytes=520
    )
    found = plan_promotion("b:1", "refused", None, [GONE, made], DOWN, None)
    assert found.may_have_lost == "at least 400 bytes that a:1 was seen to have written"
