"""Who may have forgotten something takes no part until a majority of the others has told it."""

from __future__ import annotations

import random

import pytest

from quorum.effects import Effect, Persist, Send
from quorum.errors import MembershipError
from quorum.inputs import IdTwice, Received, Wake, Want
from quorum.member import Member
from quorum.membership import Membership
from quorum.messages import (
    FORGOTTEN,
    GENESIS,
    About,
    Append,
    AppendReply,
    Entry,
    HardState,
    Message,
    Opinions,
    Part,
    PreVoteReply,
    PreVoteRequest,
    VoteReply,
    VoteRequest,
)
from tests.unit.quorum.member_cases import IDS, config, hard_state, raft_member, recovery

WITH = Membership.of(IDS)
OLD, NEW = Entry(3, 1, None), Entry(4, 2, None)
START = 100.0
LATER = START + 5.0
KEPT = HardState(3, "s2", OLD, OLD, membership=WITH)


def member(state: HardState = KEPT, *, vouched: bool = False, members: tuple[str, ...] = IDS) -> Member:
    return raft_member(config(members=members, vouched=vouched), state, random.Random(1), START)


def said(
    entry: Entry = OLD,
    term: int = 3,
    *,
    part: str = Part.VOTER,
    under: Membership = WITH,
    heard: tuple[tuple[str, int, int], ...] = (),
    seq: int = 1,
    asks: bool = False,
    answers: tuple[tuple[str, int, int], ...] | None = None,
) -> Opinions:
    return Opinions(7, seq, (), entry, about=About(term, None, under, part, asks, heard, answers))


def hear(one: Member, peer: str, message: Message, now: float = LATER) -> list[Effect]:
    return one.step(Received(peer, message), now)


def asked(one: Member, now: float) -> tuple[tuple[str, int, int], ...]:
    """What answers the question that it asks now."""
    sent = [e.message for e in one.step(Wake(), now) if isinstance(e, Send)]
    newest = [message for message in sent if isinstance(message, Opinions)][-1]
    return (("s1", newest.boot, newest.seq),)


def answers(effects: list[Effect]) -> list[Message]:
    kinds = (PreVoteReply, VoteReply, AppendReply)
    return [e.message for e in effects if isinstance(e, Send) and isinstance(e.message, kinds)]


def grants(one: Member, now: float = LATER) -> bool:
    (reply,) = answers(hear(one, "s2", PreVoteRequest(9, (9, 9), WITH), now))
    assert isinstance(reply, PreVoteReply)
    return reply.granted


LEARNT = HardState(3, None, OLD, OLD)
"""New, and told what is committed before it could take part."""


@pytest.mark.parametrize("state", [KEPT, HardState(), LEARNT], ids=["not its own", "new", "new and told"])
def test_a_listener_votes_for_nobody_acknowledges_nothing_and_does_not_stand(state: HardState) -> None:
    one = member(state)
    assert not grants(one)
    (reply,) = answers(hear(one, "s2", VoteRequest(9, (9, 9), 0, WITH)))
    assert isinstance(reply, VoteReply) and not reply.granted and "listens only" in reply.reason
    assert answers(hear(one, "s2", Append(9, 1, Entry(9, 1, None), (0, 0), WITH))) == []
    assert one.view.term == state.term
    sent = one.step(Want(frozenset({"work"})), LATER) + one.step(Wake(), LATER + 1)
    assert not any(isinstance(e, Send) and isinstance(e.message, PreVoteRequest) for e in sent)


def test_a_majority_of_the_others_tells_it_and_what_it_may_have_promised_is_over_first() -> None:
    one = member()
    hear(one, "s2", said(NEW, term=4, answers=asked(one, START)), START + 0.1)
    hear(one, "s3", said(OLD, answers=asked(one, START + 1.1)), START + 1.2)
    assert one.view.listening and "0 of 2" in one.view.listening
    again = asked(one, START + 2.1)
    hear(one, "s2", said(NEW, term=4, seq=2, answers=again), START + 2.2)
    assert "1 of 2" in one.view.listening
    effects = hear(one, "s3", said(OLD, seq=2, answers=again), START + 2.2)
    assert not one.view.listening
    written = [e.state for e in effects if isinstance(e, Persist)]
    assert written[-1] == HardState(4, FORGOTTEN, NEW, NEW, membership=WITH)
    assert grants(one, START + 2.2)


def test_what_was_said_before_that_and_comes_late_does_not_count() -> None:
    one = member()
    early = asked(one, START)
    asked(one, START + 2.1)
    for peer in ("s2", "s3"):
        hear(one, peer, said(NEW, term=4, answers=early), START + 2.2)
    assert one.view.listening


