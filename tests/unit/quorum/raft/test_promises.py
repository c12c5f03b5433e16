"""With many groups in need of a leader, voters promise to stick for longer, and leases last as long."""

from __future__ import annotations

import pytest

from quorum.crowd import Always
from quorum.effects import Persist, Send
from quorum.messages import (
    Append,
    AppendReply,
    HardState,
    PreVoteReply,
    PreVoteRequest,
    VoteReply,
    VoteRequest,
)
from quorum.timing import Timing
from tests.unit.quorum.raft.register_cases import (
    NOW,
    TIMING,
    answer,
    candidate,
    hear,
    make,
    persisted,
    sent,
)

USUAL_MS = 300
SLOW = Timing(heartbeat_s=0.3, election_min_s=0.9, election_max_s=1.5, lease_s=0.75)
FAST = Timing(heartbeat_s=0.02, election_min_s=0.06, election_max_s=0.1, lease_s=0.05)
ASKED_MS = 1500
ASKED_S = ASKED_MS / 1000
LEASE_S = TIMING.lease_s * TIMING.stretch(ASKED_MS)
CROWD = Always(75)


def test_a_crowd_asks_for_longer_promises_up_to_a_limit() -> None:
    asked = [TIMING.hold_ms(size) for size in (1, 15, 16, CROWD.size, 100, 1000)]
    assert asked == [USUAL_MS, USUAL_MS, 320, ASKED_MS, 2000, 2000]
    register = make(crowd=CROWD)
    register.want(frozenset({"odown"}), NOW)
    register.wake(NOW + 1.0)
    assert sent(register.take_effects(), PreVoteRequest)


def test_a_candidate_that_is_late_itself_asks_for_longer_up_to_the_same_limit() -> None:
    asked = [TIMING.hold_ms(1, late_s) for late_s in (0.0, 0.25, 0.5, 10.0)]
    assert asked == [USUAL_MS, 1000, 2000, 2000]
    assert TIMING.hold_ms(CROWD.size, 0.1) == ASKED_MS, "the crowd may need more"
    register = make(crowd=Always(1, unread_s=0.25))
    register.want(frozenset({"odown"}), NOW)
    register.wake(NOW)
    register.take_effects()
    requests = sent(hear(register, "s2", PreVoteReply(1, True)), VoteRequest)
    assert [request.hold_ms for request in requests] == [1000, 1000]


def test_the_lease_tolerates_the_same_drift_however_long_it_is() -> None:
    for promised_ms in (100, 300, ASKED_MS, 2000):
        lease_s = TIMING.granted_s(promised_ms)
        assert lease_s / (promised_ms / 1000) == pytest.approx(TIMING.lease_s / TIMING.election_min_s)


def test_a_promise_without_a_number_counts_as_the_usual_one_or_as_ours_if_that_is_shorter() -> None:
    """A release before this tells none; it sticks for as long as it was configured to."""
    assert TIMING.granted_s(0) == TIMING.lease_s
    assert SLOW.granted_s(0) == SLOW.granted_s(USUAL_MS) < SLOW.lease_s
    assert FAST.granted_s(0) == FAST.lease_s


def test_a_voter_sticks_for_as_long_as_it_promised() -> None:
    register = make()
    effects = hear(register, "s2", VoteRequest(1, (0, 0), ASKED_MS))
    assert answer(effects) == VoteReply(1, True, promised_ms=ASKED_MS)
    assert persisted(effects) == [HardState(1, "s2", promised_ms=ASKED_MS)]
    late = hear(register, "s3", VoteRequest(2, (0, 0)), NOW + ASKED_S - 0.01)
    assert answer(late).reason == "hears from s2"
    assert answer(hear(register, "s3", VoteRequest(2, (0, 0)), NOW + ASKED_S)).granted


def test_hearing_from_the_leader_begins_the_promise_anew() -> None:
    register = make()
    hear(register, "s2", VoteRequest(1, (0, 0), ASKED_MS))
    (reply,) = sent(hear(register, "s2", Append(1, 1, None, (0, 0)), NOW + 1.0), AppendReply)
    assert reply.promised_ms == ASKED_MS
    late = hear(register, "s3", VoteRequest(2, (0, 0)), NOW + 1.0 + ASKED_S - 0.01)
    assert not answer(late).granted


