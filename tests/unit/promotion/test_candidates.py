"""The replica that is promoted, and the reasons given for the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.candidates import REACH_BYTES, Policy, Ranking, rank
from promotion.view import NodeView

PRIMARY = "p:1"
POLICY = Policy(max_link_down_s=10.0, max_age_s=5.0, max_lag_bytes=None)
DEAD = NodeView(PRIMARY, "p", 1, reachable=False, down=True, role="master", keys=9)


def replica(name: str, **changes: object) -> NodeView:
    view = NodeView(
        f"{name}:1",
        name,
        1,
        run_id=name,
        role="slave",
        keys=3,
        offset_bytes=100,
        follows=PRIMARY,
        link_down_s=2.0,
    )
    return replace(view, **changes)  # type: ignore[arg-type]


def reasons(ranking: Ranking) -> dict[str, str]:
    return {verdict.node: verdict.reason for verdict in ranking.verdicts}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"role": ""}, "has not answered yet"),
        ({"down": True}, "subjectively down"),
        ({"reachable": False}, "did not answer INFO when it was asked"),
        ({"age_s": 12.1}, "last seen 12.1 s ago"),
        ({"loading": True}, "loading its data set"),
        ({"barred": "discovered, not configured"}, "discovered, not configured"),
        ({"role": "master", "follows": None}, "is a master"),
        ({"follows": "other:1"}, "does not replicate from p:1 but from other:1"),
        ({"priority": 0}, "priority 0: never to be promoted"),
        ({"sync_in_progress": True, "keys": 0}, "in its first full sync, holds no data yet"),
        ({"offset_bytes": None, "keys": 0}, "its replication offset is not known"),
        ({"link_down_s": None}, "was never connected to the primary since it started"),
        ({"link_down_s": 73}, "its link to the primary has been down for 73 s, more than 10.0 s"),
        ({"offset_bytes": 49}, "lags 51 bytes behind, more than 50"),
    ],
)
def test_each_filter_rejects_and_says_why(changes: dict[str, object], reason: str) -> None:
    policy = replace(POLICY, max_lag_bytes=50)
    good, bad = replica("good"), replica("bad", **changes)
    ranking = rank(PRIMARY, [DEAD, bad, good], policy)
    assert ranking.chosen == good.name
    assert reasons(ranking)[bad.name] == reason
    alone = rank(PRIMARY, [replace(DEAD, offset_bytes=100), bad], policy)
    assert alone.chosen is None
    assert reasons(alone) == {bad.name: reason}


@pytest.mark.parametrize(
    "changes",
    [
        {"link_down_s": 10.0},
        {"link_up": True, "link_down_s": None},
        {"age_s": 5.0},
        {"sync_in_progress": True},
        {"keys": 0},
        {"offset_bytes": 0},
    ],
    ids=",".join,
)
def test_what_is_just_good_enough_is_eligible(changes: dict[str, object]) -> None:
    view = replica("r", **changes)
    assert rank(PRIMARY, [DEAD, view], POLICY).chosen == view.name


def test_a_replica_that_still_holds_its_data_saves_it_from_a_wiped_primary() -> None:
    """One has already synchronised with the empty primary and is up to date; the other is about to."""
    emptied = replica("emptied", keys=0, offset_bytes=500, link_up=True)
    holder = replica("holder", keys=7, offset_bytes=90, sync_in_progress=True)
    ranking = rank(PRIMARY, [emptied, holder], POLICY)
    assert ranking.chosen == holder.name
    assert reasons(ranking)[emptied.name] == "holds no data, while another replica does"


def test_an_empty_group_still_fails_over() -> None:
    empty = [replica("a", keys=0), replica("b", keys=0, offset_bytes=120)]
    assert rank(PRIMARY, empty, POLICY).chosen == "b:1"


def test_priority_then_offset_then_zone_then_run_id() -> None:
    low = replica("low", priority=10, offset_bytes=60)
    newest = replica("newest", offset_bytes=200)
    near = replica("near", zone="east", run_id="z")
    far = replica("far", run_id="a")
    last = replica("last", run_id="b")
    ranking = rank(PRIMARY, [last, far, near, newest, low, DEAD], POLICY, zone="east")
    assert [verdict.node for verdict in ranking.verdicts] == [v.name for v in (low, newest, near, far, last)]
    assert [verdict.rank for verdict in ranking.verdicts] == [1, 2, 3, 4, 5]
    assert reasons(ranking) == {
        "low:1": "the best candidate",
        "newest:1": "priority 100, low:1 has 10",
        "near:1": "priority 100, low:1 has 10",
        "far:1": "priority 100, low:1 has 10",
        "last:1": "priority 100, low:1 has 10",
    }


def test_a_priority_does_not_reach_over_a_long_lag() -> None:
    """Clients that wait for a replica's acknowledgement must not lose writes to a configured number."""
    newest = replica("newest", offset_bytes=2 * REACH_BYTES)
    preferred = replica("preferred", priority=1, offset_bytes=REACH_BYTES)
    assert rank(PRIMARY, [newest, preferred, DEAD], POLICY).chosen == "preferred:1"
    preferred = replace(preferred, offset_bytes=REACH_BYTES - 1)
    ranking = rank(PRIMARY, [newest, preferred, DEAD], POLICY)
    assert ranking.chosen == "newest:1"
    behind = f"offset is {REACH_BYTES + 1} bytes behind newest:1, too far for a priority to count"
    assert reasons(ranking)["preferred:1"] == behind


