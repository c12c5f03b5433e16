"""A leader's work without any I/O: each decision, and each way in which it can end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion import events
from promotion.actions import (
    Action,
    AskAgain,
    Facts,
    Finish,
    GiveUp,
    Note,
    Observe,
    PendingIntent,
    Request,
    Resettle,
    Run,
    WriteIntent,
    WriteTopology,
)
from promotion.candidates import Policy
from promotion.lifecycle import Phase
from promotion.recent_failures import NO_FAILURES, RecentFailures
from promotion.step_types import Disarm, Promote, Repoint, Rewrite
from promotion.view import AttachedReplica, NodeView
from promotion.work import Work
from promotion.work_settings import WorkSettings

SETTINGS = WorkSettings(Policy(max_link_down_s=10.0, max_age_s=5.0), parallel_syncs=1, limit_s=10.0)
PRIMARY = NodeView("a:1", "a", 1, role="master", keys=5, offset_bytes=100, run_id="ra")
GONE = replace(PRIMARY, reachable=False, down=True)
B = NodeView("b:1", "b", 1, role="slave", follows="a:1", keys=5, offset_bytes=100, run_id="rb", link_down_s=0)
C = replace(B, name="c:1", host="c", run_id="rc", offset_bytes=90)
UP = Facts(
    primary="a:1",
    settled=True,
    intent=None,
    down=False,
    cause="",
    gone_by_all=False,
    silence_s=0.1,
    earlier=(),
    nodes=("a:1", "b:1", "c:1"),
    down_nodes=frozenset(),
)
DOWN = replace(UP, down=True, cause="refused", gone_by_all=True, down_nodes=frozenset({"a:1"}), silence_s=1.0)
HUNG = replace(DOWN, cause="silent", gone_by_all=False, silence_s=2.5)


def work(request: Request | None = None, **avoid: str) -> Work:
    return Work(SETTINGS, request, {f"{name}:1": why for name, why in avoid.items()}, 0.0)


def asked(actions: list[Action]) -> list[Action]:
    """Without the announcements."""
    return [action for action in actions if not isinstance(action, Note | AskAgain)]


def promoted(leader: Work, views: list[NodeView], facts: Facts) -> str:
    """Go through the promotion; returns the promoted node."""
    (intent,) = asked(leader.observed(views, facts, 0.1))
    assert isinstance(intent, WriteIntent)
    (run,) = leader.intent_committed()
    masters = [view.name for view in views if view.role == "master"]
    promote = Promote(intent.target, reinstate=intent.target in (facts.primary, *masters))
    assert run == Run(promote)
    (write,) = asked(leader.step_done(promote, None, facts, 0.1))
    assert isinstance(write, WriteTopology)
    assert replace(write, may_have_lost=None) == WriteTopology(intent.target, facts.primary, intent.cause)
    return intent.target


def test_first_it_reads_every_node_that_is_not_down() -> None:
    assert work().begin([], DOWN, 0.0) == [Observe(("b:1", "c:1"))]


def test_whoever_has_said_its_last_word_on_a_dead_primary_is_not_read_again() -> None:
    last = [replace(view, link_up=False, age_s=0.02) for view in (B, C)]
    (intent,) = asked(work().begin([GONE, *last], replace(DOWN, gone_s=0.03), 0.0))
    assert intent == WriteIntent("b:1", "refused")
    began = replace(DOWN, gone_s=0.03, intent=PendingIntent("c:1", "refused"))
    unsure, late = replace(began, intent=None, gone_by_all=False), replace(began, intent=None, gone_s=0.01)
    for facts in (unsure, began, late):
        assert work().begin([GONE, *last], facts, 0.0) == [Observe(("b:1", "c:1"))]


def test_whoever_said_its_last_word_too_long_ago_to_be_promoted_is_read_again() -> None:
    """As if the group stood in line for long; it would be given up and elected for again because of that."""
    last = [replace(view, link_up=False, age_s=6.0) for view in (B, C)]
    assert work().begin([GONE, *last], replace(DOWN, gone_s=7.0), 0.0) == [Observe(("b:1", "c:1"))]


def test_a_replica_is_not_too_long_cut_off_for_having_outlived_a_stalled_sentinels_patience() -> None:
    """Each stall restarts the silence, while a replica's link stays down."""
    cut_off = [GONE, *(replace(view, link_up=False, link_down_s=29) for view in (B, C))]
    stalled = replace(DOWN, silence_s=1.3, unanswered_s=30.0)
    leader = work()
    leader.begin([], stalled, 0.0)
    assert asked(leader.observed(cut_off, stalled, 0.1)) == [WriteIntent("b:1", "refused")]
    leader = work()
    leader.begin([], DOWN, 0.0)
    (given_up,) = asked(leader.observed(cut_off, DOWN, 0.1))
    assert isinstance(given_up, GiveUp), "its link was down long before the primary was"