def test_who_has_not_voted_for_a_leader_promises_it_no_more_than_usual() -> None:
    register = make()
    (reply,) = sent(hear(register, "s2", Append(1, 1, None, (0, 0))), AppendReply)
    assert reply.promised_ms == USUAL_MS
    assert answer(hear(register, "s3", VoteRequest(2, (0, 0)), NOW + TIMING.election_min_s)).granted


def test_what_it_promises_to_a_leader_is_on_disk_before_it_is_said() -> None:
    """It may be restarted with shorter times."""
    register = make()
    effects = hear(register, "s2", Append(1, 1, None, (0, 0)))
    assert persisted(effects)[-1].promised_ms == USUAL_MS
    assert isinstance(effects[-1], Send) and isinstance(effects[-2], Persist)
    again = hear(register, "s2", Append(1, 2, None, (0, 0)))
    assert persisted(again) == []


def test_a_voter_with_longer_times_promises_them_and_one_with_shorter_what_is_asked() -> None:
    assert SLOW.promise_ms(USUAL_MS) == 900
    assert TIMING.promise_ms(900) == 900
    assert FAST.promise_ms(0) == 60


def test_a_leader_is_heard_from_before_the_shortest_promise_of_its_voters_ends() -> None:
    register = candidate(timing=SLOW)
    hear(register, "s2", VoteReply(1, True, promised_ms=USUAL_MS))
    register.wake(NOW)
    heartbeat_at = register.next_deadline(NOW)
    assert heartbeat_at is not None
    assert heartbeat_at - NOW == pytest.approx(SLOW.heartbeat_s / 3)
    assert register.lease_valid(NOW + SLOW.lease_s / 3 - 0.01)
    assert not register.lease_valid(NOW + SLOW.lease_s / 3)


def test_nobody_makes_a_leader_send_without_end() -> None:
    assert TIMING.pace_s(1) == pytest.approx(TIMING.heartbeat_s / 10)


def test_nobody_is_promised_more_than_the_limit() -> None:
    reply = answer(hear(make(), "s2", VoteRequest(1, (0, 0), 3_600_000)))
    assert isinstance(reply, VoteReply) and reply.promised_ms == TIMING.hold_max_s * 1000


def test_a_promise_outlives_a_restart() -> None:
    """It is made at any moment before, so it counts from the start."""
    register = make(HardState(1, "s2", promised_ms=ASKED_MS))
    start = NOW - TIMING.election_max_s
    early = hear(register, "s3", VoteRequest(2, (0, 0)), start + ASKED_S - 0.01)
    assert not answer(early).granted
    assert answer(hear(register, "s3", VoteRequest(2, (0, 0)), start + ASKED_S)).granted


def test_a_leader_of_a_crowd_has_the_lease_that_it_was_granted() -> None:
    register = candidate(crowd=CROWD)
    hear(register, "s2", VoteReply(1, True, promised_ms=ASKED_MS))
    assert register.lease_valid(NOW + LEASE_S - 0.01)
    assert not register.lease_valid(NOW + LEASE_S)


@pytest.mark.parametrize("promised_ms", [0, 150, 600])
def test_the_lease_is_what_the_voters_grant_not_what_was_asked(promised_ms: int) -> None:
    register = candidate(crowd=CROWD)
    hear(register, "s2", VoteReply(1, True, promised_ms=promised_ms))
    granted_s = TIMING.granted_s(promised_ms)
    assert register.lease_valid(NOW + granted_s - 0.01)
    assert not register.lease_valid(NOW + granted_s)


def test_what_is_granted_beyond_what_was_asked_does_not_count() -> None:
    register = candidate(crowd=CROWD)
    hear(register, "s2", VoteReply(1, True, promised_ms=10_000))
    assert not register.lease_valid(NOW + LEASE_S)
