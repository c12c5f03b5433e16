"""The history: a skeleton at every sentinel, the timeline from the leader that made the change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from promotion import events
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.change import Change, TimelineStep
from sentinel.notices.notice import NoticeEvent
from sentinel.notices.recorder import MAX_STEPS, Recorder
from tests.unit.sentinel.coordinator_cases import A, B, C, World
from tests.unit.sentinel.notice_cases import notice

TOPOLOGY = {
    "term": 2,
    "primary": B,
    "previous": A,
    "cause": "refused",
    "leader": "s1",
    "since_ms": 1_700_000_000_000,
    "duration_ms": 250,
    "lost_bytes": None,
}
SKELETON = Change("g", 2, A, B, "refused", "s1", 1_700_000_000_000, 250)


class Kept:
    """A recorder with what it gave away."""

    def __init__(self, self_id: str = "s1") -> None:
        self.kept: list[Change] = []
        self.spread: list[Change] = []
        self.recorder = Recorder("g", self_id, self.kept.append, self.spread.append)

    def tell(self, kind: type[NoticeEvent], at: float, /, **fields: Any) -> None:
        self.recorder.on_notice(notice(kind, **fields), at)

    def down(self, at: float, node: str = A, after_ms: int = 100, primary: bool = True) -> None:
        self.tell(nodes.NodeDown, at, node=node, after_ms=after_ms, primary=primary)

    def topology(self, at: float) -> None:
        self.tell(leaders.TopologyCommitted, at, **TOPOLOGY)


def steps(change: Change) -> list[tuple[str, float]]:
    return [(step.name, step.at_ms) for step in change.timeline]


def test_the_leader_tells_its_timeline_at_the_commit_and_again_at_the_end() -> None:
    kept = Kept()
    kept.down(10.1)
    kept.tell(nodes.QuorumDown, 10.12, node=A, primary=True)
    kept.tell(leaders.Elected, 10.15)
    kept.tell(events.CandidateChosen, 10.2, node=B)
    kept.tell(events.Promoted, 10.25, node=B)
    kept.topology(10.3)
    kept.tell(events.Repointed, 10.5, node=C)
    kept.tell(leaders.WorkDone, 10.6)
    at_commit, at_end = kept.spread
    assert steps(at_commit) == [
        ("evidence", 0),
        ("subjectively_down", 100),
        ("objectively_down", 120),
        ("elected", 150),
        ("candidate_chosen", 200),
        ("promoted", 250),
        ("committed", 300),
    ]
    assert steps(at_end) == [*steps(at_commit), (f"repointed {C}", 500), ("work_done", 600)]
    assert replace(at_end, timeline=()) == SKELETON
    assert kept.kept == []


def test_the_others_keep_a_skeleton_until_they_hear_more() -> None:
    kept = Kept("s2")
    kept.down(10.1)
    kept.topology(10.3)
    assert kept.kept == [SKELETON] and kept.spread == []


def test_a_leader_that_loses_its_lease_after_the_commit_still_tells_what_it_knows() -> None:
    kept = Kept()
    kept.topology(10.3)
    kept.tell(leaders.SteppedDown, 10.4, term=2, reason="lost touch with the majority")
    assert [change.timeline for change in kept.spread] == [(TimelineStep("committed", 0.0),)] * 2


def test_a_replica_that_goes_down_is_not_part_of_the_story() -> None:
    kept = Kept()
    kept.down(5.0, node=C, primary=False)
    kept.down(10.1)
    kept.topology(10.3)
    assert [name for name, _ in steps(kept.spread[0])] == ["evidence", "subjectively_down", "committed"]


def test_while_the_primary_stays_down_failed_attempts_are_part_of_the_story() -> None:
    kept = Kept()
    kept.down(10.1)
    kept.tell(leaders.Elected, 10.2)
    kept.tell(leaders.SteppedDown, 10.3, term=2, reason="lost touch with the majority")
    kept.tell(leaders.Elected, 11.0)
    kept.tell(leaders.FailoverAborted, 11.1, term=3)
    kept.tell(leaders.SteppedDown, 11.1, term=3, reason="resigned")
    kept.tell(leaders.Elected, 20.0)
    kept.topology(20.1)
    assert steps(kept.spread[0]) == [
        ("evidence", 0),
        ("subjectively_down", 100),
        ("elected", 200),
        ("stepped_down", 300),
        ("elected", 1000),
        ("given_up", 1100),
        ("elected", 10_000),
        ("committed", 10_100),
    ]


@pytest.mark.parametrize("node", [A, C])
def test_a_loss_that_is_over_is_not_told_of_the_next_change(node: str) -> None:
    kept = Kept()
    kept.down(10.1)
    kept.tell(leaders.SteppedDown, 10.3, term=2, reason="resigned")
    kept.tell(nodes.NodeUp, 15.0, node=node)
    kept.tell(leaders.Elected, 20.0)
    kept.topology(20.1)
    began = "elected" if node == A else "evidence"
    assert steps(kept.spread[0])[0] == (began, 0)


def test_a_primary_that_comes_back_while_it_is_replaced_does_not_cut_the_story_short() -> None:
    kept = Kept()
    kept.down(10.1)
    kept.tell(leaders.Elected, 10.2)
    kept.tell(nodes.NodeUp, 10.25, node=A)
    kept.topology(10.3)
    assert [name for name, _ in steps(kept.spread[0])] == [
        "evidence",
        "subjectively_down",
        "elected",
        "committed",
    ]


def test_a_request_that_nobody_could_take_up_is_not_told_of_the_next_change() -> None:
    kept = Kept()
    kept.tell(operators.Requested, 10.0, node=B)
    kept.tell(leaders.FailoverAborted, 11.0, term=2)
    kept.tell(leaders.Elected, 20.0)
    kept.topology(20.1)
    assert steps(kept.spread[0]) == [("elected", 0), ("committed", 100)]


def test_what_another_request_left_is_not_told_of_the_next_one() -> None:
    kept = Kept()
    for at in (10.0, 20.0):
        kept.tell(operators.Requested, at, node=B)
        kept.tell(leaders.Elected, at + 0.1)
        kept.tell(leaders.SteppedDown, at + 0.2, term=2, reason="lost touch with the majority")
    kept.tell(operators.Requested, 30.0, node=B)
    kept.topology(30.1)
    assert steps(kept.spread[0]) == [("requested", 0), ("committed", 100)]


def test_a_switchover_begins_with_the_request_and_tells_how_long_writes_were_held_up() -> None:
    kept = Kept()
    kept.tell(operators.Requested, 10.0, node=A)
    kept.tell(leaders.Elected, 10.01)
    kept.tell(events.WritesPaused, 10.02, node=A)
    kept.tell(events.HandedOver, 10.04, node=A)
    kept.tell(events.Promoted, 10.05, node=A)
    kept.topology(10.06)
    assert steps(kept.spread[0]) == [
        ("requested", 0),
        ("elected", 10),
        ("writes_paused", 20),
        ("handed_over", 40),
        ("promoted", 50),
        ("committed", 60),
    ]


def test_a_timeline_has_a_limit_and_keeps_its_beginning_and_its_end() -> None:
    kept = Kept()
    kept.down(9.0)
    for number in range(1000):
        kept.tell(events.Held, 10.0 + number)
    kept.topology(2000.0)
    timeline = steps(kept.spread[0])
    assert len(timeline) == MAX_STEPS
    assert (timeline[0], timeline[-1][0]) == (("evidence", 0), "committed")
    for _ in range(10):
        kept.tell(events.Repointed, 2001.0, node=C)
    kept.tell(leaders.WorkDone, 2002.0)
    assert steps(kept.spread[-1]) == timeline


def test_a_whole_failover() -> None:
    world, kept = World(), Kept()
    world.fail_over()
    for told in world.notices:
        kept.recorder.on_notice(told, world.now)
    change = kept.spread[-1]
    assert (change.old_primary, change.new_primary, change.term) == (A, B, 2)
    assert steps(change)[0] == ("evidence", 0) and steps(change)[-1][0] == "work_done"


@pytest.mark.parametrize("kind", get_args(NoticeEvent), ids=lambda kind: kind.__name__)
def test_every_event_is_recorded_or_ignored_on_purpose(kind: type[NoticeEvent]) -> None:
    Kept().tell(kind, 0.0)
