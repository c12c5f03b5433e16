"""The primary is down, and no node follows it: a master made by hand, or an operator's choice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion import events
from promotion.actions import Facts, GiveUp, Note, PendingIntent, Request, Run, WriteIntent
from promotion.candidates import Policy
from promotion.current_ranking import rank_now, refusal_with_options
from promotion.sealing import WriteRules
from promotion.step_types import Seal, WriteSafety
from promotion.view import SEALED, NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings

GONE = NodeView("a:1", "a", 1, reachable=False, down=True, role="master", keys=9, replid="h1")
WIPED = NodeView("a:1", "a", 1, role="master", keys=0, replid="h9")
HEIR = NodeView(
    "b:1", "b", 1, role="master", keys=9, offset_bytes=120, replid="h2", replid2="h1", second_offset=101
)
EARLIER = replace(HEIR, name="c:1", host="c", offset_bytes=500, second_offset=51)
STRAY = replace(HEIR, replid2="h7")
ELSEWHERE = NodeView(
    "c:1", "c", 1, role="slave", follows="b:1", link_up=True, keys=9, offset_bytes=120, replid="h2"
)
DOWN = Facts(
    primary="a:1",
    settled=True,
    intent=None,
    down=True,
    cause="refused",
    gone_by_all=True,
    silence_s=0.1,
    earlier=(),
    nodes=("a:1", "b:1", "c:1"),
    down_nodes=frozenset({"a:1"}),
)
UP = replace(DOWN, down=False, cause="", gone_by_all=False, down_nodes=frozenset())
POLICY = Policy(max_link_down_s=10.0, max_age_s=60.0)


def chosen(*views: NodeView, facts: Facts = DOWN, named: str | None = None) -> str | None:
    return rank_now(POLICY, views, facts, requested=named, by_operator=named is not None).chosen


def test_a_master_by_hand_that_continues_the_history_is_taken_and_the_reason_told() -> None:
    ranking = rank_now(POLICY, [GONE, HEIR, ELSEWHERE], DOWN)
    assert ranking.chosen == "b:1"
    first = ranking.verdicts[0]
    assert (first.node, first.eligible, first.rank) == ("b:1", True, 1)
    assert "a master by hand that continues its history" in first.reason


def test_a_replica_of_the_primary_goes_before_it() -> None:
    replica = replace(ELSEWHERE, follows="a:1", replid="h1")
    assert chosen(GONE, HEIR, replica) == "c:1"


def test_of_two_the_one_that_left_the_history_last_is_taken() -> None:
    assert chosen(GONE, EARLIER, HEIR) == "b:1"


def test_after_a_wipe_the_history_from_before_counts() -> None:
    assert chosen(WIPED, HEIR, facts=replace(DOWN, histories=frozenset({"h1"}))) == "b:1"
    assert chosen(WIPED, HEIR) is None


@pytest.mark.parametrize(
    "node",
    [
        STRAY,
        replace(HEIR, reachable=False),
        replace(HEIR, down=True),
        replace(HEIR, loading=True),
        replace(HEIR, keys=0),
        replace(HEIR, role="slave", follows="x:1"),
    ],
    ids=["other-history", "mute", "down", "loading", "empty", "a-replica"],
)
def test_anything_less_is_not(node: NodeView) -> None:
    assert chosen(GONE, node) is None


def test_who_may_never_be_promoted_is_no_last_resort_even_if_an_operator_names_it() -> None:
    barred = replace(HEIR, barred="discovered, not configured")
    assert chosen(GONE, barred) is None and chosen(GONE, barred, named="b:1") is None


def test_while_the_primary_is_up_nobody_is() -> None:
    assert chosen(replace(GONE, reachable=True, down=False), HEIR, facts=UP) is None


@pytest.mark.parametrize("node", [STRAY, replace(ELSEWHERE, name="b:1", follows="c:1")])
def test_an_operator_may_name_any_node_that_holds_data(node: NodeView) -> None:
    assert chosen(GONE, node, named="b:1") == "b:1"
    assert chosen(WIPED, node, facts=UP, named="b:1") == "b:1"


@pytest.mark.parametrize(
    ("views", "facts"),
    [
        ([replace(GONE, reachable=True, down=False), STRAY], UP),
        ([GONE, replace(STRAY, keys=0)], DOWN),
        ([GONE, replace(STRAY, reachable=False)], DOWN),
    ],
    ids=["the-primary-has-data-and-is-up", "it-holds-nothing", "it-is-mute"],
)
def test_but_not_if_more_would_be_lost(views: list[NodeView], facts: Facts) -> None:
    assert chosen(*views, facts=facts, named="b:1") is None


def test_durability_does_not_stand_in_the_way_of_who_an_operator_named() -> None:
    rules = WriteRules(acknowledged_by=1)
    for candidate, taken in (("b:1", True), (None, False)):
        settings = WorkSettings(POLICY, parallel_syncs=1, limit_s=10.0, rules=rules)
        work = Work(settings, Request("op-1", candidate), {}, 0.0)
        work.begin([], DOWN, 0.0)
        actions = work.observed([GONE, STRAY], DOWN, 0.1)
        assert any(isinstance(action, WriteIntent) for action in actions) is taken
        assert any(isinstance(action, GiveUp) for action in actions) is not taken


FOLLOWER = replace(HEIR, role="slave", follows="a:1", replid="h1", replid2=None, link_down_s=1.0)
LOST = replace(ELSEWHERE, reachable=False, down=True)


@pytest.mark.parametrize("candidate", [None, "b:1"])
def test_an_eligible_replica_that_durability_refuses_is_taken_if_an_operator_names_it(
    candidate: str | None,
) -> None:
    """They know how many are missing, and the missing may never come back."""
    settings = WorkSettings(POLICY, parallel_syncs=1, limit_s=10.0, rules=WriteRules(acknowledged_by=1))
    work = Work(settings, Request("op-1", candidate), {}, 0.0)
    work.begin([], DOWN, 0.0)
    told, *others = work.observed([GONE, FOLLOWER, LOST], DOWN, 0.1)
    if candidate is None:
        assert isinstance(told, GiveUp) and told.reason.startswith("durability: WAIT 1")
        assert told.reason.endswith("an operator may name one that holds data: b:1")
    else:
        assert isinstance(told, Note) and isinstance(told.event, events.Overruled)
        assert told.event.reason.startswith("durability: WAIT 1")
        assert others[-1] == WriteIntent("b:1", "refused")


@pytest.mark.parametrize(("candidate", "taken"), [("b:1", "b:1"), ("c:1", "c:1"), (None, None)])
def test_an_operators_choice_goes_before_an_intent_that_durability_refuses(
    candidate: str | None, taken: str | None
) -> None:
    settings = WorkSettings(POLICY, parallel_syncs=1, limit_s=10.0, rules=WriteRules(acknowledged_by=1))
    work = Work(settings, Request("op-1", candidate), {}, 0.0)
    begun = replace(DOWN, intent=PendingIntent("c:1", "refused"), nodes=(*DOWN.nodes, "d:1"))
    work.begin([], begun, 0.0)
    views = [GONE, FOLLOWER, replace(FOLLOWER, name="c:1", host="c"), replace(LOST, name="d:1", host="d")]
    *_, last = work.observed(views, begun, 0.1)
    if taken is None:
        assert isinstance(last, GiveUp)
    else:
        assert last == WriteIntent(taken, "refused")


def test_naming_one_overrules_nothing_while_the_primary_is_up() -> None:
    settings = WorkSettings(POLICY, parallel_syncs=1, limit_s=10.0, rules=WriteRules(acknowledged_by=1))
    work = Work(settings, Request("op-1", "b:1"), {}, 0.0)
    work.begin([], UP, 0.0)
    up = replace(GONE, reachable=True, down=False)
    (given_up,) = work.observed([up, replace(FOLLOWER, link_up=True), LOST], UP, 0.1)
    assert isinstance(given_up, GiveUp) and given_up.reason.startswith("durability: WAIT 1")
    assert "operator" not in given_up.reason


def test_where_enough_replicas_vouch_naming_an_older_one_loses_nothing() -> None:
    settings = WorkSettings(POLICY, parallel_syncs=1, limit_s=10.0, rules=WriteRules(acknowledged_by=1))
    work = Work(settings, Request("op-1", "b:1"), {}, 0.0)
    work.begin([], DOWN, 0.0)
    newest = replace(FOLLOWER, name="c:1", host="c", offset_bytes=500)
    views = [GONE, *(replace(view, follows=SEALED) for view in (FOLLOWER, newest))]
    work.observed(views, DOWN, 0.1)
    (given_up,) = work.observed(views, DOWN, 0.2)
    assert isinstance(given_up, GiveUp) and given_up.ranking is not None
    assert (
        "380 bytes behind" in {verdict.node: verdict.reason for verdict in given_up.ranking.verdicts}["b:1"]
    )


def test_fence_wait_stands_though_durability_was_overruled() -> None:
    rules = WriteRules(safety=WriteSafety(1, 2), fence_wait=True, acknowledged_by=1)
    silent = replace(DOWN, gone_by_all=False, cause="silent", silence_s=3.0)
    settings = WorkSettings(POLICY, parallel_syncs=1, limit_s=10.0, rules=rules)
    work = Work(settings, Request("op-1", "b:1"), {}, 0.0)
    work.begin([], silent, 0.0)
    actions = work.observed([GONE, FOLLOWER, LOST], silent, 0.1)
    assert actions[-1] == Run(Seal("b:1"))
    assert not any(isinstance(action, WriteIntent) for action in actions)


@pytest.mark.parametrize(
    ("facts", "views", "named"),
    [
        (DOWN, [GONE, STRAY, ELSEWHERE], "b:1, c:1"),
        (UP, [WIPED, STRAY], "b:1"),
        (DOWN, [GONE, replace(STRAY, keys=0), LOST], ""),
        (UP, [replace(GONE, reachable=True), STRAY], ""),
    ],
    ids=["down", "up-but-empty", "nobody-holds-data", "up"],
)
def test_a_refusal_says_whom_an_operator_may_name(facts: Facts, views: list[NodeView], named: str) -> None:
    told = refusal_with_options("no", views, facts)
    assert told == (f"no; an operator may name one that holds data: {named}" if named else "no")
    for view in views:
        takes = chosen(*views, facts=facts, named=view.name) is not None
        assert takes == (view.name in named), "whoever is offered is taken"


def test_what_failed_a_moment_ago_or_is_barred_is_not() -> None:
    for barred, avoid in (({"b:1": "no"}, None), (None, {"b:1": "no"})):
        assert rank_now(POLICY, [GONE, HEIR], DOWN, barred=barred, avoid=avoid).chosen is None


HELD = replace(FOLLOWER, name="c:1", host="c", offset_bytes=100)
WIPED_ALONG = replace(FOLLOWER, replid="h9", keys=5, offset_bytes=900, link_up=True)
REGRESSED = replace(DOWN, cause="regressed", down_nodes=frozenset(), histories=frozenset({"h1"}))


def test_who_followed_a_wiped_primary_is_not_preferred_for_what_clients_wrote_since() -> None:
    ranking = rank_now(POLICY, [replace(WIPED, keys=5), WIPED_ALONG, HELD], REGRESSED)
    assert ranking.chosen == "c:1"
    reasons = {verdict.node: verdict.reason for verdict in ranking.verdicts}
    assert reasons["b:1"] == "holds what a:1 has taken since it lost its data, which c:1 still holds"


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (HELD, "c:1"),
        (replace(HELD, priority=0), None),
        (replace(HELD, reachable=False), "b:1"),
        (replace(HELD, keys=0), "b:1"),
        (replace(HELD, loading=True), "b:1"),
        (replace(HELD, replid="h9"), "c:1"),
    ],
    ids=["eligible", "never-to-be-promoted", "mute", "empty", "loading", "wiped-too"],
)
def test_nothing_is_promoted_that_would_wipe_the_last_who_holds_the_data(
    held: NodeView, expected: str | None
) -> None:
    along = replace(WIPED_ALONG, offset_bytes=50) if held.replid == "h9" else WIPED_ALONG
    assert chosen(replace(WIPED, keys=5), along, held, facts=REGRESSED) == expected


def test_an_operator_may_decide_otherwise() -> None:
    assert chosen(replace(WIPED, keys=5), WIPED_ALONG, HELD, facts=REGRESSED, named="b:1") == "b:1"
