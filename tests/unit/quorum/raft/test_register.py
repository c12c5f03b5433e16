"""Following, standing and voting: what a register answers, and what it writes down before it does."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from quorum.crowd import ALONE
from quorum.effects import Elected, Persist, SteppedDown
from quorum.errors import AbsurdTermError, PeerViolationError
from quorum.membership import Membership
from quorum.messages import (
    GENESIS,
    Append,
    AppendReply,
    Entry,
    HardState,
    Message,
    Opinions,
    PreVoteReply,
    PreVoteRequest,
    Resign,
    VoteReply,
    VoteRequest,
)
from quorum.raft.campaign import Campaign
from quorum.raft.register import Register
from quorum.role import Role
from quorum.terms import MAX_JUMP, MAX_TERM
from tests.unit.quorum.raft.register_cases import (
    ASKING,
    NOW,
    PROMISED_MS,
    START,
    TIMING,
    WORK,
    Asking,
    answer,
    candidate,
    emitted,
    hear,
    leader,
    make,
    persisted,
    place,
    sent,
    topology,
)

NEWER = Entry(4, 2, topology(4))
FAR = 7 + MAX_JUMP + 1

WITH = Membership.of(["s1", "s2", "s3"])


def test_an_election_from_the_first_question_to_the_first_heartbeat() -> None:
    register = make()
    register.want(WORK, NOW)
    register.wake(NOW)
    effects = register.take_effects()
    assert sent(effects, PreVoteRequest) == [PreVoteRequest(1, (0, 0), WITH)] * 2
    assert persisted(effects) == [], "asking changes nothing"

    effects = hear(register, "s2", PreVoteReply(1, True))
    assert persisted(effects) == [HardState(term=1, voted_for="s1")]
    assert sent(effects, VoteRequest) == [VoteRequest(1, (0, 0), PROMISED_MS, under=WITH)] * 2
    assert isinstance(effects[-1], Persist), "its own vote counts behind its write"

    effects = hear(register, "s2", VoteReply(1, True))
    assert emitted(effects) == [Elected(1, WORK, GENESIS)]
    assert sent(effects, Append) == [Append(1, 1, None, (0, 0), WITH)] * 2
    assert register.role is Role.LEADER and register.leader == "s1"


def test_a_vote_is_on_disk_before_anybody_hears_of_it() -> None:
    effects = hear(make(), "s2", VoteRequest(1, (0, 0)))
    assert persisted(effects)[-1] == HardState(term=1, voted_for="s2", promised_ms=PROMISED_MS)
    writes = [index for index, effect in enumerate(effects) if isinstance(effect, Persist)]
    assert writes[-1] < place(effects, VoteReply)
    assert sent(effects, VoteReply) == [VoteReply(1, True, promised_ms=PROMISED_MS)]


def test_it_votes_once_in_a_term_and_repeats_that_vote() -> None:
    register = make(HardState(term=1, voted_for="s2"))
    assert sent(hear(register, "s3", VoteRequest(1, (0, 0))), VoteReply) == [
        VoteReply(1, False, "voted for s2 in term 1")
    ]
    assert sent(hear(register, "s2", VoteRequest(1, (0, 0))), VoteReply) == [
        VoteReply(1, True, promised_ms=PROMISED_MS)
    ]


@pytest.mark.parametrize("ask", ASKING)
def test_a_candidate_whose_entry_is_older_gets_no_vote(ask: Asking) -> None:
    register = make(HardState(term=4, entry=NEWER))
    effects = hear(register, "s2", ask(5, (4, 1)))
    reply = answer(effects)
    assert (reply.granted, reply.reason) == (False, "has the newer entry (4, 2)")


@pytest.mark.parametrize("ask", ASKING)
def test_it_refuses_anybody_while_it_hears_a_leader(ask: Asking) -> None:
    register = make()
    hear(register, "s2", Append(1, 1, None, (0, 0)))
    before = register.state
    later = NOW + TIMING.election_min_s
    effects = hear(register, "s3", ask(9, (0, 0)), later - 0.01)
    reply = answer(effects)
    assert (reply.granted, reply.reason) == (False, "hears from s2")
    assert register.state == before, "a sentinel that was away must not unseat a live leader"
    effects = hear(register, "s3", ask(9, (0, 0)), later)
    reply = answer(effects)
    assert reply.granted


def test_it_sticks_to_whom_it_has_just_voted_for() -> None:
    register = make()
    hear(register, "s2", VoteRequest(1, (0, 0)))
    assert sent(hear(register, "s3", VoteRequest(2, (0, 0))), VoteReply) == [
        VoteReply(1, False, "hears from s2")
    ]


@pytest.mark.parametrize("ask", ASKING)
def test_a_leader_with_a_valid_lease_votes_for_nobody(ask: Asking) -> None:
    register = leader()
    effects = hear(register, "s3", ask(9, (9, 9)))
    reply = answer(effects)
    assert (reply.granted, reply.reason) == (False, "leads with a valid lease")
    assert register.lease_valid(NOW)


@pytest.mark.parametrize("ask", ASKING)
def test_a_restarted_sentinel_keeps_quiet_for_an_election_timeout(ask: Asking) -> None:
    register = make(HardState(term=3))
    effects = hear(register, "s2", ask(9, (0, 0)), NOW - 0.01)
    reply = answer(effects)
    assert (reply.granted, reply.term) == (False, 3)
    register.want(WORK, START)
    register.wake(NOW - 0.01)
    assert register.take_effects() == [], "nor does it stand"


@pytest.mark.parametrize("term", [1, 2, 4])
def test_a_vote_counts_for_exactly_the_term_that_it_was_given_in(term: int) -> None:
    register = candidate(state=HardState(term=2))
    assert register.state.term == 3
    hear(register, "s2", VoteReply(term, True))
    assert not register.lease_valid(NOW)
    assert register.role is not Role.LEADER


@pytest.mark.parametrize("term", [2, 4])
def test_a_pre_vote_counts_for_exactly_the_term_that_was_asked_for(term: int) -> None:
    register = make(HardState(term=2))
    register.want(WORK, NOW)
    register.wake(NOW)
    hear(register, "s2", PreVoteReply(term, True))
    assert register.role is Role.PRE_CANDIDATE and register.state.term == 2


def standing(ballot: int) -> Register:
    register = make(ballot=ballot)
    register.want(WORK, NOW)
    register.wake(NOW)
    register.receive("s2", PreVoteReply(1, True), NOW)
    assert register.role is Role.CANDIDATE
    return register


@pytest.mark.parametrize(
    ("ballot", "counts"), [(7, True), (6, False), (0, False)], ids=["own", "of another process", "none"]
)
def test_a_vote_counts_for_the_process_that_asked_for_it(ballot: int, counts: bool) -> None:
    register = standing(7)
    assert [request.ballot for request in sent(register.take_effects(), VoteRequest)] == [7, 7]
    hear(register, "s2", VoteReply(1, True, promised_ms=PROMISED_MS, ballot=ballot))
    assert (register.role is Role.LEADER) is counts


def test_a_vote_that_does_not_say_whose_it_is_counts_where_no_former_process_can_have_stood() -> None:
    register = standing(7)
    register.wake(NOW + 1)
    hear(register, "s2", PreVoteReply(2, True), NOW + 1)
    hear(register, "s2", VoteReply(2, True, promised_ms=PROMISED_MS), NOW + 1)
    assert register.role is Role.LEADER and register.state.term == 2


@pytest.mark.parametrize("term", [5, 1], ids=["granted", "refused"])
def test_a_vote_says_for_which_process_it_is(term: int) -> None:
    register = make(HardState(term=3))
    reply = answer(hear(register, "s2", VoteRequest(term, (9, 9), ballot=8)))
    assert isinstance(reply, VoteReply)
    assert reply.ballot == 8 and reply.granted is (term == 5)


def test_votes_for_an_earlier_candidacy_do_not_count_for_this_one() -> None:
    register = make(size=5)
    register.want(WORK, NOW)
    register.wake(NOW)
    for peer in ("s2", "s3"):
        register.receive(peer, PreVoteReply(1, True), NOW)
    register.receive("s2", VoteReply(1, True), NOW)
    later = NOW + TIMING.election_max_s
    register.wake(later)
    for peer in ("s2", "s3"):
        register.receive(peer, PreVoteReply(2, True), later)
    assert register.role is Role.CANDIDATE and register.state.term == 2
    register.receive("s3", VoteReply(2, True), later)
    register.receive("s4", VoteReply(1, True), later)
    assert not register.lease_valid(later)
    register.receive("s4", VoteReply(2, True), later)
    assert register.lease_valid(later)


@pytest.mark.parametrize(
    "message",
    [
        Append(7, 1, None, (0, 0)),
        AppendReply(7, 1, (0, 0)),
        VoteReply(7, False, "is in term 7"),
        PreVoteReply(7, False, "is in term 7"),
        Resign(7),
    ],
)
def test_a_higher_term_ends_any_leadership(message: Message) -> None:
    register = leader()
    effects = hear(register, "s3", message)
    assert emitted(effects) == [SteppedDown(1, "s3 is in term 7")]
    assert persisted(effects) == [replace(register.state, term=7, voted_for=None)]
    assert register.role is Role.FOLLOWER and not register.lease_valid(NOW)


def test_a_pre_vote_granted_for_a_higher_term_is_no_higher_term() -> None:
    register = leader()
    assert hear(register, "s3", PreVoteReply(7, True)) == []
    assert register.lease_valid(NOW) and register.state.term == 1


def test_who_lost_asks_again_later_and_anew() -> None:
    register = candidate()
    for peer in ("s2", "s3"):
        hear(register, peer, VoteReply(1, False, "no"))
    assert register.role is Role.FOLLOWER
    assert register.state == HardState(term=1, voted_for="s1")
    at = register.next_deadline(NOW)
    assert at is not None and at >= NOW + TIMING.election_min_s
    register.wake(at)
    assert sent(register.take_effects(), PreVoteRequest) == [PreVoteRequest(2, (0, 0), WITH)] * 2


def test_it_does_not_stand_while_it_hears_a_leader_nor_without_work() -> None:
    register = make()
    register.want(WORK, NOW)
    hear(register, "s2", Append(1, 1, None, (0, 0)))
    register.wake(NOW + TIMING.election_min_s - 0.01)
    assert register.take_effects() == []
    register.want(frozenset(), NOW)
    assert register.next_deadline(NOW) is None
    register.wake(NOW + 100)
    assert register.take_effects() == []


def test_a_candidate_whose_work_is_gone_stops_standing() -> None:
    register = candidate()
    register.want(frozenset(), NOW)
    hear(register, "s2", VoteReply(1, True))
    assert register.role is Role.FOLLOWER


@pytest.mark.parametrize(
    ("sender", "message", "problem"),
    [
        ("s9", VoteRequest(9, (0, 0)), "not a member"),
        ("s1", VoteRequest(9, (0, 0)), "not a member"),
        ("s2", Append(1, 1, None, (0, 0)), "leads in term 1, as we do"),
        ("s2", Opinions(1, 1, (), GENESIS), "is not for the register"),
    ],
)
def test_what_no_correct_peer_can_say_is_dropped(sender: str, message: Message, problem: str) -> None:
    register = leader()
    before = register.state
    with pytest.raises(PeerViolationError, match=problem) as violation:
        register.receive(sender, message, NOW)
    assert violation.value.peer == sender
    assert register.state == before and register.lease_valid(NOW) and register.take_effects() == []


@pytest.mark.parametrize("term", [5, 7])
def test_a_leader_cannot_send_an_entry_of_another_term(term: int) -> None:
    register = make(HardState(term=5))
    with pytest.raises(PeerViolationError, match=f"sent an entry of term 4 in term {term}"):
        register.receive("s2", Append(term, 1, NEWER, (0, 0)), NOW)
    assert register.state == HardState(term=5) and register.take_effects() == []


def test_a_sentinel_must_be_one_of_the_members() -> None:
    campaign = Campaign(0, TIMING, random.Random(1), not_before=START, crowd=ALONE)
    with pytest.raises(ValueError, match="'s9' is not one of the members"):
        Register("s9", frozenset({"s1"}), campaign, TIMING, HardState(), START)


def test_two_registers_with_the_same_randomness_do_the_same() -> None:
    first, second = candidate(), candidate()
    for register in (first, second):
        hear(register, "s2", VoteReply(1, False, "no"))
    assert first.next_deadline(NOW) == second.next_deadline(NOW)
    assert first.state == second.state


def test_who_refuses_a_candidate_for_its_older_entry_lets_it_try_first() -> None:
    """Standing at once, it would depose a leader that it cannot replace: the others stick to that one."""
    newer = Entry(3, 2, topology(3))
    register = make(HardState(3, None, newer, Entry(3, 1, topology(3))))
    register.want(WORK, NOW)
    effects = hear(register, "s2", VoteRequest(4, (3, 1)))
    assert not answer(effects).granted
    register.wake(NOW + TIMING.stagger_s)
    assert not sent(register.take_effects(), PreVoteRequest)
    register.wake(NOW + 2 * TIMING.election_max_s)
    assert sent(register.take_effects(), PreVoteRequest)


@pytest.mark.parametrize(
    "message",
    [
        PreVoteRequest(FAR, (0, 0)),
        PreVoteReply(FAR, False),
        VoteRequest(FAR, (0, 0)),
        VoteReply(FAR, False),
        Append(FAR, 1, None, (0, 0)),
        AppendReply(FAR, 1, (0, 0)),
        Resign(FAR),
    ],
    ids=lambda message: message.kind,
)
def test_a_peer_in_a_term_that_nobody_counted_to_is_refused_by_name(message: Message) -> None:
    register = leader(state=HardState(term=6))
    before = register.state
    with pytest.raises(AbsurdTermError, match=r"peer s2: is in term .* more than 2\^32 above ours"):
        hear(register, "s2", message)
    assert register.state == before and register.role is Role.LEADER
    assert register.take_effects() == []


def test_what_a_majority_has_come_to_is_believed_however_far_it_is() -> None:
    """A client moved them on, jump by jump, while this one was away."""
    register = make(HardState(term=7), size=5)
    for peer in ("s2", "s3"):
        with pytest.raises(AbsurdTermError):
            hear(register, peer, VoteReply(FAR, False))
    with pytest.raises(AbsurdTermError):
        hear(register, "s2", VoteReply(FAR, False))
    with pytest.raises(AbsurdTermError):
        hear(register, "s4", VoteReply(FAR + 2 * MAX_JUMP, False))
    hear(register, "s5", VoteReply(FAR + 1, False))
    assert register.state.term == FAR + 1


def test_who_has_come_to_its_senses_counts_no_longer_among_those_ahead() -> None:
    register = make(HardState(term=7))
    with pytest.raises(AbsurdTermError):
        hear(register, "s2", VoteReply(FAR, False))
    hear(register, "s2", VoteReply(6, False))
    with pytest.raises(AbsurdTermError):
        hear(register, "s3", VoteReply(FAR, False))


def test_one_that_was_ahead_for_years_is_followed() -> None:
    register = make(HardState(term=7))
    assert answer(hear(register, "s2", VoteRequest(FAR - 1, (0, 0)))).granted


def test_an_absurd_fence_is_not_yielded_to() -> None:
    register = leader(state=HardState(term=6))
    register.yield_to(FAR, NOW)
    assert register.state.term == 7 and register.lease_valid(NOW)
    register.yield_to(FAR - 1, NOW)
    assert register.state.term == FAR - 1 and not register.lease_valid(NOW)


def test_an_absurd_commit_is_not_learnt() -> None:
    register = make(HardState(term=7))
    with pytest.raises(AbsurdTermError, match="peer s2"):
        register.learn_committed(Entry(FAR, 1, topology(FAR)), NOW, "s2")
    assert register.state == HardState(term=7)


def test_nobody_stands_in_a_term_that_cannot_be_told() -> None:
    register = make(HardState(term=MAX_TERM))
    register.want(WORK, NOW)
    register.wake(NOW)
    assert register.take_effects() == []
    assert (register.next_deadline(NOW) or 0.0) > NOW
