"""What is left out of a queue to a peer is said by what stays; a vote is never given up for a refusal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quorum.messages import (
    GENESIS,
    Append,
    AppendReply,
    Entry,
    Message,
    Opinions,
    PreVoteReply,
    PreVoteRequest,
    Resign,
    VoteReply,
    VoteRequest,
)
from quorum.raft.progress import NO_ROUND
from sentinel.peers.queue import MAX_MESSAGES, PeerQueue
from sentinel.peers.superseded import Item, kind_of, newest, place_of

TERMS, ROUNDS = st.integers(0, 4), st.integers(0, 3)
ID = (1, 1)
MESSAGES = st.one_of(
    st.builds(PreVoteRequest, TERMS, st.just(ID)),
    st.builds(VoteRequest, TERMS, st.just(ID)),
    st.builds(PreVoteReply, TERMS, st.booleans()),
    st.builds(VoteReply, TERMS, st.booleans()),
    st.builds(Append, TERMS, ROUNDS, st.none(), st.just(ID)),
    st.builds(AppendReply, TERMS, ROUNDS | st.just(NO_ROUND), st.just(ID)),
    st.builds(Resign, TERMS),
    st.builds(Opinions, st.integers(1, 2), ROUNDS, st.just(()), st.just(GENESIS)),
)
ITEMS = st.lists(st.tuples(st.sampled_from("gh"), MESSAGES), max_size=30)
KINDS = 11


@given(ITEMS)
def test_what_is_left_out_is_said_by_a_later_one_of_its_kind(items: list[Item]) -> None:
    kept = newest(items)
    rest = iter(items)
    assert all(item in rest for item in kept), "the order stays"
    assert newest(kept) == kept
    assert len(kept) <= KINDS * len({group for group, _ in items})
    for group, message in items:
        said = [m for g, m in kept if g == group and kind_of(m) == kind_of(message)]
        assert len(said) == 1 and place_of(said[0]) >= place_of(message)


@given(ITEMS)
def test_a_vote_gives_way_to_a_vote_of_its_term_or_a_later_one_alone(items: list[Item]) -> None:
    kept = newest(items)
    for group, message in items:
        if isinstance(message, VoteReply | PreVoteReply) and message.granted:
            assert any(
                g == group and isinstance(m, type(message)) and m.granted and m.term >= message.term
                for g, m in kept
            )
        if isinstance(message, AppendReply) and message.round != NO_ROUND:
            assert any(
                g == group
                and isinstance(m, AppendReply)
                and m.round != NO_ROUND
                and (m.term, m.round) >= (message.term, message.round)
                for g, m in kept
            )


def test_the_newest_heartbeat_of_a_term_carries_its_entry() -> None:
    entry = Entry(2, 1, None)
    before, after = Append(2, 1, None, (1, 1)), Append(2, 2, entry, (1, 1))
    assert newest([("g", before), ("g", Resign(1)), ("g", after)]) == [("g", Resign(1)), ("g", after)]


def test_a_link_is_kept_however_many_groups_elect_in_one_turn() -> None:
    queue, groups = PeerQueue(), 3 * MAX_MESSAGES
    messages: list[Message] = [PreVoteRequest(2, ID), VoteRequest(2, ID), Append(2, 1, None, ID)]
    for message in messages:
        assert all(queue.put(f"g{number}", message) for number in range(groups))
    taken, _ = queue.take()
    assert len(taken) == groups * len(messages)


def test_a_peer_that_does_not_read_costs_a_bounded_number_of_messages_a_group() -> None:
    queue = PeerQueue()
    assert all(queue.put("g", Append(2, round_, None, ID)) for round_ in range(20 * MAX_MESSAGES))
    taken, _ = queue.take()
    assert len(taken) <= MAX_MESSAGES and taken[-1] == ("g", Append(2, 20 * MAX_MESSAGES - 1, None, ID))