def test_a_release_that_does_not_say_what_it_answers_is_taken_by_when_it_came() -> None:
    one = member()
    for peer in ("s2", "s3"):
        hear(one, peer, said(NEW, term=4), START + 1.9)
    assert one.view.listening
    for peer in ("s2", "s3"):
        hear(one, peer, said(NEW, term=4, seq=2), START + 2.1)
    assert not one.view.listening


def test_whoever_asks_is_told_which_question_it_is_that_is_answered() -> None:
    one = member(vouched=True)
    effects = hear(one, "s2", said(part=Part.NEW, asks=True, seq=4))
    (told,) = [e.message for e in effects if isinstance(e, Send) and isinstance(e.message, Opinions)]
    assert told.about is not None and told.about.answers == (("s2", 7, 4),)


def test_it_votes_for_nobody_in_a_term_in_which_it_may_have_voted() -> None:
    one = member()
    for peer in ("s2", "s3"):
        hear(one, peer, said(NEW, term=4))
    (reply,) = answers(hear(one, "s2", VoteRequest(4, NEW.id, 0, WITH)))
    assert isinstance(reply, VoteReply) and not reply.granted


def test_who_listens_too_tells_nothing_that_counts() -> None:
    one = member()
    hear(one, "s2", said())
    hear(one, "s3", said(GENESIS, term=0, part=Part.NEW))
    assert one.view.listening and one.view.is_stuck and "found-anew" in one.view.listening


def test_where_nobody_has_a_history_all_begin_at_once() -> None:
    one = member(HardState())
    for peer in ("s2", "s3"):
        hear(one, peer, said(GENESIS, term=0, part=Part.NEW), START + 0.1)
    assert not one.view.listening
    assert not grants(one, START + 0.4) and grants(one, START + 0.6)


def test_new_ones_with_other_members_found_nothing() -> None:
    one = member(HardState())
    other = Membership.of(["s1", "s2", "s3", "s4"])
    hear(one, "s2", said(GENESIS, term=0, part=Part.NEW, under=other))
    hear(one, "s3", said(GENESIS, term=0, part=Part.NEW))
    assert one.view.listening


def test_who_vouches_for_its_state_takes_part_at_once_and_so_does_one_of_an_earlier_release() -> None:
    assert grants(member(vouched=True))
    assert grants(member(HardState(3, "s2", OLD, OLD), vouched=True)), "it kept no membership"


def test_one_whose_peers_remember_more_of_it_than_it_has_listens() -> None:
    one = member(vouched=True)
    hear(one, "s2", said(heard=(("s1", *OLD.id),)))
    assert not one.view.listening
    hear(one, "s2", said(heard=(("s1", 3, 2),), seq=2))
    assert one.view.listening and "older than what its peers" in one.view.listening
    assert not grants(one)


def test_an_older_word_of_a_peer_replaces_no_newer_one() -> None:
    one = member()
    hear(one, "s2", said(part=Part.LISTENER, seq=5))
    hear(one, "s2", said(seq=4))
    hear(one, "s3", said())
    assert one.view.listening


def test_members_are_kept_on_disk_and_further_ones_are_refused_at_the_start() -> None:
    with pytest.raises(MembershipError):
        member(vouched=True, members=("s1", "s2", "s4"))
    one = member(vouched=True, members=("s1", "s2", "s3", "s4"))
    effects = one.step(Wake(), LATER)
    kept = [e.state.membership for e in effects if isinstance(e, Persist) and not e.lazy]
    assert kept == [Membership(("s1", "s2", "s3", "s4"), 1, IDS)]


def test_a_new_set_counts_alone_once_a_majority_of_the_former_has_it_and_its_majority_has_the_entry() -> None:
    four = ("s1", "s2", "s3", "s4")
    joint = Membership(four, 1, IDS)
    one = member(vouched=True, members=four)
    hear(one, "s4", said(under=joint))
    assert one.view.membership.is_joint, "one of three has it"
    hear(one, "s2", said(NEW, under=joint, term=6))
    assert one.view.membership.is_joint, "of the new members two lack what s2 has"
    hear(one, "s4", said(NEW, under=joint, seq=2))
    assert one.view.membership == joint.alone()
    assert one.view.term == 6, "an election by the new set alone is above all terms of the former"


