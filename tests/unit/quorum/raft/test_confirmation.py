"""What is agreed on is known to be the newest until a majority last said that it had stored nothing newer."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import pytest

from quorum.inputs import Received, Wake, Want
from quorum.member import Member
from quorum.messages import Entry, EntryId, HardState, PreVoteReply, Topology, VoteReply
from quorum.raft.confirmation import ANYTHING
from tests.unit.quorum.member_cases import config, numbered, raft_member, register

NEVER, NOW = -math.inf, 100.0
OLD = Entry(1, 1, Topology("a:1", 1, None, "bootstrap", "s1", 0, 0))
NEW = Entry(2, 1, Topology("b:1", 2, "a:1", "refused", "s2", 0, 0))


def member(entry: Entry = OLD, committed: Entry = OLD, members: int = 3) -> Member:
    state = HardState(entry.term, None, entry, committed)
    return raft_member(config(members=numbered(members)), state, random.Random(1), NOW - 10)


def listener() -> Member:
    """Its state directory is new, and it has been told what is committed since."""
    new = raft_member(config(vouched=False), HardState(), random.Random(1), NOW - 10)
    register(new).learn_committed(OLD, NOW - 9)
    return new


def by(**said: float) -> Callable[[str, EntryId], float]:
    return lambda peer, _newest: said.get(peer, NEVER)


def test_whoever_may_have_forgotten_something_confirms_nothing() -> None:
    assert listener().view.listening
    assert listener().confirmed_at(by(s2=99.0), NOW) == NEVER
    assert listener().confirmed_at(by(s2=99.0, s3=98.0), NOW) == 98.0, "a majority without it suffices"
    assert listener().view.stored == ANYTHING, "its peers do not count on it either"
    assert member().view.stored == OLD.id


def test_with_one_peer_of_two_it_is_confirmed_until_that_one_spoke() -> None:
    assert member().confirmed_at(by(s2=99.0), NOW) == 99.0
    assert member().confirmed_at(by(s2=99.0, s3=98.0), NOW) == 99.0
    assert member().confirmed_at(by(), NOW) == NEVER
    assert member(members=1).confirmed_at(by(), NOW) == NOW


def test_of_five_the_second_best_peer_counts() -> None:
    assert member(members=5).confirmed_at(by(s2=99.0, s3=98.0, s4=97.0), NOW) == 98.0
    assert member(members=5).confirmed_at(by(s2=99.0), NOW) == NEVER


def test_who_has_stored_something_newer_itself_needs_a_majority_of_the_others() -> None:
    """A dead leader's entry: a majority may have it, and then it is agreed on."""
    assert member(entry=NEW).confirmed_at(by(s2=99.0), NOW) == NEVER
    assert member(entry=NEW).confirmed_at(by(s2=99.0, s3=98.0), NOW) == 98.0


def test_the_peers_are_asked_about_what_is_committed_here() -> None:
    asked: list[tuple[str, EntryId]] = []

    def said(peer: str, newest: EntryId) -> float:
        asked.append((peer, newest))
        return NEVER

    member(entry=NEW).confirmed_at(said, NOW)
    assert sorted(asked) == [("s2", OLD.id), ("s3", OLD.id)]


def test_whoever_leads_knows_by_its_lease_once_what_it_found_is_agreed_on() -> None:
    for entry, confirmed in ((OLD, True), (NEW, False)):
        leader = member(entry=entry)
        now = NOW
        leader.step(Want(frozenset({"work"})), now)
        while leader.view.term == entry.term:
            now += 0.01
            leader.step(Wake(), now)
            leader.step(Received("s2", PreVoteReply(entry.term + 1, True)), now)
        leader.step(Received("s2", VoteReply(entry.term + 1, True)), now)
        assert leader.view.lease_valid(now)
        assert (leader.confirmed_at(by(), now) == now) is confirmed


def test_no_newer_entry_is_ever_agreed_on_before_what_is_confirmed() -> None:
    """Against all ways in which three sentinels may have stored an entry: committed means two of them."""
    for holds in itertools.product([OLD, NEW], repeat=3):
        entries = dict(zip(("s1", "s2", "s3"), holds, strict=True))
        said = {peer: 99.0 for peer in ("s2", "s3") if entries[peer].id <= OLD.id}
        is_agreed = sum(entry is NEW for entry in holds) >= 2
        confirmed = member(entry=entries["s1"]).confirmed_at(by(**said), NOW)
        assert not (is_agreed and confirmed > NEVER)


@pytest.mark.parametrize("peer", ["s2", "s3"])
def test_a_stranger_has_no_say(peer: str) -> None:
    assert member().confirmed_at(by(**{peer: 99.0, "s9": 99.5}), NOW) == 99.0
