"""To whom a sentinel gives its vote: each reason to refuse, and when it ends."""

from __future__ import annotations

import pytest

from quorum.messages import Entry, HardState, PreVoteRequest, VoteRequest
from quorum.raft.voter import Voter
from quorum.timing import Timing

TIMING = Timing()
START = 100.0
AWAKE = START + TIMING.election_max_s
STATE = HardState(term=5, entry=Entry(4, 2, None))


def voter() -> Voter:
    return Voter(TIMING, START, 0)


@pytest.mark.parametrize("ask", [VoteRequest, PreVoteRequest])
@pytest.mark.parametrize(
    ("term", "entry_id", "voted_for", "refusal"),
    [
        (6, (4, 2), None, ""),
        (6, (5, 1), None, ""),
        (5, (4, 2), None, ""),
        (5, (4, 2), "s2", ""),
        (5, (4, 2), "s3", "voted for s3 in term 5"),
        (6, (4, 2), "s3", ""),
        (4, (4, 2), None, "is in term 5"),
        (6, (4, 1), None, "has the newer entry (4, 2)"),
        (6, (3, 9), None, "has the newer entry (4, 2)"),
    ],
)
def test_s2_asks(
    ask: type[VoteRequest | PreVoteRequest],
    term: int,
    entry_id: tuple[int, int],
    voted_for: str | None,
    refusal: str,
) -> None:
    state = HardState(STATE.term, voted_for, STATE.entry)
    assert voter().refusal("s2", ask(term, entry_id), state) == refusal


def test_after_a_start_it_votes_for_nobody_until_any_promise_has_run_out() -> None:
    assert voter().loyalty("s2", AWAKE - 0.001) == "started less than an election timeout ago"
    assert voter().loyalty("s2", AWAKE) == ""


def test_it_sticks_to_a_leader_for_the_shortest_election_timeout() -> None:
    loyal = voter()
    loyal.stick_to("s2", AWAKE)
    until = AWAKE + TIMING.election_min_s
    assert loyal.loyalty("s3", until - 0.001) == "hears from s2"
    assert loyal.loyalty("s2", until - 0.001) == "", "the leader itself may ask again"
    assert loyal.loyalty("s3", until) == ""


def test_only_whom_it_sticks_to_can_release_it() -> None:
    loyal = voter()
    loyal.stick_to("s2", AWAKE)
    assert not loyal.release("s3", AWAKE)
    assert loyal.loyalty("s3", AWAKE) == "hears from s2"
    assert loyal.release("s2", AWAKE)
    assert loyal.loyalty("s3", AWAKE) == ""