def test_why_the_second_is_not_the_first() -> None:
    best = replica("best", zone="east", run_id="a")

    def why(**changes: object) -> str:
        other = replica("other", **{"zone": "east", "run_id": "b", **changes})
        ranking = rank(PRIMARY, [best, other], POLICY, zone="east")
        assert ranking.chosen == best.name
        return reasons(ranking)[other.name]

    assert why(offset_bytes=65) == "offset is 35 bytes behind best:1"
    assert why(zone="west", run_id="0") == "not in zone east, as best:1 is"
    assert why() == "equal to best:1 but for the run id"


def test_the_zone_never_outweighs_data() -> None:
    near, newer = replica("near", zone="east"), replica("newer", offset_bytes=101)
    assert rank(PRIMARY, [near, newer], POLICY, zone="east").chosen == newer.name


def test_the_lag_is_measured_against_the_newest_offset_known() -> None:
    views = [replica("a", offset_bytes=70), replica("b", offset_bytes=90)]
    by_replicas = rank(PRIMARY, views, POLICY)
    assert [verdict.lag_bytes for verdict in by_replicas.verdicts] == [0, 20]
    views.append(replace(DEAD, offset_bytes=100))
    by_primary = rank(PRIMARY, views, POLICY)
    assert [verdict.lag_bytes for verdict in by_primary.verdicts] == [10, 30]
    limited = rank(PRIMARY, views, replace(POLICY, max_lag_bytes=9))
    assert limited.chosen is None


def test_an_offset_of_another_history_is_no_reference() -> None:
    stranger = replica("stranger", follows="other:1", offset_bytes=10**9)
    ranking = rank(PRIMARY, [replica("a"), stranger], replace(POLICY, max_lag_bytes=0))
    assert ranking.chosen == "a:1"


def test_only_the_requested_one_may_be_chosen() -> None:
    views = [replica("a", offset_bytes=200), replica("b"), replica("c", priority=0)]
    asked = rank(PRIMARY, views, POLICY, requested="b:1")
    assert asked.chosen == "b:1"
    assert reasons(asked)["a:1"] == "not the requested candidate b:1"
    assert reasons(asked)["c:1"] == "priority 0: never to be promoted"
    assert rank(PRIMARY, views, POLICY, requested="c:1").chosen is None
    assert rank(PRIMARY, views, POLICY, requested="unheard-of:1").chosen is None


def test_a_node_to_avoid_is_passed_over_with_its_reason() -> None:
    views = [replica("a", offset_bytes=200), replica("b")]
    ranking = rank(PRIMARY, views, POLICY, avoid={"a:1": "NOPERM"})
    assert ranking.chosen == "b:1"
    assert reasons(ranking)["a:1"] == "its promotion failed a moment ago: NOPERM"


def test_without_nodes_there_is_nothing_to_choose() -> None:
    assert rank(PRIMARY, [DEAD], POLICY) == Ranking((), None)


VIEWS = st.builds(
    replica,
    name=st.uuids().map(lambda u: u.hex[:8]),
    reachable=st.booleans(),
    down=st.booleans(),
    age_s=st.floats(0, 8),
    role=st.sampled_from(["slave", "slave", "slave", "master", ""]),
    keys=st.sampled_from([0, 1, 5]),
    offset_bytes=st.none() | st.integers(0, 300),
    follows=st.sampled_from([PRIMARY, PRIMARY, PRIMARY, "other:1", None]),
    link_up=st.booleans(),
    link_down_s=st.none() | st.floats(0, 15),
    sync_in_progress=st.booleans(),
    loading=st.booleans(),
    priority=st.sampled_from([0, 1, 100]),
    zone=st.sampled_from([None, "east"]),
)


@given(views=st.lists(VIEWS, max_size=6, unique_by=lambda v: v.name))
def test_the_chosen_one_is_good_and_nobody_better_was_passed_over(views: list[NodeView]) -> None:
    policy = replace(POLICY, max_lag_bytes=150)
    ranking = rank(PRIMARY, [*views, DEAD], policy, zone="east")

    def fit(view: NodeView) -> bool:
        link_down_s = 0.0 if view.link_up else view.link_down_s
        return (
            view.reachable
            and not view.down
            and not view.loading
            and view.age_s <= 5.0
            and view.role == "slave"
            and view.follows == PRIMARY
            and view.priority > 0
            and link_down_s is not None
            and link_down_s <= 10.0
        )

    chosen = next((view for view in views if view.name == ranking.chosen), None)
    if chosen is not None:
        assert fit(chosen)
        eligible = [view for view in views if _eligible(ranking, view)]
        assert chosen.keys or not any(view.keys for view in eligible)
        best = min((view.priority, -(view.offset_bytes or 0)) for view in eligible)
        assert (chosen.priority, -(chosen.offset_bytes or 0)) == best
    assert {verdict.node for verdict in ranking.verdicts} == {view.name for view in views}
    assert all(verdict.reason for verdict in ranking.verdicts)
    assert rank(PRIMARY, [DEAD, *reversed(views)], policy, zone="east") == ranking


def _eligible(ranking: Ranking, view: NodeView) -> bool:
    return next(verdict.eligible for verdict in ranking.verdicts if verdict.node == view.name)


def test_why_nobody_is_chosen_is_told_of_the_node_that_was_asked_for() -> None:
    ranking = rank(PRIMARY, [DEAD, replica("a"), replica("b", reachable=False)], POLICY, requested="b:1")
    assert ranking.chosen is None
    assert ranking.why_nobody("b:1") == "b:1: did not answer INFO when it was asked"
    assert ranking.why_nobody(None) == "no eligible replica"