def test_the_best_replica_is_promoted_and_the_rest_follow_by_turns() -> None:
    leader = work()
    assert promoted(leader, [GONE, B, C], DOWN) == "b:1"
    new = replace(UP, primary="b:1", down_nodes=frozenset({"a:1"}))
    assert leader.topology_committed(new, 0.2) == [Observe(("b:1", "c:1"))]
    views = [GONE, replace(B, role="master", follows=None), C]
    assert leader.observed(views, new, 0.3) == [Run(Repoint("c:1", "b", 1, "repoint")), Run(Rewrite("b:1"))]
    leader.step_done(Rewrite("b:1"), None, new, 0.3)
    leader.step_done(Repoint("c:1", "b", 1, "repoint"), None, new, 0.3)
    views[2] = replace(C, follows="b:1")
    assert leader.observed(views, new, 0.4) == [Finish()]
    assert leader.phase is Phase.DONE


def test_without_a_candidate_it_gives_up_with_the_reasons() -> None:
    (give_up,) = work().observed([GONE, replace(B, priority=0), replace(C, loading=True)], DOWN, 0.1)
    assert isinstance(give_up, GiveUp)
    assert give_up.ranking is not None
    assert {v.node: v.reason for v in give_up.ranking.verdicts}["b:1"].startswith("priority 0")


def test_who_failed_a_moment_ago_is_not_chosen_again() -> None:
    assert promoted(work(b="refused"), [GONE, B, C], DOWN) == "c:1"


def test_a_failed_promotion_ends_the_term() -> None:
    leader = work()
    leader.observed([GONE, B, C], DOWN, 0.1)
    leader.intent_committed()
    (give_up,) = leader.step_failed(Promote("b:1"), "no", DOWN, 0.1)
    assert isinstance(give_up, GiveUp)
    assert give_up.soon


def test_it_holds_while_a_replica_hears_the_primary_and_goes_on_when_it_does_not() -> None:
    leader = work()
    hears = replace(B, link_up=True, last_io_s=0)
    assert asked(leader.observed([GONE, hears, C], HUNG, 0.1)) == []
    assert leader.phase is Phase.HOLDING
    assert leader.next_deadline is not None
    assert leader.wake(HUNG, leader.next_deadline) == [Observe(("b:1", "c:1"))]
    deaf = replace(hears, last_io_s=5)
    assert asked(leader.observed([GONE, deaf, C], replace(HUNG, silence_s=4.5), 2.0)) == [
        WriteIntent("b:1", "silent")
    ]


def test_a_refusal_seen_by_all_needs_no_witness_but_links_that_are_down() -> None:
    heard = replace(B, last_io_s=0)
    assert asked(work().observed([GONE, heard, C], DOWN, 0.1)) == [WriteIntent("b:1", "refused")]


def test_a_refusal_proves_no_more_than_silence_while_a_replica_is_linked() -> None:
    leader, still = work(), replace(B, link_up=True, last_io_s=5)
    (held,) = leader.observed([GONE, still, C], DOWN, 0.1)
    assert held == Note(events.Held(("b:1",), "still linked to b:1"))
    assert asked(leader.observed([GONE, still, C], HUNG, 0.2)) == [WriteIntent("b:1", "silent")]


