"""A failover as one sentinel sees it, from the evidence to the resignation, and what goes wrong in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.actions import Request
from promotion.candidates import Ranking
from promotion.recent_failures import NO_FAILURES
from promotion.step_types import Disarm, Freeze, Promote, Repoint
from promotion.withheld import HOLD_S
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed, Stalled
from quorum.messages import Entry, HardState, Intent
from sentinel.coordination.inputs import Requested, StepDone, StepFailed, StepFenced
from sentinel.coordination.node_info import Attached
from sentinel.coordination.relations import GRACE_S
from sentinel.notices import leaders, nodes
from tests.unit.sentinel.coordinator_cases import COMMITTED, LIMIT_S, A, B, C, World, info, offset

FAILOVER = ["node_down", "quorum_down", "elected", "failover_started", "candidate_chosen", "intent_committed"]


def test_the_first_topology_is_what_is_found() -> None:
    world = World(HardState())
    assert world.told_names() == ["elected", "topology", "work_done", "stepped_down"]
    assert world.primary == (A, 1)
    assert world.performs == []


@pytest.mark.parametrize("members", [1, 3])
def test_a_failover_from_the_evidence_to_the_resignation(members: int) -> None:
    world = World(members=members)
    assert world.told_names() == []
    world.kill(A)
    assert world.told_names() == FAILOVER
    promotion = world.succeed()
    assert promotion.step == Promote(B) and promotion.term == 2
    assert world.told_names() == ["promoted", "topology"]
    assert world.primary == (B, 2)
    repointing = world.succeed()
    assert repointing.step == Repoint(C, "redis-b", 6379, "repoint") and repointing.term == 2
    assert world.told_names() == ["repointed", "work_done", "stepped_down"]
    world.advance(2)
    assert world.performs == [] and world.told_names() == []


def test_what_the_topology_tells_of_the_failover() -> None:
    world = World()
    world.kill(A)
    world.succeed()
    told = world.last(leaders.TopologyCommitted).topology
    assert (told.primary, told.previous, told.cause, told.leader) == (B, A, "refused", "s1")
    assert told.duration_ms == pytest.approx(100, abs=60), "from the first evidence"


def test_it_holds_while_a_replica_still_hears_from_the_primary() -> None:
    world = World(linked=True)
    world.dead.add(A)
    world.advance(0.6)
    world.look(B, C)
    world.nodes[B] = offset(world.nodes[B], 500)
    world.advance(0.5)
    assert world.told_names() == ["node_down", "quorum_down", "elected", "failover_started", "held"]
    world.advance(0.8)
    assert world.performs == [] and world.told_names() == [], "it is told once"
    world.advance(0.4)
    assert world.succeed().step == Promote(B)


def test_it_gives_up_if_a_replica_never_ceases_to_hear_from_it() -> None:
    world = World(linked=True)
    world.dead.add(A)
    for bytes_ in range(500, 600):
        world.nodes[B] = offset(world.nodes[B], bytes_)
        world.look(B)
        world.advance(0.15)
    assert world.performs == []
    assert world.last(leaders.FailoverAborted).reason == f"still heard by {B}"


def test_without_a_candidate_it_says_why_and_waits_longer_each_time() -> None:
    world = World()
    for name in (B, C):
        world.nodes[name] = replace(world.nodes[name], priority=0)
    world.kill(A)
    aborted = world.last(leaders.FailoverAborted)
    why = f"no eligible replica; an operator may name one that holds data: {B}, {C}"
    assert (aborted.reason, aborted.retry_after_ms) == (why, 1000)
    ranking = aborted.ranking
    assert isinstance(ranking, Ranking)
    assert {v.node: v.reason for v in ranking.verdicts} == dict.fromkeys(
        (B, C), "priority 0: never to be promoted"
    )
    assert world.told_names()[-1] == "stepped_down"
    world.advance(0.9)
    assert world.told_names() == []
    world.advance(0.2)
    assert world.last(leaders.FailoverAborted).retry_after_ms == 2000
    assert world.performs == [] and world.primary == (A, 1)


def test_a_promotion_that_failed_is_followed_by_another_candidate_in_a_higher_term() -> None:
    world = World()
    world.kill(A)
    promotion = world.perform()
    world.step(StepFailed(promotion.token, "no reply"))
    assert world.last(leaders.FailoverAborted).reason == f"promoting {B} failed: no reply"
    world.advance(0.1)
    second = world.succeed()
    assert second.step == Promote(C) and second.term > promotion.term
    assert world.primary == (C, second.term)


def lose_touch_for_a_moment(world: World) -> None:
    world.in_touch = False
    world.advance(0.5)
    world.in_touch = True


def test_how_a_step_ends_is_known_to_the_next_leadership_though_its_own_was_over_before() -> None:
    world = World(members=3)
    world.kill(A)
    world.advance(0.1)
    promotion = world.perform()
    assert promotion.step == Promote(B)
    lose_touch_for_a_moment(world)
    world.step(StepFailed(promotion.token, "no answer in time"))
    assert world.coordinator.work is None and world.coordinator.situation.avoided(world.now) == {
        B: "no answer in time"
    }
    world.advance(1.0)
    assert world.succeed().step == Promote(C)
    world.advance(LIMIT_S)
    assert world.coordinator.situation.avoided(world.now) == {}


def test_nor_is_it_tried_again_to_cut_off_a_dead_leader_where_that_was_not_answered() -> None:
    intent = Entry(2, 1, COMMITTED.topology, Intent(B, "refused", "s2", 0))
    world = World(HardState(2, None, intent, intent), members=3)
    disarming = world.perform()
    assert disarming.step == Disarm(B)
    lose_touch_for_a_moment(world)
    world.step(StepFailed(disarming.token, "no answer in time"))
    world.advance(1.0)
    assert "intent_cancelled" in world.told_names() and world.performs == []
    world.advance(LIMIT_S)
    assert world.coordinator.situation.tried.lately(world.now) == NO_FAILURES


@pytest.mark.parametrize("found_term", [2, 41])
def test_a_fence_makes_it_yield_and_go_above(found_term: int) -> None:
    world = World()
    world.kill(A)
    promotion = world.perform()
    assert promotion.term == 2
    world.step(StepFenced(promotion.token, found_term))
    assert world.last(leaders.Fenced) == leaders.Fenced(B, found_term)
    world.advance(0.1)
    assert world.events(leaders.SteppedDown)
    assert world.perform().term > found_term


def test_an_old_primary_that_returns_is_demoted() -> None:
    world = World()
    world.fail_over()
    world.told_names()
    world.dead.clear()
    world.nodes[A] = info(A, "master")
    world.advance(0.3)
    assert world.performs == []
    world.look(A)
    world.advance(0.1)
    demotion = world.succeed()
    assert demotion.step == Repoint(A, "redis-b", 6379, "demote") and demotion.term == 3
    told = world.told_names()
    assert told == ["node_up", "quorum_up", "elected", "demoted", "work_done", "stepped_down"]
    assert world.primary == (B, 2), "the topology is as it was"


def test_the_writes_of_one_that_returns_with_unknown_data_are_held_until_it_is_known_whose_it_is() -> None:
    world = World()
    world.kill(A)
    world.succeed()
    world.succeed()
    world.dead.remove(A)
    world.nodes[A] = info(A, "master", attached=(), replid="anew", run_id="anew")
    world.advance(1)
    world.look()
    world.advance(0.1)
    hold = world.perform()
    assert hold.step == Freeze(A, HOLD_S)
    world.step(StepDone(hold.token))
    world.advance(1)
    assert world.performs == [], "who leads waits"
    world.advance(GRACE_S)
    assert world.succeed().step == Repoint(A, "redis-b", 6379, "demote")
    assert world.told_names().count("elected") == 2, "the failover, and this"


def test_a_repointing_that_failed_is_told_and_tried_again_later() -> None:
    world = World()
    world.kill(A)
    world.succeed()
    world.step(StepFailed(world.perform().token, "no reply"))
    aborted = world.last(leaders.RepairAborted)
    assert (aborted.reason, aborted.retry_after_ms) == (f"{C}: no reply", 1000)
    world.advance(0.8)
    world.look(C)
    assert world.performs == []
    world.advance(0.4)
    assert world.succeed().step == Repoint(C, "redis-b", 6379, "repoint")


@pytest.mark.parametrize("candidate", [None, C])
def test_an_operators_request_is_carried_out(candidate: str | None) -> None:
    world = World()
    world.step(Requested(Request("op-1", candidate)))
    world.advance(0.1)
    assert world.last(leaders.FailoverStarted).operation == "op-1"
    assert world.succeed().step == Promote(candidate or B)
    told = world.last(leaders.TopologyCommitted).topology
    assert (told.primary, told.cause) == (candidate or B, "operator")
    assert world.coordinator.request is None
    demoted = {world.succeed().step.node for _ in range(2)}
    assert demoted == {A, B, C} - {candidate or B}
    world.advance(5)
    assert world.performs == [] and world.primary == (candidate or B, 2), "once"


def test_a_request_that_cannot_be_done_is_answered_at_once() -> None:
    world = World()
    world.nodes[C] = replace(world.nodes[C], priority=0)
    world.step(Requested(Request("op-1", C)))
    world.advance(0.1)
    aborted = world.last(leaders.FailoverAborted)
    assert aborted.operation == "op-1"
    assert aborted.reason == f"{C}: priority 0: never to be promoted"
    assert aborted.retry_after_ms == 0, "it is not tried again, so nothing else waits for it"
    assert world.coordinator.request is None and world.performs == []


def test_a_request_without_a_majority_expires() -> None:
    world = World(members=3, in_touch=False)
    world.step(Requested(Request("op-1", None)))
    world.advance(LIMIT_S - 0.1)
    assert world.told_names() == ["requested"]
    world.advance(0.2)
    aborted = world.last(leaders.FailoverAborted)
    assert (aborted.operation, aborted.reason) == ("op-1", "no leader could be elected in time")
    assert world.coordinator.request is None and world.performs == []


def test_without_a_majority_nothing_is_promoted() -> None:
    world = World(members=3, in_touch=False)
    world.kill(A)
    world.advance(20)
    assert world.performs == [] and world.told_names() == ["node_down", "quorum_down"]


def test_a_leader_that_loses_its_lease_in_mid_promotion_takes_it_up_again_in_a_higher_term() -> None:
    world = World(members=3)
    world.kill(A)
    promotion = world.perform()
    assert world.coordinator.lease_valid(promotion.term, world.now)
    world.in_touch = False
    world.advance(0.3)
    assert not world.coordinator.lease_valid(promotion.term, world.now)
    assert world.told_names()[-1] == "stepped_down"
    world.nodes[B] = info(B, "master")
    world.step(StepDone(promotion.token))
    assert world.primary == (A, 1) and world.told_names() == [], "what comes in late is nobody's"
    world.in_touch = True
    world.advance(1.0)
    again = world.succeed()
    assert again.step == Promote(B, reinstate=True) and again.term > promotion.term
    assert world.primary == (B, again.term)


def test_a_lease_that_ran_out_unnoticed_stops_it_before_it_writes() -> None:
    world = World(members=3)
    world.kill(A)
    promotion = world.perform()
    world.in_touch = False
    world.now += 0.3
    world.step(StepDone(promotion.token))
    assert "stepped_down" in world.told_names()
    assert world.primary == (A, 1) and world.coordinator.work is None


def test_an_intent_of_a_dead_leader_is_cancelled_if_the_primary_is_back() -> None:
    intent = Entry(2, 1, COMMITTED.topology, Intent(B, "refused", "s2", 0))
    world = World(HardState(2, None, intent, intent))
    disarmed = world.perform()
    assert disarmed.step == Disarm(B)
    world.step(StepDone(disarmed.token))
    assert "intent_cancelled" in world.told_names()
    assert world.primary == (A, 1) and world.performs == []
    assert world.coordinator.member.view.committed.intent is None


def test_misconfiguration_is_told_once_and_fails_nothing_over() -> None:
    world = World()
    world.dead.add(A)
    for _ in range(50):
        world.step(Observed(A, Evidence(EvidenceKind.MISCONFIGURED, "WRONGPASS")))
        world.advance(0.5)
    assert world.told_names() == ["misconfigured"] and world.performs == []


def test_a_stalled_sentinel_fails_nothing_over_on_what_it_missed() -> None:
    world = World()
    world.now += 30
    world.step(Stalled(30.0))
    world.advance(3)
    assert world.told_names() == ["stalled"] and world.performs == []


def test_an_unclear_first_start_is_told_once_and_nothing_is_guessed() -> None:
    nodes = {name: info(name, "master") for name in (A, B)} | {C: info(C)}
    world = World(HardState(), nodes=nodes)
    world.advance(5)
    assert world.told_names() == ["ambiguous"] and world.primary is None
    assert World(HardState(), nodes=nodes, told=A).perform().step == Repoint(B, "redis-a", 6379, "demote")


def test_a_replica_that_nobody_configured_is_watched_too() -> None:
    world = World()
    stranger = Attached("10.0.0.9", 6390, "online", 100, 0)
    world.coordinator.book.update(B, world.nodes[B], "10.0.0.2", world.now)
    world.nodes[A] = info(A, "master", attached=(stranger,))
    world.look(A)
    assert world.last(nodes.Discovered) == nodes.Discovered("10.0.0.9:6390")
    assert "10.0.0.9:6390" in world.coordinator.book


def test_it_is_busy_while_a_change_is_under_way() -> None:
    world = World()
    assert not world.coordinator.busy(world.now)
    world.step(Requested(Request("op-1", None)))
    assert world.coordinator.busy(world.now)
    for _ in range(3):
        world.succeed()
    assert not world.coordinator.busy(world.now)
