"""A lease lasts as long as a majority's promises surely do, and not a moment longer."""

from __future__ import annotations

import math
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from quorum.membership import Membership
from quorum.raft.lease import Lease

LEASE_S = 0.25
MEMBERS = frozenset({"s1", "s2", "s3", "s4", "s5"})
PEERS = ("s2", "s3", "s4", "s5")


def lease(*peers: str) -> Lease:
    return Lease(Membership.of({"s1", *peers}), "s1", LEASE_S)


def test_there_is_none_before_a_majority_has_acknowledged() -> None:
    held = lease(*PEERS)
    held.sent(1, 10.0)
    assert held.valid_until(10.0) == -math.inf
    held.acknowledged("s2", 1, LEASE_S)
    assert held.valid_until(10.0) == -math.inf
    held.acknowledged("s3", 1, LEASE_S)
    assert held.valid_until(10.0) == 10.0 + LEASE_S


def test_it_counts_from_when_the_message_was_sent_not_from_when_the_answer_came() -> None:
    held = lease("s2", "s3")
    held.sent(1, 10.0)
    held.acknowledged("s2", 1, LEASE_S)
    assert held.valid_until(10.2) == 10.0 + LEASE_S


def test_an_answer_grants_nothing_from_a_round_that_was_sent_after_what_it_answers() -> None:
    held = lease("s2", "s3")
    held.sent(1, 10.0)
    held.sent(2, 10.1)
    held.acknowledged("s2", 1, LEASE_S)
    assert held.valid_until(10.1) == 10.0 + LEASE_S


def test_a_late_answer_to_an_older_round_does_not_shorten_it() -> None:
    held = lease("s2", "s3")
    held.sent(1, 10.0)
    held.sent(2, 10.1)
    held.acknowledged("s2", 2, LEASE_S)
    held.acknowledged("s2", 1, LEASE_S)
    assert held.valid_until(10.1) == 10.1 + LEASE_S


def test_an_answer_to_a_round_that_is_older_than_the_lease_is_worth_nothing() -> None:
    held = lease("s2", "s3")
    held.sent(1, 10.0)
    held.sent(2, 10.0 + LEASE_S + 0.01)
    held.acknowledged("s2", 1, LEASE_S)
    assert held.valid_until(10.3) == -math.inf


def test_strangers_oneself_and_rounds_never_sent_do_not_count() -> None:
    held = lease("s2", "s3")
    held.sent(1, 10.0)
    for sender, round_ in (("stranger", 1), ("s1", 1), ("s2", 9)):
        held.acknowledged(sender, round_, LEASE_S)
    assert held.valid_until(10.0) == -math.inf


def test_a_sentinel_alone_always_holds_it() -> None:
    assert lease().valid_until(10.0) == 10.0 + LEASE_S


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.floats(0, 0.1)),
            st.tuples(st.sampled_from(PEERS), st.integers(1, 20)),
        ),
        max_size=40,
    )
)
def test_it_is_the_best_that_any_majority_grants(events: list[tuple[str, float]]) -> None:
    held, now, sent, acked = (
        Lease(Membership.of(MEMBERS), "s1", LEASE_S),
        10.0,
        dict[int, float](),
        dict[str, float](),
    )
    for who, value in events:
        if who == "send":
            now += value
            sent[len(sent) + 1] = now
            held.sent(len(sent), now)
        else:
            held.acknowledged(who, int(value), LEASE_S)
            if value in sent:
                acked[who] = max(acked.get(who, -math.inf), sent[int(value)])
    granted = [min(acked.get(a, -math.inf), acked.get(b, -math.inf)) for a, b in combinations(PEERS, 2)]
    naive = max(granted) + LEASE_S
    # What has run out is forgotten; until when it was valid no longer matters.
    assert held.valid_until(now) == naive or max(naive, held.valid_until(now)) < now