def test_what_was_read_before_the_primary_was_called_down_is_read_anew() -> None:
    """The primary fell silent while a leader that was to hand over read: the replicas answered too soon."""
    request = Request("1", "b:1", switchover=True)
    leader = Work(SETTINGS, request, {}, 0.0)
    leader.begin([PRIMARY, B, C], UP, 0.0)
    seen = replace(B, link_up=True, offset_bytes=900)
    silent = replace(HUNG, silence_s=1.0, earlier=(seen,))
    assert leader.observed([GONE, seen, C], silent, 0.5) == [Observe(("b:1", "c:1"))]
    (held,) = leader.observed([GONE, replace(seen, offset_bytes=950), C], silent, 0.6)
    assert held == Note(events.Held(("b:1",), "still heard by b:1"))


def test_an_intent_is_finished_if_its_target_has_become_a_master() -> None:
    facts = replace(DOWN, settled=False, intent=PendingIntent("c:1", "refused"))
    done = replace(C, role="master", follows=None)
    assert promoted(work(), [GONE, B, done], facts) == "c:1"


def test_an_intent_is_finished_even_if_another_replica_is_newer() -> None:
    assert promoted(work(), [GONE, B, C], replace(DOWN, intent=PendingIntent("c:1", "refused"))) == "c:1"


def test_an_intent_is_superseded_if_its_target_cannot_be_promoted() -> None:
    facts = replace(DOWN, intent=PendingIntent("c:1", "refused"))
    assert promoted(work(), [GONE, B, replace(C, reachable=False)], facts) == "b:1"


def test_an_intent_is_cancelled_if_the_old_primary_is_back() -> None:
    facts = replace(UP, settled=False, intent=PendingIntent("b:1", "refused"))
    leader = work()
    assert leader.observed([PRIMARY, B, C], facts, 0.1) == [Run(Disarm("b:1"))]
    (look,) = leader.step_done(Disarm("b:1"), None, facts, 0.1)
    assert isinstance(look, Observe)
    assert asked(leader.observed([PRIMARY, B, C], facts, 0.2)) == [Resettle()]


def test_where_nobody_could_be_cut_off_a_moment_ago_that_is_not_tried_again() -> None:
    facts = replace(DOWN, intent=PendingIntent("b:1", "silent"), cause="silent", gone_by_all=False)
    avoid = {"b:1": "promoting b:1 failed"}
    vain = RecentFailures(not_disarmed=frozenset({"b:1"}))
    again, known = (Work(SETTINGS, None, avoid, 0.0, lately) for lately in (NO_FAILURES, vain))
    assert again.observed([GONE, B, C], facts, 0.1) == [Run(Disarm("b:1"))]
    assert WriteIntent("c:1", "silent") in known.observed([GONE, B, C], facts, 0.1)


def test_an_unsettled_entry_is_committed_again() -> None:
    assert work().observed([PRIMARY, B, C], replace(UP, settled=False), 0.1) == [Resettle()]


def test_a_stray_master_is_demoted() -> None:
    stray = replace(B, role="master", follows=None)
    assert work().observed([PRIMARY, stray, C], UP, 0.1) == [Run(Repoint("b:1", "a", 1, "demote"))]


def test_a_failed_repointing_is_reported_and_not_repeated_in_the_same_term() -> None:
    leader = work()
    stray = replace(B, role="master", follows=None)
    leader.observed([PRIMARY, stray, C], UP, 0.1)
    leader.step_failed(Repoint("b:1", "a", 1, "demote"), "NOPERM", UP, 0.1)
    (give_up,) = leader.observed([PRIMARY, stray, C], UP, 0.2)
    assert isinstance(give_up, GiveUp)
    assert (give_up.failover, give_up.reason) == (False, "b:1: NOPERM")


def test_a_sync_that_never_ends_does_not_keep_the_others_waiting_for_good() -> None:
    leader = work()
    stuck = replace(B, link_up=False)
    astray = replace(C, follows="x:9")
    assert leader.observed([PRIMARY, stuck, astray], UP, 0.1) == []
    assert leader.next_deadline is not None
    assert leader.observed([PRIMARY, stuck, astray], UP, 11.0) == [Run(Repoint("c:1", "a", 1, "repoint"))]


