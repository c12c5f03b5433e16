"""A primary that came back empty after its replicas were cut off must not have them copy its emptiness."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.actions import Action, Facts, Finish, Note, PendingIntent, Run, WriteIntent
from promotion.candidates import Policy
from promotion.current_ranking import wiped_meanwhile
from promotion.sealing import WriteRules
from promotion.step_types import Disarm
from promotion.view import SEALED, NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings

WIPED = NodeView("a:1", "a", 1, role="master", keys=0, replid="h9")
CUT_OFF = NodeView(
    "b:1", "b", 1, role="slave", follows=SEALED, keys=9, offset_bytes=100, replid="h1", link_down_s=1
)
UP = Facts(
    primary="a:1",
    settled=True,
    intent=None,
    down=False,
    cause="",
    gone_by_all=False,
    silence_s=0.1,
    earlier=(),
    nodes=("a:1", "b:1"),
    down_nodes=frozenset(),
)


def test_data_cut_off_from_an_empty_primary_of_another_history_shows_it() -> None:
    assert wiped_meanwhile([WIPED, CUT_OFF], UP)


@pytest.mark.parametrize(
    ("primary", "replica"),
    [
        (replace(WIPED, keys=1), CUT_OFF),
        (replace(WIPED, reachable=False), CUT_OFF),
        (replace(WIPED, role="slave"), CUT_OFF),
        (replace(WIPED, replid="h1"), CUT_OFF),
        (replace(WIPED, replid2="h1"), CUT_OFF),
        (WIPED, replace(CUT_OFF, follows="a:1")),
        (WIPED, replace(CUT_OFF, keys=0)),
        (WIPED, replace(CUT_OFF, reachable=False)),
    ],
    ids=[
        "it-has-data",
        "it-is-mute",
        "it-is-a-replica",
        "emptied-by-a-client",
        "emptied-since-its-promotion",
        "never-cut-off",
        "nothing-to-lose",
        "not-seen-now",
    ],
)
def test_anything_less_does_not(primary: NodeView, replica: NodeView) -> None:
    assert not wiped_meanwhile([primary, replica], UP)


def test_a_primary_that_was_not_seen_is_not_judged() -> None:
    assert not wiped_meanwhile([CUT_OFF], UP)


def test_who_holds_the_data_is_promoted_though_the_primary_is_up() -> None:
    leader = Work(WorkSettings(Policy(10.0, 5.0), parallel_syncs=1, limit_s=10.0), None, {}, 0.0)
    actions = leader.observed([WIPED, CUT_OFF], UP, 0.1)
    assert [a for a in actions if not isinstance(a, Note)] == [WriteIntent("b:1", "regressed")]


@pytest.mark.parametrize(
    ("role", "expected"),
    [("master", [WriteIntent("c:1", "refused")]), ("slave", [Run(Disarm("c:1"))])],
    ids=["promoted", "perhaps-about-to-be"],
)
def test_whom_a_dead_leader_promoted_goes_before_the_rest(role: str, expected: list[Action]) -> None:
    """It has all data of the cut-off nodes, and clients may write to it; durability no longer counts it."""
    rules = WriteRules(acknowledged_by=1)
    settings = WorkSettings(Policy(10.0, 5.0), parallel_syncs=1, limit_s=10.0, rules=rules)
    leader = Work(settings, None, {}, 0.0)
    target = replace(CUT_OFF, name="c:1", role=role, replid="h2" if role == "master" else "h1")
    facts = replace(UP, intent=PendingIntent("c:1", "refused"), nodes=("a:1", "b:1", "c:1"))
    actions = leader.observed([WIPED, CUT_OFF, target], facts, 0.1)
    assert [a for a in actions if not isinstance(a, Note)] == expected


def test_an_intent_that_nobody_carried_out_is_not_cancelled_for_an_empty_primary() -> None:
    leader = Work(WorkSettings(Policy(10.0, 5.0), parallel_syncs=1, limit_s=10.0), None, {}, 0.0)
    target = replace(CUT_OFF, name="c:1", reachable=False, down=True)
    facts = replace(UP, intent=PendingIntent("c:1", "switchover"), nodes=("a:1", "b:1", "c:1"))
    actions = leader.observed([WIPED, CUT_OFF, target], facts, 0.1)
    assert [a for a in actions if not isinstance(a, Note)] == [WriteIntent("b:1", "regressed")]


def test_what_follows_an_emptied_primary_is_left_to_follow_it() -> None:
    leader = Work(WorkSettings(Policy(10.0, 5.0), parallel_syncs=1, limit_s=10.0), None, {}, 0.0)
    copying = replace(CUT_OFF, follows="a:1", link_up=True, keys=0)
    assert leader.observed([WIPED, copying], UP, 0.1) == [Finish()]
