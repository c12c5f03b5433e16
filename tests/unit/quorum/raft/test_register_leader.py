"""Leading: what a leader may propose, when it is committed, how long it may act, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import pytest

from quorum.crowd import ALONE
from quorum.effects import Committed, Emit, Persist, SteppedDown
from quorum.errors import InvariantError, NotLeaderError
from quorum.messages import (
    Append,
    AppendReply,
    Entry,
    HardState,
    Intent,
    PreVoteReply,
    PreVoteRequest,
    Resign,
    VoteReply,
)
from quorum.raft.progress import NO_ROUND
from quorum.role import Role
from tests.unit.quorum.raft.register_cases import (
    NODE,
    NOW,
    OTHER,
    PROMISED_MS,
    TIMING,
    WORK,
    answer,
    candidate,
    emitted,
    hear,
    leader,
    make,
    persisted,
    place,
    sent,
    store,
    topology,
)

INTENT = Intent(OTHER, "refused", "s1", 0)
INHERITED = HardState(term=4, entry=Entry(4, 2, topology(4)))


def test_an_entry_is_sent_while_it_is_written_and_is_on_a_majority_before_it_is_committed() -> None:
    register = leader()
    entry = register.propose(topology(1), None, NOW)
    effects = register.take_effects()
    assert persisted(effects) == [HardState(1, "s1", entry)]
    assert [append.entry for append in sent(effects, Append)] == [entry] * 2
    assert place(effects, Append) < place(effects, Persist)
    assert emitted(effects) == []

    # Whatever follows from it is behind the leader's own write, for effects are applied in order.
    effects = store(register, "s2")
    assert emitted(effects) == [Committed(entry)]
    assert [append.committed_id for append in sent(effects, Append)] == [entry.id] * 2


def test_less_than_a_majority_commits_nothing() -> None:
    register = leader(size=5)
    register.propose(topology(1), None, NOW)
    assert emitted(store(register, "s2")) == []
    assert emitted(store(register, "s2")) == [], "the same follower twice is one"
    assert len(emitted(store(register, "s3"))) == 1


def test_votes_that_come_when_the_lease_by_them_is_over_make_no_leader() -> None:
    register = candidate()
    effects = hear(register, "s2", VoteReply(1, True), NOW + TIMING.lease_s)
    assert register.role is Role.FOLLOWER
    assert not sent(effects, Append)
    assert not emitted(effects)


def test_what_is_acknowledged_when_the_lease_is_over_is_not_committed() -> None:
    register = leader()
    entry = register.propose(topology(1), None, NOW)
    reply = AppendReply(1, register._progress.round, entry.id)
    effects = hear(register, "s2", reply, NOW + TIMING.lease_s)
    assert not any(isinstance(event, Committed) for event in emitted(effects))
    assert register.state.committed != entry


def test_an_acknowledgement_of_an_older_entry_commits_nothing() -> None:
    register = leader()
    first = register.propose(topology(1), INTENT, NOW)
    register.propose(topology(1), None, NOW)
    assert emitted(hear(register, "s2", AppendReply(1, 3, first.id))) == []
    assert register.state.committed.id == (0, 0)


def test_what_an_earlier_term_left_is_neither_sent_nor_committed_until_proposed_anew() -> None:
    register = candidate(state=INHERITED)
    effects = hear(register, "s2", VoteReply(5, True))
    assert [append.entry for append in sent(effects, Append)] == [None] * 2
    assert emitted(store(register, "s2")) == emitted(store(register, "s3")) == []
    assert register.state.committed.id == (0, 0)
    entry = register.propose(register.state.entry.topology, None, NOW)
    assert entry.id == (5, 3)
    assert emitted(store(register, "s2")) == [Committed(entry)]


@pytest.mark.parametrize("lazy", [False, True])
def test_a_new_topology_is_on_disk_before_anybody_is_told_an_intent_need_not_be(lazy: bool) -> None:
    """Clients must never be taken back to an older topology; that an intent is committed can be relearnt."""
    committed = Entry(1, 1, topology(1, NODE))
    entry = Entry(2, 1, topology(1, NODE) if lazy else topology(2, OTHER), INTENT if lazy else None)
    follower = make(HardState(2, None, entry, committed, PROMISED_MS))
    effects = hear(follower, "s2", Append(2, 1, entry, entry.id))
    writes = [effect for effect in effects if isinstance(effect, Persist)]
    assert writes == [Persist(HardState(2, None, entry, entry, PROMISED_MS), lazy=lazy)]
    assert effects.index(writes[0]) < effects.index(Emit(Committed(entry)))


def test_who_refuses_a_heartbeat_of_an_older_term_acknowledges_none_of_the_new_one() -> None:
    """The same sentinel led in both: what it sent in the older one was late, and named a round."""
    register = leader()
    register.wake(NOW + TIMING.heartbeat_s)
    older = sent(register.take_effects(), Append)[0]
    follower = make(HardState(2, "s1"))
    (refusal,) = sent(hear(follower, "s2", older), AppendReply)
    again = leader(state=HardState(1))
    assert refusal.term == again.state.term == 2
    again.wake(NOW + TIMING.heartbeat_s)
    again.wake(NOW + 2 * TIMING.heartbeat_s)
    hear(again, "s2", refusal, NOW + 2 * TIMING.heartbeat_s)
    assert not again.lease_valid(NOW + TIMING.lease_s)


def test_no_two_candidacies_have_a_round_in_common() -> None:
    """A release before this answers a heartbeat of an older term with the round of that heartbeat."""
    register = leader()
    register.wake(NOW + TIMING.heartbeat_s)
    rounds = {append.round for append in sent(register.take_effects(), Append)}
    register.resign(NOW + 0.11)
    register.want(frozenset(), NOW + 0.11)
    register.want(WORK, NOW + 0.11)
    register.wake(NOW + 0.2)
    register.receive("s2", PreVoteReply(2, True), NOW + 0.2)
    register.take_effects()
    elected = hear(register, "s2", VoteReply(2, True, promised_ms=PROMISED_MS), NOW + 0.2)
    assert min(append.round for append in sent(elected, Append)) > max(rounds)


def test_a_lease_that_has_run_out_is_not_renewed_by_a_late_acknowledgement() -> None:
    """Its work has ended by then: it would lead for good, and have nothing to do."""
    register = leader()
    register.wake(NOW + TIMING.heartbeat_s)
    late = store(register, "s2", NOW + TIMING.lease_s + 0.001)
    assert emitted(late) == [SteppedDown(1, "lost touch with the majority")]
    assert not register.lease_valid(NOW + TIMING.lease_s + 0.001)


def test_who_is_elected_too_late_to_act_does_not_lead() -> None:
    register = candidate()
    effects = hear(register, "s2", VoteReply(1, True, promised_ms=PROMISED_MS), NOW + TIMING.lease_s)
    assert emitted(effects) == [] and register.role is Role.FOLLOWER


def test_votes_that_come_too_late_are_a_loss_as_a_lost_lease_is() -> None:
    """Whoever stands for more than it has time for is to stand for less."""
    crowd = Mock(wraps=ALONE, size=1, late_s=0.0, unread_s=0.0)
    register = candidate(crowd=crowd)
    hear(register, "s2", VoteReply(1, True, promised_ms=PROMISED_MS), NOW + TIMING.lease_s)
    assert crowd.lost_lease.call_count == 1


def test_a_leader_writes_its_own_committed_topology_down_before_it_tells() -> None:
    register = leader()
    entry = register.propose(topology(1), None, NOW)
    register.take_effects()
    effects = store(register, "s2")
    write = Persist(replace(register.state, committed=entry), lazy=False)
    assert effects.index(write) < effects.index(Emit(Committed(entry)))


def test_a_follower_stores_before_it_answers_and_learns_of_the_commit_later() -> None:
    register = make()
    entry = Entry(1, 1, topology(1))
    effects = hear(register, "s2", Append(1, 1, entry, (0, 0)))
    assert sent(effects, AppendReply) == [AppendReply(1, 1, (1, 1), PROMISED_MS)]
    writes = [index for index, effect in enumerate(effects) if isinstance(effect, Persist)]
    assert writes[-1] < place(effects, AppendReply)
    assert persisted(effects)[-1].entry == entry
    assert emitted(effects) == []
    assert emitted(hear(register, "s2", Append(1, 2, entry, entry.id))) == [Committed(entry)]
    assert register.leader == "s2"


def test_a_follower_ignores_what_comes_late() -> None:
    register = make()
    newer, older = Entry(2, 2, topology(2)), Entry(2, 1, None)
    hear(register, "s2", Append(2, 2, newer, (0, 0)))
    late = hear(register, "s2", Append(2, 1, older, (0, 0)))
    assert sent(late, AppendReply) == [AppendReply(2, 1, (2, 2), PROMISED_MS)]
    assert register.state.entry == newer
    refused = hear(register, "s3", Append(1, 9, None, (0, 0)))
    assert sent(refused, AppendReply) == [AppendReply(2, NO_ROUND, (2, 2))]
    assert register.leader == "s2"


def test_without_a_lease_nothing_can_be_proposed_and_nothing_changes() -> None:
    register = leader()
    for late in (register, make(INHERITED), candidate(state=INHERITED)):
        before, now = late.state, NOW + TIMING.lease_s
        with pytest.raises(NotLeaderError, match="s1 does not lead in term"):
            late.propose(topology(late.state.term), None, now)
        assert late.state == before and late.take_effects() == []


def test_the_lease_runs_from_the_question_for_votes_and_each_heartbeat_that_is_answered() -> None:
    register = candidate()
    hear(register, "s2", VoteReply(1, True), NOW + 0.2)
    assert register.lease_valid(NOW + 0.2) and not register.lease_valid(NOW + TIMING.lease_s)
    hear(register, "s2", AppendReply(1, 1, (0, 0)), NOW + 0.21)
    assert register.lease_valid(NOW + 0.2 + TIMING.lease_s - 0.01)
    assert not register.lease_valid(NOW + 0.2 + TIMING.lease_s)


def test_a_leader_out_of_touch_steps_down_when_its_lease_ends() -> None:
    register = leader()
    at = NOW + TIMING.lease_s
    assert register.next_deadline(NOW) == NOW + TIMING.heartbeat_s
    register.wake(NOW + TIMING.heartbeat_s)
    assert len(sent(register.take_effects(), Append)) == 2
    register.wake(at)
    assert emitted(register.take_effects()) == [SteppedDown(1, "lost touch with the majority")]
    assert register.role is Role.FOLLOWER


def test_one_term_names_one_primary() -> None:
    register = leader()
    register.propose(topology(1, NODE), None, NOW)
    before = register.state
    register.take_effects()
    with pytest.raises(InvariantError, match=f"two primaries in term 1: {NODE}, {OTHER}"):
        register.propose(topology(1, OTHER), None, NOW)
    assert register.state == before and register.take_effects() == []
    register.propose(topology(1, NODE), None, NOW)


def test_who_resigns_frees_the_followers_at_once() -> None:
    register = leader()
    register.resign(NOW)
    effects = register.take_effects()
    assert sent(effects, Resign) == [Resign(1, 0)] * 2
    assert emitted(effects) == [SteppedDown(1, "resigned")]

    follower = make()
    follower.want(WORK, NOW)
    hear(follower, "s2", Append(1, 1, None, (0, 0)))
    assert follower.hears_leader(NOW)
    hear(follower, "s2", Resign(1, 0))
    assert not follower.hears_leader(NOW) and follower.leader is None
    assert answer(hear(follower, "s3", PreVoteRequest(2, (0, 0)))).granted
    assert follower.next_deadline(NOW) == NOW


def test_impossible_work_is_not_tried_again_sooner_by_anybody() -> None:
    register = leader()
    register.resign(NOW, retry_after_s=7.5)
    assert sent(register.take_effects(), Resign) == [Resign(1, 7500)] * 2
    follower = make()
    follower.want(WORK, NOW)
    hear(follower, "s2", Append(1, 1, None, (0, 0)))
    hear(follower, "s2", Resign(1, 7500))
    assert register.next_deadline(NOW) == follower.next_deadline(NOW) == NOW + 7.5
    assert answer(hear(follower, "s3", PreVoteRequest(2, (0, 0)))).granted, "but others may ask"


@pytest.mark.parametrize(("sender", "term"), [("s3", 2), ("s2", 1)])
def test_nobody_can_resign_for_another_or_for_an_earlier_term(sender: str, term: int) -> None:
    follower = make()
    hear(follower, "s2", Append(2, 1, None, (0, 0)))
    hear(follower, sender, Resign(term, 5000))
    assert follower.leader == "s2" and follower.hears_leader(NOW)


def test_a_fence_above_the_term_is_a_higher_term() -> None:
    register = leader()
    register.yield_to(9, NOW)
    effects = register.take_effects()
    assert persisted(effects) == [HardState(term=9)]
    assert emitted(effects) == [SteppedDown(1, "a fence of term 9")]
    register.yield_to(3, NOW)
    assert register.take_effects() == [], "a lower one is not"


def test_a_stalled_sentinel_listens_before_it_stands() -> None:
    register = leader()
    later = NOW + 10
    register.distrust(later)
    assert register.role is Role.FOLLOWER
    register.wake(later + TIMING.election_max_s - 0.01)
    assert sent(register.take_effects(), PreVoteRequest) == []
    register.wake(later + TIMING.election_max_s)
    assert len(sent(register.take_effects(), PreVoteRequest)) == 2


def test_a_committed_entry_can_be_learnt_from_anybody_once() -> None:
    register = make(HardState(term=2))
    entry = Entry(4, 2, topology(4))
    register.learn_committed(entry, NOW)
    effects = register.take_effects()
    assert emitted(effects) == [Committed(entry)]
    assert persisted(effects)[-1] == HardState(4, None, entry, entry)
    register.learn_committed(Entry(4, 1, None), NOW)
    register.learn_committed(entry, NOW)
    assert register.take_effects() == []


def test_a_sentinel_alone_elects_itself_and_commits_at_once() -> None:
    register = make(size=1)
    register.want(WORK, NOW)
    register.wake(NOW)
    entry = register.propose(topology(1), None, NOW)
    assert emitted(register.take_effects())[-1] == Committed(entry)