def test_it_stops_when_the_new_primary_dies_too() -> None:
    leader = work()
    leader.observed([PRIMARY, replace(B, follows="x:9"), C], UP, 0.1)
    assert leader.observed([GONE, B, C], DOWN, 0.2) == [Finish()]


def test_an_operator_gets_the_candidate_asked_for_or_the_reason() -> None:
    assert promoted(work(Request("op", "c:1")), [PRIMARY, B, C], UP) == "c:1"
    (give_up,) = work(Request("op", "c:1")).observed([PRIMARY, B, replace(C, priority=0)], UP, 0.1)
    assert isinstance(give_up, GiveUp)


def test_roles_changed_by_hand_are_adopted() -> None:
    """The committed primary follows another node of the group, which therefore has its data and newer."""
    facts = replace(HUNG, cause="unusable")
    turned = replace(PRIMARY, role="slave", follows="b:1")
    assert promoted(work(), [turned, replace(B, role="master", follows=None), C], facts) == "b:1"


def test_a_primary_that_follows_nobody_of_ours_is_put_back() -> None:
    turned = replace(PRIMARY, role="slave", follows="x:9")
    assert promoted(work(), [turned, B, C], replace(HUNG, cause="unusable")) == "a:1"


@pytest.mark.parametrize("told", [None, "a:1"])
def test_the_first_topology_is_what_is_found(told: str | None) -> None:
    facts = replace(UP, primary=None, configured_primary=told)
    attached = replace(PRIMARY, attached=(AttachedReplica("b", 1, "online", 0, 0),))
    assert work().observed([attached, B, C], facts, 0.1) == [WriteTopology("a:1", None, "bootstrap")]


HELD, ASKED = replace(DOWN, paused=True), Request("op-1", "b:1")


def test_in_a_paused_group_a_dead_primary_is_left_alone() -> None:
    leader = work()
    leader.begin([GONE, B, C], HELD, 1.0)
    assert asked(leader.observed([GONE, B, C], HELD, 1.0)) in ([], [Finish()])
    assert leader.phase is Phase.DONE


def test_in_a_paused_group_an_unsettled_entry_is_settled() -> None:
    leader, facts = work(), replace(UP, paused=True, settled=False)
    leader.begin([PRIMARY, B, C], facts, 1.0)
    assert leader.observed([PRIMARY, B, C], facts, 1.0) == [Resettle()]
    leader.topology_committed(replace(facts, settled=True), 1.0)
    astray = replace(C, follows="b:1")
    assert leader.observed([PRIMARY, B, astray], replace(facts, settled=True), 1.0) == [Finish()]


def test_in_a_paused_group_a_node_that_an_operator_names_is_promoted() -> None:
    leader = work(ASKED)
    leader.begin([GONE, B, C], HELD, 1.0)
    leader.observed([GONE, B, C], HELD, 1.0)
    assert leader.target == "b:1"


def test_a_replica_that_answers_no_step_keeps_no_other_from_following() -> None:
    d = replace(C, name="d:1", host="d", run_id="rd")
    made = replace(PRIMARY, name="b:1", host="b", run_id="rb")
    facts = replace(UP, primary="b:1", nodes=("b:1", "c:1", "d:1"))
    fresh = Work(SETTINGS, None, {}, 0.0)
    (first,) = asked(fresh.observed([made, C, d], facts, 0.1))
    assert isinstance(first, Run) and first.step.node == "c:1"
    fresh.step_failed(first.step, "no answer in time", facts, 2.1)
    (second,) = asked(fresh.observed([made, C, d], facts, 2.2))
    assert isinstance(second, Run) and second.step.node == "d:1"
    knows = Work(SETTINGS, None, {}, 0.0, RecentFailures(not_repointed=frozenset({"c:1"})))
    (first,) = asked(knows.observed([made, C, d], facts, 0.1))
    assert isinstance(first, Run) and first.step.node == "d:1"
