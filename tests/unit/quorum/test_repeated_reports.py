"""A peer's report that says what its last one said is noted without a step, and counts as one that was."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Gossip, Observed, PeerGone, Received, Stalled, Watch
from quorum.membership import Membership
from quorum.messages import About, Entry, Grade, HardState, Opinion, Opinions, Part, Topology
from tests.unit.quorum.member_cases import TTL_S, config, numbered, raft_member

NODE, OTHER = "redis-a:6379", "redis-b:6379"
NOW = 100.0
COMMITTED = Entry(1, 1, Topology(NODE, 1, None, "test", "s1", 0, 0))
DOWN = Opinion(NODE, True, Grade.REFUSED)
ABOUT = About(1, None, Membership.of(("s1", "s2", "s3")))
REPORT = Opinions(1, 1, (DOWN,), COMMITTED, stands_back="", about=ABOUT)


class Told:
    """A sentinel that was told ``REPORT`` by s2 at ``NOW``, and has found the primary gone itself."""

    def __init__(self, late_s: float = 0.0) -> None:
        state = HardState(term=1, entry=COMMITTED, committed=COMMITTED)
        made_with = replace(config(members=numbered(3)), late_s=lambda: late_s)
        self.member = raft_member(made_with, state, random.Random(1), NOW - 10)
        self.member.step(Watch((NODE, OTHER)), NOW - 10)
        for node, kind in ((OTHER, EvidenceKind.ALIVE), (NODE, EvidenceKind.REFUSED)):
            self.member.step(Observed(node, Evidence(kind)), NOW - 1)
        self.member.step(Received("s2", REPORT), NOW)

    def odown(self, now: float) -> bool:
        self.member.step(Gossip(), now)
        return self.member.is_odown(NODE)


def test_what_says_the_same_again_is_noted_and_counts_for_as_long() -> None:
    told = Told()
    assert told.member.repeats("s2", replace(REPORT, seq=2), NOW + 0.9 * TTL_S)
    assert told.odown(NOW + 1.8 * TTL_S)
    assert not told.odown(NOW + 2.0 * TTL_S)


@pytest.mark.parametrize(
    ("what", "report"),
    [
        ("a node is up again", replace(REPORT, seq=2, opinions=())),
        ("there is a newer entry", replace(REPORT, seq=2, committed=replace(COMMITTED, seq=2))),
        ("it could promote nobody now", replace(REPORT, seq=2, stands_back="its route is gone")),
        ("it is in a later term", replace(REPORT, seq=2, about=replace(ABOUT, term=2))),
        ("it has forgotten something", replace(REPORT, seq=2, about=replace(ABOUT, part=Part.LISTENER))),
        ("it asks what is stored here", replace(REPORT, seq=2, about=replace(ABOUT, asks=True))),
        ("it is of another process", replace(REPORT, boot=2)),
        ("it is late", REPORT),
    ],
)
def test_what_says_anything_else_is_stepped(what: str, report: Opinions) -> None:
    assert not Told().member.repeats("s2", report, NOW + 1), what


def test_what_counts_no_more_is_stepped_when_it_is_said_again() -> None:
    told = Told()
    again = replace(REPORT, seq=2)
    assert not told.member.repeats("s3", again, NOW), "it is the first of that peer"
    assert not told.member.repeats("s2", again, NOW + TTL_S), "it had gone stale"
    told.member.step(Stalled(1.0), NOW)
    assert not told.member.repeats("s2", again, NOW), "nothing is known after a stall"
    told = Told()
    told.member.step(PeerGone("s2"), NOW)
    assert not told.member.repeats("s2", again, NOW), "it was out of touch"


def test_an_opinion_lasts_longer_for_who_has_not_read_yet_what_was_said_since() -> None:
    assert not Told().odown(NOW + 1.5 * TTL_S)
    late = Told(late_s=TTL_S)
    assert late.odown(NOW + 1.5 * TTL_S)
    assert not late.odown(NOW + 2.1 * TTL_S)


def test_a_report_by_another_name_is_sorted_anew_once_it_is_known_whose_that_is() -> None:
    told = Told()
    by_address = replace(REPORT, seq=2, opinions=(replace(DOWN, node="10.0.0.1:6379"),))
    told.member.step(Received("s2", by_address), NOW)
    assert told.member.repeats("s2", replace(by_address, seq=3), NOW)
    told.member.names.watch((NODE, OTHER), {"10.0.0.1:6379": NODE})
    assert not told.member.repeats("s2", replace(by_address, seq=4), NOW)