def test_votes_and_entries_are_given_to_nobody_with_the_former_members() -> None:
    one = member(vouched=True, members=("s1", "s2", "s3", "s4"))
    assert not grants(one)
    assert answers(hear(one, "s2", Append(9, 1, Entry(9, 1, None), (0, 0), WITH))) == []
    assert one.view.newest == OLD


def test_a_peer_with_members_further_away_is_not_listened_to_at_all() -> None:
    one = member(vouched=True)
    other = Membership.of(["s1", "s2", "s4"])
    hear(one, "s2", said(NEW, under=other))
    assert one.view.committed == OLD
    assert "s1 s2 s4" in one.view.apart["s2"]


def test_whoever_asks_is_told_and_an_answer_is_not_answered() -> None:
    one = member(vouched=True)
    effects = hear(one, "s2", said(part=Part.NEW, asks=True))
    told = [e for e in effects if isinstance(e, Send) and isinstance(e.message, Opinions)]
    assert [e.to for e in told] == ["s2"]
    answer = told[0].message
    assert isinstance(answer, Opinions) and answer.about is not None and not answer.about.asks


def test_who_has_a_twin_listens_until_it_is_gone_and_what_that_promised_is_over() -> None:
    one = member(vouched=True)
    assert grants(one)
    one.step(IdTwice(True), LATER)
    assert not grants(one) and "another process has its id" in one.view.listening
    for peer in ("s2", "s3"):
        hear(one, peer, said(NEW, term=4, seq=2), LATER + 3.0)
    assert one.view.listening and not one.view.is_stuck, "the other one may promise anything still"
    one.step(IdTwice(False), LATER + 4.0)
    for seq, now in ((3, LATER + 4.1), (4, LATER + 6.1)):
        assert one.view.listening
        for peer in ("s2", "s3"):
            hear(one, peer, said(NEW, term=4, seq=seq), now)
    assert not one.view.listening
    assert one.view.term == 4 and hard_state(one).voted_for == FORGOTTEN


RETIRED = KEPT.retire()


def test_a_retired_state_is_vouched_for_by_nobody_and_says_so() -> None:
    one = member(RETIRED, vouched=True)
    assert recovery(one).part == Part.NEW and "started without this group" in one.view.listening
    assert not grants(one)


def test_what_one_peer_says_is_committed_does_not_bring_back_a_retired_group() -> None:
    one = member(RETIRED, vouched=True)
    hear(one, "s2", said(NEW, term=4))
    assert hard_state(one) == RETIRED
    hear(one, "s3", said(GENESIS, term=4))
    assert hard_state(one) == HardState(4, FORGOTTEN, NEW, NEW, membership=WITH)


def test_who_has_kept_a_term_begins_anew_only_once_what_it_may_have_promised_is_over() -> None:
    one = member(RETIRED, vouched=True)
    for now in (START + 0.1, START + 2.1):
        assert one.view.listening
        answered = asked(one, now)
        for peer in ("s2", "s3"):
            report = said(GENESIS, 0, part=Part.NEW, seq=int(now), answers=answered)
            hear(one, peer, report, now + 0.05)
    assert not one.view.listening
    assert hard_state(one) == HardState(3, "s2", membership=WITH), "it goes on above its own terms"


def test_where_too_few_are_left_to_tell_of_a_retired_group_no_directory_is_to_be_set_aside() -> None:
    one = member(RETIRED, vouched=True)
    hear(one, "s2", said(GENESIS, part=Part.NEW))
    assert not one.view.is_stuck, "they may be about to begin"
    hear(one, "s3", said(OLD))
    why = one.view.listening
    assert one.view.is_stuck and "start s3 once without this group" in why and "found-anew" not in why


def test_a_twin_makes_no_voter_of_a_retired_one() -> None:
    one = member(RETIRED, vouched=True)
    one.step(IdTwice(True), START)
    one.step(IdTwice(False), START + 1)
    assert one.view.is_retired and recovery(one).part == Part.NEW


def test_a_retired_group_takes_the_members_that_are_configured_by_now() -> None:
    one = member(RETIRED, vouched=True, members=("s1", "s4", "s5"))
    assert one.view.membership == Membership.of(["s1", "s4", "s5"])


def test_one_that_is_alone_begins_anew_above_its_former_terms() -> None:
    one = member(RETIRED, members=("s1", "s2"))
    assert one.view.listening, "s2 and s3 were members"
    alone = member(HardState(3, "s1", membership=Membership.of(["s1"]), retired=True), members=("s1",))
    alone.step(Wake(), START)
    assert hard_state(alone) == HardState(3, "s1", membership=Membership.of(["s1"]))
