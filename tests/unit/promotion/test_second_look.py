"""The old primary is asked again while the intent is committed; one that is back with its data stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion import events
from promotion.actions import (
    Action,
    AskAgain,
    Facts,
    Note,
    PendingIntent,
    Request,
    Resettle,
    Run,
    WriteIntent,
)
from promotion.lifecycle import Phase
from promotion.view import NodeView
from promotion.work import Work
from tests.unit.promotion.test_work import DOWN, GONE, HUNG, PRIMARY, UP, B, work

VIEWS = [replace(GONE, replid="h1"), replace(B, replid="h1")]
SAME = replace(PRIMARY, replid="h1")
RESTARTED = replace(SAME, run_id="new", replid="h2", replid2="h1", second_offset=101)


def intending(facts: Facts = DOWN, request: Request | None = None) -> tuple[Work, list[Action]]:
    leader = work(request)
    return leader, [a for a in leader.observed(VIEWS, facts, 0.1) if not isinstance(a, Note)]


def answered(back: NodeView, facts: Facts = UP) -> list[Action]:
    """The actions of a leader that finds this once its intent is committed."""
    leader, _ = intending()
    return leader.intent_committed([back, VIEWS[1]], facts)


@pytest.mark.parametrize("facts", [DOWN, HUNG], ids=["refused", "silent"])
def test_it_is_asked_before_the_intent_is_written(facts: Facts) -> None:
    assert intending(facts)[1] == [AskAgain("a:1"), WriteIntent("b:1", facts.cause)]


@pytest.mark.parametrize("cause", ["unusable", "regressed", "unwritable"])
def test_one_whose_answer_is_what_is_wrong_with_it_is_not_asked(cause: str) -> None:
    assert intending(replace(DOWN, cause=cause))[1] == [WriteIntent("b:1", cause)]


def test_a_dead_leader_s_intent_is_not_taken_back() -> None:
    facts = replace(DOWN, intent=PendingIntent("c:1", "refused"))
    assert intending(facts)[1] == [WriteIntent("b:1", "refused")]


def test_an_operator_is_obeyed_whatever_it_would_answer() -> None:
    leader, actions = intending(request=Request("op", "b:1"))
    assert actions == [WriteIntent("b:1", "refused")]
    assert [type(action) for action in leader.intent_committed([SAME, VIEWS[1]], UP)] == [Run]


@pytest.mark.parametrize(
    "back",
    [
        SAME,
        replace(SAME, offset_bytes=7),
        RESTARTED,
        replace(RESTARTED, replid="h1", replid2=None, second_offset=None),
    ],
    ids=["same process", "whatever it counts", "restarted with all", "restarted in its history"],
)
def test_it_stays_primary_if_it_is_back_with_its_data(back: NodeView) -> None:
    leader, _ = intending()
    told, *rest = leader.intent_committed([back, VIEWS[1]], UP)
    assert told == Note(events.IntentCancelled("b:1"))
    assert rest == [Resettle()]
    assert leader.phase is Phase.COMMITTING


@pytest.mark.parametrize(
    "back",
    [
        VIEWS[0],
        replace(SAME, role="slave", follows="x:1"),
        replace(SAME, loading=True),
        replace(RESTARTED, second_offset=100),
        replace(RESTARTED, replid2=None),
        replace(RESTARTED, replid2=None, keys=B.keys + 1),
        replace(SAME, run_id="new", offset_bytes=99),
    ],
    ids=["no answer", "a replica", "loading", "lacks the newest", "another history", "all keys", "behind"],
)
def test_else_the_chosen_one_is_promoted(back: NodeView) -> None:
    assert [type(action) for action in answered(back)] == [Run]


def test_one_that_a_quorum_still_calls_down_is_replaced() -> None:
    assert [type(action) for action in answered(SAME, DOWN)] == [Run]
