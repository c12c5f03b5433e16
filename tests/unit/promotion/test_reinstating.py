"""The committed primary answers as a replica: it gets its role back only if no node holds more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion import events
from promotion.actions import Facts, GiveUp, Note, PendingIntent, WriteIntent
from promotion.candidates import Policy
from promotion.recent_failures import RecentFailures
from promotion.reinstating import reinstatement
from promotion.view import NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings

A = NodeView("a:1", "a", 1, run_id="ra2", role="slave", follows="b:1", keys=9, offset_bytes=900, replid="h1")
"""The committed primary; its command line makes it follow b:1, which follows it."""
B = NodeView(
    "b:1",
    "b",
    1,
    run_id="rb",
    role="slave",
    follows="a:1",
    keys=9,
    offset_bytes=890,
    replid="h1",
    link_down_s=1,
)
C = replace(B, name="c:1", host="c", run_id="rc", offset_bytes=880)
EMPTY = replace(A, keys=0, offset_bytes=0, replid="h9")
OLD = replace(A, keys=5, offset_bytes=500)
REWRITTEN = replace(A, offset_bytes=0, replid="h9")
MADE = replace(B, role="master", follows=None, replid="h2", replid2="h1", second_offset=891, offset_bytes=950)
UNUSABLE = Facts(
    primary="a:1",
    settled=True,
    intent=None,
    down=True,
    cause="unusable",
    gone_by_all=False,
    silence_s=0.1,
    earlier=(),
    nodes=("a:1", "b:1", "c:1"),
    down_nodes=frozenset(),
    history="h1",
    process="ra1",
)
REGRESSED = replace(UNUSABLE, cause="regressed", gone_by_all=True, histories=frozenset({"h1"}))
NOTHING_KNOWN = replace(UNUSABLE, history=None, process=None)
SETTINGS = WorkSettings(Policy(max_link_down_s=10.0, max_age_s=5.0), parallel_syncs=1, limit_s=10.0)


def taken(facts: Facts, *views: NodeView) -> str | None:
    found = reinstatement(views, facts)
    assert found is not None
    return found.node


@pytest.mark.parametrize("facts", [UNUSABLE, REGRESSED, NOTHING_KNOWN])
@pytest.mark.parametrize("primary", [EMPTY, OLD, REWRITTEN], ids=["empty", "old", "append-only-file"])
def test_who_is_not_known_to_hold_as_much_as_others_does_not_get_its_role_back(
    primary: NodeView, facts: Facts
) -> None:
    assert taken(facts, primary, B, C) is None


@pytest.mark.parametrize("facts", [UNUSABLE, NOTHING_KNOWN])
def test_one_that_came_back_whole_does(facts: Facts) -> None:
    assert taken(facts, A, B, C) == "a:1"
    assert taken(facts, replace(A, offset_bytes=890), B, C) == "a:1"


def test_a_leader_promotes_another_and_says_why() -> None:
    leader = Work(SETTINGS, None, {}, 0.0)
    told, chosen, intent = leader.observed([EMPTY, C, B], UNUSABLE, 0.1)
    why = "a:1 holds less of the newest history than c:1, b:1"
    assert told == Note(events.Regressed("a:1", why))
    assert isinstance(chosen, Note) and intent == WriteIntent("b:1", "regressed")


def test_one_that_restarted_and_holds_more_is_promoted_though_it_was_never_connected_since() -> None:
    leader = Work(SETTINGS, None, {}, 0.0)
    *_, intent = leader.observed([OLD, replace(B, link_down_s=None)], UNUSABLE, 0.1)
    assert intent == WriteIntent("b:1", "regressed")


def test_a_replica_that_may_not_be_promoted_still_keeps_the_primary_from_wiping_it() -> None:
    leader = Work(SETTINGS, None, {}, 0.0)
    *_, last = leader.observed([OLD, replace(B, priority=0)], UNUSABLE, 0.1)
    assert isinstance(last, GiveUp)
    assert last.reason == (
        "no eligible replica: a:1 holds less of the newest history than b:1; "
        "an operator may name one that holds data: b:1"
    )


@pytest.mark.parametrize("primary", [EMPTY, OLD, REWRITTEN])
def test_nor_does_it_during_a_switchover_whose_leader_died(primary: NodeView) -> None:
    facts = replace(UNUSABLE, down=False, cause="", intent=PendingIntent("c:1", "switchover"))
    leader = Work(SETTINGS, None, {}, 0.0, failures=RecentFailures(not_disarmed=frozenset({"c:1"})))
    actions = [a for a in leader.observed([primary, B, C], facts, 0.1) if not isinstance(a, Note)]
    assert actions == [WriteIntent("c:1", "regressed")]


def test_a_primary_promoted_again_and_emptied_meanwhile_is_not_gone_on_with() -> None:
    facts = replace(REGRESSED, intent=PendingIntent("a:1", "unusable"))
    leader = Work(SETTINGS, None, {}, 0.0, failures=RecentFailures(not_disarmed=frozenset({"a:1"})))
    wiped = replace(EMPTY, role="master", follows=None)
    actions = [a for a in leader.observed([wiped, B, C], facts, 0.1) if not isinstance(a, Note)]
    assert [type(action) for action in actions] == [WriteIntent]
    assert actions[0] == WriteIntent("b:1", "unusable")


def test_whom_it_follows_is_taken_if_a_person_made_it_a_master() -> None:
    same = replace(A, run_id="ra1")
    assert taken(UNUSABLE, same, MADE, C) == "b:1"
    assert taken(UNUSABLE, same, replace(MADE, second_offset=100), C) == "b:1", "they knew better"
    assert taken(UNUSABLE, replace(A, offset_bytes=890), MADE, C) == "b:1"
    assert taken(UNUSABLE, A, MADE, C) == "a:1", "it was started again, and wrote on after the other had left"
    assert taken(NOTHING_KNOWN, A, MADE, replace(C, replid="h2", offset_bytes=950)) == "b:1"


@pytest.mark.parametrize(
    "made",
    [
        replace(MADE, keys=0, replid="h8", replid2=None, second_offset=None, offset_bytes=0),
        replace(MADE, second_offset=401, offset_bytes=400),
    ],
    ids=["empty", "old"],
)
def test_but_not_if_it_was_restarted_without_what_others_hold(made: NodeView) -> None:
    assert taken(UNUSABLE, replace(EMPTY, link_up=True), made, C) is None
    assert taken(UNUSABLE, OLD, made, C) is None
    assert taken(UNUSABLE, A, made, C) == "a:1", "the primary itself has it all"


def test_where_nobody_has_the_history_any_more_the_primarys_own_data_goes_first() -> None:
    """All were restarted with append-only files."""
    others = [replace(C, offset_bytes=0, replid="h7", link_down_s=None, follows="b:1")]
    made = replace(MADE, replid="h8", replid2=None, second_offset=None, offset_bytes=0)
    assert taken(UNUSABLE, REWRITTEN, made, *others) == "a:1"
    assert taken(UNUSABLE, replace(REWRITTEN, keys=0), made, *others) == "b:1"


def test_an_empty_one_waits_for_those_that_had_data() -> None:
    mute = replace(B, reachable=False, down=True)
    found = reinstatement([EMPTY, mute], UNUSABLE)
    assert found is not None and found.node is None and found.wait
    (given_up,) = Work(SETTINGS, None, {}, 0.0).observed([EMPTY, mute], UNUSABLE, 0.1)
    assert isinstance(given_up, GiveUp)
    assert given_up.reason == "a:1 holds no data, and b:1 had some and does not answer"
    assert taken(UNUSABLE, REWRITTEN, mute) == "a:1"


def test_a_group_without_data_goes_on() -> None:
    assert taken(UNUSABLE, EMPTY, replace(B, keys=0), replace(C, keys=0, reachable=False)) == "a:1"


@pytest.mark.parametrize("primary", [replace(A, role="master"), replace(A, reachable=False)])
def test_one_that_answers_as_a_master_or_not_at_all_is_no_such_case(primary: NodeView) -> None:
    assert reinstatement([primary, B], UNUSABLE) is None
