"""A replica whose source died along with the primary, and which holds the primary's data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.actions import Facts
from promotion.candidates import Policy, Ranking
from promotion.current_ranking import rank_now
from promotion.view import NodeView

GONE = NodeView(
    "a:1", "a", 1, reachable=False, down=True, role="master", keys=9, replid="h1", offset_bytes=120
)
MIDDLE = NodeView("b:1", "b", 1, reachable=False, down=True, role="slave", follows="a:1", keys=9, replid="h1")
LAST = NodeView(
    "c:1",
    "c",
    1,
    run_id="c",
    role="slave",
    follows="b:1",
    keys=9,
    offset_bytes=118,
    replid="h1",
    link_down_s=3.0,
)
DOWN = Facts(
    primary="a:1",
    settled=True,
    intent=None,
    down=True,
    cause="refused",
    gone_by_all=True,
    silence_s=3.0,
    earlier=(),
    nodes=("a:1", "b:1", "c:1"),
    down_nodes=frozenset({"a:1", "b:1"}),
    history="h1",
)
POLICY = Policy(max_link_down_s=10.0, max_age_s=60.0)


def ranked(*views: NodeView, facts: Facts = DOWN) -> Ranking:
    return rank_now(POLICY, views, facts)


def test_the_last_of_a_chain_whose_others_are_gone_is_promoted_and_the_reason_told() -> None:
    ranking = ranked(GONE, MIDDLE, LAST)
    assert (ranking.chosen, ranking.decided) == ("c:1", False)
    assert ranking.may_have_lost == "at least 2 bytes that a:1 was seen to have written"
    first = ranking.verdicts[0]
    assert (first.node, first.eligible, first.rank) == ("c:1", True, 1)
    assert first.reason == (
        "not a replica of a:1, but a last resort: it followed b:1, and holds the history of a:1"
    )


def test_who_follows_the_primary_goes_before_it() -> None:
    assert ranked(
        GONE, replace(MIDDLE, name="d:1", reachable=True, down=False, offset_bytes=1), LAST
    ).chosen == ("c:1"), "never linked since it started"
    linked = replace(MIDDLE, name="d:1", reachable=True, down=False, offset_bytes=1, link_down_s=3.0)
    assert ranked(GONE, linked, LAST).chosen == "d:1"


def test_who_follows_the_primary_of_before_is_promoted_and_what_it_lacks_is_told() -> None:
    """B replaced A, and died before C could be told to follow it."""
    second = replace(GONE, name="b:1", host="b", replid="h2", replid2="h1", second_offset=119)
    ranking = ranked(second, replace(LAST, follows="a:1"), facts=replace(DOWN, primary="b:1", history="h2"))
    assert ranking.chosen == "c:1"
    assert ranking.may_have_lost == "all that b:1 wrote in its history h2, which c:1 does not hold"


@pytest.mark.parametrize(
    "changes",
    [
        {"replid": "h9"},
        {"keys": 0},
        {"priority": 0},
        {"reachable": False},
        {"down": True},
        {"loading": True},
        {"barred": "discovered, not configured"},
        {"hands_off": "group other has this server too"},
        {"link_down_s": None},
        {"link_down_s": 14.0},
        {"offset_bytes": None},
        {"link_up": True, "follows": "x:1"},
    ],
    ids=",".join,
)
def test_who_need_not_hold_the_newest_data_is_not_promoted(changes: dict[str, object]) -> None:
    assert ranked(GONE, MIDDLE, replace(LAST, **changes)).chosen is None  # type: ignore[arg-type]


def test_a_link_to_a_replica_of_the_group_is_no_objection() -> None:
    never = replace(MIDDLE, reachable=True, down=False, priority=0, offset_bytes=120, link_down_s=3.0)
    assert ranked(GONE, never, replace(LAST, link_up=True, link_down_s=None)).chosen == "c:1"
    serving = replace(never, role="master")
    assert ranked(GONE, serving, replace(LAST, link_up=True, link_down_s=None)).chosen is None


def test_of_several_the_newest_history_counts_before_the_priority_and_that_before_the_offset() -> None:
    former = replace(LAST, name="d:1", replid="h0", priority=1, offset_bytes=500)
    primary = replace(GONE, replid2="h0", second_offset=100)
    assert ranked(primary, MIDDLE, former, LAST).chosen == "c:1"
    preferred = replace(LAST, name="d:1", priority=1, offset_bytes=1)
    assert ranked(GONE, MIDDLE, LAST, preferred).chosen == "d:1"
    assert ranked(GONE, MIDDLE, LAST, replace(LAST, name="d:1", offset_bytes=119)).chosen == "d:1"


def test_while_the_primary_is_there_nobody_is_taken() -> None:
    up = replace(DOWN, down=False, cause="", gone_by_all=False)
    assert ranked(replace(GONE, reachable=True, down=False), MIDDLE, LAST, facts=up).chosen is None


def test_a_master_that_somebody_made_by_hand_goes_first() -> None:
    heir = NodeView("d:1", "d", 1, role="master", keys=9, replid="h3", replid2="h1", second_offset=119)
    assert ranked(GONE, MIDDLE, LAST, heir).chosen == "d:1"
