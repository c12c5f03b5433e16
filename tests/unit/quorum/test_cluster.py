"""The register of the cluster's id: drawn once, by its first leader, and never changed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from quorum.cluster import ClusterMember
from quorum.effects import Committed, Effect, Emit, Persist, Send
from quorum.errors import PeerViolationError
from quorum.inputs import Gossip, Input, PeerGone, Received, Wake
from quorum.membership import Membership
from quorum.messages import (
    GENESIS,
    Append,
    AppendReply,
    Entry,
    HardState,
    Opinions,
    PreVoteReply,
    PreVoteRequest,
    Resign,
    VoteReply,
)
from quorum.raft.journal import Journal
from quorum.raft.raft import Raft
from quorum.role import Role
from tests.unit.quorum.member_cases import config

MEMBERS = ("s1", "s2", "s3")
BLANK = HardState(membership=Membership.of(MEMBERS))
AGREED = Entry(1, 1, None, cluster_id="one")


class Alone:
    """s1 of three, whose peers are played by the test."""

    def __init__(self, state: HardState = BLANK, members: tuple[str, ...] = MEMBERS) -> None:
        made_with = config(members=members, group="@cluster", ballot=7)
        self.now = 100.0
        self.member = ClusterMember(
            made_with, Raft(made_with, state, random.Random(1), self.now, "drawn"), self.now
        )
        self.effects: list[Effect] = []

    def step(self, given: Input, after_s: float = 0.0) -> None:
        self.now += after_s
        self.effects += self.member.step(given, self.now)

    def hear(self, peer: str, committed: Entry = GENESIS) -> None:
        self.step(Received(peer, Opinions(1, 1, (), committed)))

    def sent(self, kind: type[object]) -> list[object]:
        return [
            each.message for each in self.effects if isinstance(each, Send) and isinstance(each.message, kind)
        ]

    def elect(self) -> None:
        """By s2, which speaks of the register as well."""
        self.hear("s2")
        for _ in range(20):
            self.step(Wake(), 0.1)
            if self.sent(PreVoteRequest):
                break
        term = self.member.view.term + 1
        self.step(Received("s2", PreVoteReply(term, granted=True)))
        self.step(Received("s2", VoteReply(term, True, promised_ms=300, ballot=7)))
        assert self.member.view.role is Role.LEADER

    def acknowledge(self) -> None:
        append = self.sent(Append)[-1]
        assert isinstance(append, Append) and append.entry is not None
        self.step(Received("s2", AppendReply(append.term, append.round, append.entry.id, 300)))


def test_the_first_leader_draws_it_and_resigns_once_it_is_agreed_on() -> None:
    alone = Alone()
    alone.elect()
    assert alone.member.cluster_id == ""
    alone.acknowledge()
    assert alone.member.cluster_id == "drawn"
    assert alone.member.view.role is Role.FOLLOWER and alone.sent(Resign)


def test_a_sentinel_that_is_alone_by_its_configuration_draws_it_at_once() -> None:
    alone = Alone(members=("s1",), state=HardState(membership=Membership.of(["s1"])))
    for _ in range(20):
        alone.step(Wake(), 0.1)
    assert alone.member.cluster_id == "drawn"


def test_a_successor_goes_on_with_the_id_that_it_found() -> None:
    found = replace(BLANK, term=1, entry=AGREED)
    alone = Alone(found)
    alone.elect()
    alone.acknowledge()
    assert alone.member.cluster_id == "one"


def test_nobody_is_asked_to_elect_who_does_not_speak_of_it() -> None:
    """As the sentinels of a release without it, while they are upgraded one by one."""
    alone = Alone()
    for _ in range(20):
        alone.step(Wake(), 0.1)
    assert alone.sent(PreVoteRequest) == []
    alone.hear("s2")
    asked = len(alone.sent(PreVoteRequest))
    alone.step(PeerGone("s2"))
    for _ in range(20):
        alone.step(Wake(), 0.1)
    assert asked and len(alone.sent(PreVoteRequest)) == asked


def test_where_it_is_agreed_on_nobody_stands() -> None:
    alone = Alone()
    alone.hear("s2", AGREED)
    assert alone.member.cluster_id == "one"
    for _ in range(20):
        alone.step(Gossip(), 0.1)
    assert alone.sent(PreVoteRequest) == []


def test_it_is_on_disk_before_anybody_is_told() -> None:
    alone = Alone()
    alone.elect()
    alone.acknowledge()
    told = alone.effects.index(Emit(Committed(alone.member.view.committed)))
    written = [each for each in alone.effects[:told] if isinstance(each, Persist)][-1]
    assert written.state.committed.cluster_id == "drawn" and not written.lazy


def test_what_is_agreed_on_elsewhere_is_not_learnt() -> None:
    alone = Alone(replace(BLANK, term=1, entry=AGREED, committed=AGREED))
    with pytest.raises(PeerViolationError, match="is of the cluster two, not one"):
        alone.hear("s2", Entry(9, 1, None, cluster_id="two"))
    assert alone.member.cluster_id == "one"


def test_an_entry_keeps_the_id_that_was_before_it() -> None:
    journal = Journal(replace(BLANK, term=2, entry=AGREED, committed=AGREED))
    journal.drawn = "another"
    assert journal.propose(None, None).cluster_id == "one"
