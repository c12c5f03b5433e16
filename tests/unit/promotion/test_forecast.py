"""The forecast of a failover is what a leader would then do."""

from __future__ import annotations

from dataclasses import replace

from promotion import events
from promotion.actions import Facts, GiveUp, Note, Request
from promotion.candidates import Policy, Ranking
from promotion.forecast import forecast
from promotion.sealing import WriteRules
from promotion.view import NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings

A = NodeView("a:1", "a", 1, role="master", keys=9, replid="h1", offset_bytes=100)
B = replace(A, name="b:1", host="b", run_id="b", role="slave", follows="a:1", link_up=True)
C = replace(B, name="c:1", host="c", run_id="c")
GONE = replace(A, reachable=False, down=True)
LOST = replace(C, reachable=False, down=True)
FOREIGN = replace(C, replid="h2")
UP = Facts("a:1", True, None, False, "", False, 0.0, (), ("a:1", "b:1", "c:1"), frozenset())
DOWN = replace(UP, down=True, cause="refused", gone_by_all=True)


def settings(acknowledged_by: int | None = 1) -> WorkSettings:
    return WorkSettings(Policy(10.0, 10.0), 1, 10.0, rules=WriteRules(acknowledged_by=acknowledged_by))


def told(
    *views: NodeView, facts: Facts = UP, wait: int | None = 1, request: Request | None = None
) -> Ranking:
    return forecast(settings(wait), views, facts, {}, request)


def named(node: str) -> Request:
    return Request("op", node)


def given_up(*views: NodeView, facts: Facts, request: Request | None = None) -> str | None:
    """Why a leader that sees just this gives up; None if it goes on."""
    work = Work(settings(), request, {}, 0.0)
    work.begin(views, replace(facts, gone_by_all=False), 0.0)
    actions = work.observed(views, facts, 0.0)
    return next((action.reason for action in actions if isinstance(action, GiveUp)), None)


def test_too_few_who_vouch_are_told_while_the_primary_is_still_up() -> None:
    ranking = told(A, B, LOST)
    assert ranking.chosen is None and ranking.refusal is not None
    assert "1 of 2 replicas count, 2 are needed (c:1: did not answer)" in ranking.refusal
    assert "operator" not in ranking.refusal, "nobody may overrule it while the primary is up"
    assert given_up(A, B, LOST, facts=UP, request=Request("op")) == ranking.refusal


def test_once_it_is_down_people_are_told_whom_they_may_name_and_naming_one_is_not_refused() -> None:
    left = replace(B, link_up=False, link_down_s=0)
    ranking = told(GONE, left, LOST, facts=DOWN)
    assert ranking.chosen is None and ranking.refusal is not None
    assert ranking.refusal.endswith("an operator may name one that holds data: b:1")
    assert given_up(GONE, left, LOST, facts=DOWN) == ranking.refusal

    ranking = told(GONE, left, LOST, facts=DOWN, request=named("b:1"))
    assert (ranking.chosen, ranking.refusal) == ("b:1", None)
    assert given_up(GONE, left, LOST, facts=DOWN, request=named("b:1")) is None


def test_while_it_is_up_whoever_is_named_is_refused_too() -> None:
    ranking = told(A, B, LOST, request=named("b:1"))
    assert ranking.chosen is None and ranking.refusal is not None
    assert given_up(A, B, LOST, facts=UP, request=named("b:1")) == ranking.refusal


def test_a_switchover_of_a_healthy_primary_needs_nobody_to_vouch() -> None:
    assert told(A, B, LOST, request=Request("op", switchover=True)).chosen == "b:1"
    assert told(GONE, B, LOST, facts=DOWN, request=Request("op", switchover=True)).chosen is None


def test_who_could_not_vouch_is_not_eligible_and_reads_why() -> None:
    ranking = told(A, B, FOREIGN, wait=2)
    reasons = {verdict.node: verdict.reason for verdict in ranking.verdicts if not verdict.eligible}
    assert (ranking.chosen, ranking.refusal) == ("b:1", None)
    assert reasons == {
        "c:1": "durability: not known to hold what WAIT acknowledged: its history is not the primary's"
    }


def test_a_reason_of_its_own_goes_before_that_of_durability() -> None:
    ranking = told(A, B, LOST, wait=2)
    assert {v.node: v.reason for v in ranking.verdicts if not v.eligible} == {"c:1": "subjectively down"}


def test_who_is_behind_is_refused_only_once_nothing_is_written_any_more() -> None:
    behind = replace(B, offset_bytes=90, priority=1)
    assert told(A, behind, C).chosen == "b:1", "it was seen at another moment"
    ranking = told(GONE, behind, C, facts=DOWN)
    assert ranking.chosen == "c:1"
    assert ranking.verdicts[1].reason == "durability: 10 bytes behind, which WAIT may have acknowledged"


def test_without_durability_there_is_nothing_of_it() -> None:
    ranking = told(A, B, LOST, wait=None)
    assert (ranking.chosen, ranking.refusal) == ("b:1", None)
    assert ranking == told(A, B, LOST, wait=None, request=Request("op"))


def test_what_a_person_alone_may_take_is_not_refused() -> None:
    stray = replace(B, role="master", follows=None, link_up=False)
    ranking = told(GONE, stray, LOST, facts=DOWN, request=named("b:1"))
    assert (ranking.chosen, ranking.decided, ranking.refusal) == ("b:1", True, None)
    work = Work(settings(), named("b:1"), {}, 0.0)
    work.begin([GONE, stray, LOST], replace(DOWN, gone_by_all=False), 0.0)
    actions = work.observed([GONE, stray, LOST], DOWN, 0.0)
    noted = [action.event for action in actions if isinstance(action, Note)]
    assert any(isinstance(event, events.CandidateChosen) for event in noted)
