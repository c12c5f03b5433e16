"""One sentinel's whole part: from what it sees of the nodes to an election, and what may come between."""

from __future__ import annotations

import math
import random

import pytest

from quorum.effects import Committed, Effect, Elected, Emit, OdownChanged, OpinionChanged, Send, SteppedDown
from quorum.errors import NotLeaderError, PeerViolationError
from quorum.evidence import DataSeen, Evidence, EvidenceKind
from quorum.inputs import (
    DataObserved,
    Gossip,
    Input,
    Observed,
    PeerGone,
    Propose,
    Received,
    Stalled,
    StopLeading,
    Wake,
    Want,
    Watch,
    YieldTo,
)
from quorum.member import UNFINISHED
from quorum.messages import (
    GENESIS,
    Append,
    Entry,
    Grade,
    HardState,
    Intent,
    Opinion,
    Opinions,
    PreVoteReply,
    PreVoteRequest,
    Topology,
    VoteReply,
)
from quorum.timing import Timing
from tests.unit.quorum.member_cases import TTL_S, config, hard_state, numbered, raft_member

NODE, OTHER = "redis-a:6379", "redis-b:6379"
TIMING = Timing()
START = 100.0
NOW = START + TIMING.election_max_s
COMMITTED = Entry(1, 1, Topology(NODE, 1, None, "test", "s1", 0, 0))
HALF_DONE = Entry(2, 1, COMMITTED.topology, Intent(OTHER, "", "s2", 0))
KNOWN = HardState(term=1, entry=COMMITTED, committed=COMMITTED)
REFUSED = Opinion(NODE, True, Grade.REFUSED)


class Sentinel:
    """s1, the first in line of three; it watches two nodes, the first of which is primary."""

    def __init__(self, state: HardState = KNOWN, quorum: int = 2, members: int = 3) -> None:
        made_with = config(members=numbered(members), quorum=quorum)
        self.member = raft_member(made_with, state, random.Random(1), START)
        self.step(Watch((NODE, OTHER)), START)
        self.see(EvidenceKind.ALIVE, NOW)

    def step(self, given: Input, now: float = NOW) -> list[Effect]:
        return self.member.step(given, now)

    def see(self, kind: EvidenceKind, now: float) -> list[Effect]:
        self.step(Observed(OTHER, Evidence(EvidenceKind.ALIVE)), now)
        return self.step(Observed(NODE, Evidence(kind)), now)

    def hear(
        self, opinion: Opinion, now: float, peer: str = "s2", committed: Entry = GENESIS
    ) -> list[Effect]:
        seq = round(now * 1000)
        return self.step(Received(peer, Opinions(1, seq, (opinion,), committed)), now)

    def lose_primary(self, now: float = NOW) -> list[Effect]:
        """The primary's process is gone; ``refused_after`` later this sentinel calls it down."""
        self.see(EvidenceKind.REFUSED, now - 0.2)
        return self.step(Wake(), now)


def events(effects: list[Effect]) -> list[object]:
    return [effect.event for effect in effects if isinstance(effect, Emit)]


def asks_for_votes(effects: list[Effect]) -> bool:
    return any(isinstance(effect, Send) and isinstance(effect.message, PreVoteRequest) for effect in effects)


def reports(effects: list[Effect]) -> list[Opinions]:
    return [e.message for e in effects if isinstance(e, Send) and isinstance(e.message, Opinions)]


def test_an_opinion_is_pushed_to_the_peers_the_moment_it_changes() -> None:
    sentinel = Sentinel()
    effects = sentinel.lose_primary(NOW + 1)
    assert events(effects) == [OpinionChanged(REFUSED)]
    assert [report.opinions for report in reports(effects)] == [(REFUSED,)] * 2
    assert sentinel.step(Wake(), NOW + 1) == [], "and not again"


def test_a_quorum_that_agrees_starts_an_election() -> None:
    sentinel = Sentinel()
    assert not asks_for_votes(sentinel.lose_primary(NOW + 1))
    effects = sentinel.hear(REFUSED, NOW + 1.1)
    assert events(effects) == [OdownChanged(NODE, True, ("s1", "s2"))]
    assert asks_for_votes(effects)
    assert sentinel.member.is_odown(NODE) and sentinel.member.gone_by_all(NODE, NOW + 1.1)


def test_the_others_alone_do_not() -> None:
    sentinel = Sentinel(quorum=2)
    for peer in ("s2", "s3"):
        assert not asks_for_votes(sentinel.hear(REFUSED, NOW + 0.1, peer))
    assert not sentinel.member.is_odown(NODE)


def test_nor_does_an_opinion_that_has_gone_stale() -> None:
    sentinel = Sentinel()
    sentinel.hear(REFUSED, NOW)
    effects = sentinel.lose_primary(NOW + TTL_S)
    assert not asks_for_votes(effects) and not sentinel.member.is_odown(NODE)


def test_agreement_ends_when_the_opinions_go_stale() -> None:
    sentinel = Sentinel()
    sentinel.lose_primary(NOW + 1)
    sentinel.hear(REFUSED, NOW + 1)
    assert OdownChanged(NODE, False, ("s1",)) in events(sentinel.step(Wake(), NOW + 1 + TTL_S))


def test_a_peer_out_of_touch_no_longer_counts() -> None:
    sentinel = Sentinel()
    sentinel.lose_primary(NOW + 1)
    sentinel.hear(REFUSED, NOW + 1)
    assert events(sentinel.step(PeerGone("s2"), NOW + 1.1)) == [OdownChanged(NODE, False, ("s1",))]


def test_a_replica_that_is_down_is_no_work() -> None:
    sentinel = Sentinel()
    sentinel.step(Observed(OTHER, Evidence(EvidenceKind.REFUSED)), NOW)
    sentinel.step(Wake(), NOW + 0.2)
    effects = sentinel.hear(Opinion(OTHER, True, Grade.REFUSED), NOW + 0.3)
    assert events(effects) == [OdownChanged(OTHER, True, ("s1", "s2"))]
    assert not asks_for_votes(effects)


def test_not_everybody_saw_it_gone() -> None:
    sentinel = Sentinel()
    sentinel.lose_primary(NOW + 1)
    sentinel.hear(Opinion(NODE, True, Grade.SILENT), NOW + 1)
    assert sentinel.member.is_odown(NODE) and not sentinel.member.gone_by_all(NODE, NOW + 1)


def test_misconfiguration_never_starts_an_election() -> None:
    sentinel = Sentinel(quorum=1)
    for later in range(1, 100):
        sentinel.see(EvidenceKind.MISCONFIGURED, NOW + later - 0.5)
        assert not asks_for_votes(sentinel.hear(REFUSED, NOW + later))
    assert sentinel.member.misconfigured(NODE) == "misconfigured"
    assert not sentinel.member.verdict(NODE, NOW + 99.4).down


def test_a_stalled_sentinel_starts_no_election_on_what_it_did_not_see() -> None:
    sentinel = Sentinel(quorum=1)
    later = NOW + 60
    assert sentinel.step(Stalled(60.0), later) == []
    assert sentinel.step(Wake(), later + 0.9) == []
    sentinel.hear(REFUSED, later + 0.9)
    assert asks_for_votes(sentinel.step(Wake(), later + 1.0)), "silence since then counts"


def test_a_stalled_sentinel_listens_for_a_leader_before_it_stands_for_other_work() -> None:
    sentinel, later = Sentinel(), NOW + 60
    sentinel.step(Stalled(60.0), later)
    sentinel.step(Want(frozenset({"operator"})), later)
    assert not asks_for_votes(sentinel.step(Wake(), later + TIMING.election_max_s - 0.01))
    assert asks_for_votes(sentinel.step(Wake(), later + TIMING.election_max_s))


def test_a_stall_starts_the_silence_anew_but_not_how_long_the_node_has_been_away() -> None:
    sentinel = Sentinel()
    sentinel.step(Stalled(60.0), NOW + 60)
    assert sentinel.member.silence_s(NODE, NOW + 61) == pytest.approx(1.0)
    assert sentinel.member.unanswered_s(NODE, NOW + 61) == pytest.approx(61.0)
    sentinel.see(EvidenceKind.ALIVE, NOW + 62)
    assert sentinel.member.unanswered_s(NODE, NOW + 62) == 0.0


def test_a_stall_makes_what_the_peers_said_worthless() -> None:
    sentinel = Sentinel()
    sentinel.hear(REFUSED, NOW + 1)
    sentinel.step(Stalled(1.0), NOW + 1)
    sentinel.see(EvidenceKind.REFUSED, NOW + 1)
    sentinel.step(Wake(), NOW + 2)
    assert sentinel.member.verdict(NODE, NOW + 2).down and not sentinel.member.is_odown(NODE)


@pytest.mark.parametrize(
    ("what", "state"),
    [
        ("an entry that is not known to be committed", HardState(2, None, Entry(2, 1, None), COMMITTED)),
        ("an intent", HardState(2, None, HALF_DONE, HALF_DONE)),
    ],
)
def test_what_a_dead_leader_left_unfinished_makes_a_follower_stand(what: str, state: HardState) -> None:
    sentinel = Sentinel(state)
    sentinel.step(Received("s2", Append(2, 1, None, GENESIS.id)))
    assert not asks_for_votes(sentinel.step(Wake(), NOW + TIMING.election_min_s - 0.01)), "it may be alive"
    later = NOW + 2 * TIMING.election_max_s
    assert asks_for_votes(sentinel.step(Wake(), later))
    sentinel.step(Received("s2", PreVoteReply(3, True)), later)
    effects = sentinel.step(Received("s2", VoteReply(3, True)), later)
    assert Elected(3, frozenset({UNFINISHED}), state.entry) in events(effects)


def test_a_sentinel_that_was_away_catches_up_from_gossip_without_an_election() -> None:
    sentinel = Sentinel(HardState())
    effects = sentinel.hear(Opinion(NODE, False), NOW, committed=COMMITTED)
    assert Committed(COMMITTED) in events(effects) and not asks_for_votes(effects)
    assert sentinel.member.primary == NODE
    (report, _) = reports(sentinel.step(Gossip(), NOW))
    assert report.committed == COMMITTED, "and passes it on"


def test_gossip_repeats_what_it_thinks_under_a_new_number() -> None:
    sentinel = Sentinel()
    first = reports(sentinel.lose_primary(NOW + 1))[0]
    again = reports(sentinel.step(Gossip(), NOW + 1.1))[0]
    assert (again.opinions, again.boot) == (first.opinions, first.boot) and again.seq > first.seq


def test_all_is_quiet_until_it_finds_a_node_down_or_a_leader_leaves_work_unfinished() -> None:
    sentinel = Sentinel()
    assert sentinel.member.quiet
    sentinel.lose_primary(NOW + 1)
    assert not sentinel.member.quiet
    entry = Entry(1, 2, COMMITTED.topology, Intent(OTHER, "because", "s2", 0))
    assert not Sentinel(HardState(term=1, entry=entry, committed=COMMITTED)).member.quiet


def test_another_sign_of_life_is_noted_and_nothing_else() -> None:
    sentinel = Sentinel()
    alive = Evidence(EvidenceKind.ALIVE)
    judgements = sentinel.member.judgements
    assert sentinel.member.confirms(NODE, alive, NOW + 0.9)
    assert sentinel.step(Wake(), NOW + 1.8) != [], "the other node is silent"
    assert sentinel.member.judgements > judgements
    assert not sentinel.member.verdict(NODE, NOW + 1.8).down, "and this one was heard in time"
    assert not sentinel.member.confirms("stranger:6379", alive, NOW)


def elected(sentinel: Sentinel, now: float = NOW) -> None:
    sentinel.step(Want(frozenset({"test"})), now)
    for message in (PreVoteReply(2, True), VoteReply(2, True)):
        sentinel.step(Received("s2", message), now)
    assert sentinel.member.view.lease_valid(now)


def test_a_leader_yields_to_a_fence_and_next_goes_above_it() -> None:
    sentinel = Sentinel()
    elected(sentinel)
    effects = sentinel.step(YieldTo(41))
    assert SteppedDown(2, "a fence of term 41") in events(effects)
    asked = [e.message for e in effects if isinstance(e, Send) and isinstance(e.message, PreVoteRequest)]
    assert [request.term for request in asked] == [42, 42]


def test_only_a_leader_proposes_and_a_refusal_changes_nothing() -> None:
    sentinel = Sentinel()
    before = hard_state(sentinel.member)
    with pytest.raises(NotLeaderError):
        sentinel.step(Propose(None))
    with pytest.raises(PeerViolationError):
        sentinel.step(Received("stranger", PreVoteRequest(9, (9, 9))))
    assert sentinel.step(Wake()) == [] and hard_state(sentinel.member) == before
    sentinel.step(Received("stranger", Opinions(1, 1, (REFUSED,), Entry(9, 9, None))))
    assert hard_state(sentinel.member) == before


def test_a_leader_without_work_that_stops_stays_stopped() -> None:
    sentinel = Sentinel()
    elected(sentinel)
    sentinel.step(Want(frozenset()))
    assert SteppedDown(2, "resigned") in events(sentinel.step(StopLeading()))
    assert not asks_for_votes(sentinel.step(Wake(), NOW + 0.9))


def seen(role: str, run: str = "run-1", keys: int = 100) -> DataSeen:
    return DataSeen(run, role, keys, 5000, "h")


def test_a_primary_that_answers_as_a_replica_is_down_after_a_while() -> None:
    sentinel = Sentinel(quorum=1)
    sentinel.step(DataObserved(NODE, seen("slave")))
    sentinel.see(EvidenceKind.ALIVE, NOW + 0.9)
    assert not sentinel.member.verdict(NODE, NOW + 0.9).down
    sentinel.step(Wake(), NOW + 1.0)
    assert sentinel.member.verdict(NODE, NOW + 1.0).grade is Grade.UNUSABLE


def test_a_wiped_primary_is_down_at_once() -> None:
    sentinel = Sentinel(quorum=1)
    sentinel.step(DataObserved(OTHER, seen("slave", "run-r")))
    sentinel.step(DataObserved(NODE, seen("master", "run-1")))
    effects = sentinel.step(DataObserved(NODE, wiped()))
    assert OpinionChanged(Opinion(NODE, True, Grade.REGRESSED)) in events(effects)
    assert asks_for_votes(effects)


@pytest.mark.parametrize("role", ["master", "slave"])
@pytest.mark.parametrize(("keys", "fell"), [(500, True), (100, False)])
def test_fewer_keys_prove_a_loss_once_a_replica_was_heard_after_the_restart(
    role: str, keys: int, fell: bool
) -> None:
    """Until its end the primary may have let them expire, and the replica as well."""
    sentinel = Sentinel(quorum=1)
    sentinel.step(DataObserved(OTHER, seen("slave", "run-r", keys=500)))
    sentinel.step(DataObserved(NODE, seen("master", "run-1", keys=500)))
    assert not events(sentinel.step(DataObserved(NODE, wiped(100, role, started_empty=False))))
    assert sentinel.member.memory.unheard == (OTHER,)
    effects = sentinel.step(DataObserved(OTHER, seen("slave", "run-r", keys=keys)))
    assert (OpinionChanged(Opinion(NODE, True, Grade.REGRESSED)) in events(effects)) is fell
    assert not sentinel.member.memory.unheard


def wiped(keys: int = 0, role: str = "master", *, started_empty: bool = True) -> DataSeen:
    return DataSeen("run-2", role, keys, 0, "h2", started_empty=started_empty)


def test_what_a_replica_said_by_the_time_the_connection_closed_counts() -> None:
    """The primary's own last word may be older than all its data."""
    sentinel = Sentinel(quorum=1)
    sentinel.step(DataObserved(NODE, seen("master", "run-1", keys=0)))
    sentinel.step(DataObserved(OTHER, seen("slave", "run-r")))
    sentinel.see(EvidenceKind.CLOSED, NOW)
    effects = sentinel.step(DataObserved(NODE, wiped()))
    assert OpinionChanged(Opinion(NODE, True, Grade.REGRESSED)) in events(effects)


def test_a_primary_that_clients_filled_again_is_wiped_still() -> None:
    sentinel = Sentinel(quorum=1)
    sentinel.step(DataObserved(OTHER, seen("slave", "run-r")))
    sentinel.step(DataObserved(NODE, seen("master", "run-1")))
    effects = sentinel.step(DataObserved(NODE, wiped(keys=500)))
    assert OpinionChanged(Opinion(NODE, True, Grade.REGRESSED)) in events(effects)
    effects = sentinel.step(DataObserved(NODE, wiped(keys=501, started_empty=False)))
    assert OpinionChanged(Opinion(NODE, False, Grade.NONE)) in events(effects), (
        "it has nothing more to prove it"
    )


def test_a_replica_that_is_heard_after_a_wiped_primary_tells_what_it_had() -> None:
    sentinel = Sentinel(quorum=1)
    sentinel.step(DataObserved(NODE, seen("master", "run-1", keys=0)))
    sentinel.step(DataObserved(OTHER, seen("slave", "run-r", keys=0)))
    assert not events(sentinel.step(DataObserved(NODE, wiped(keys=9))))
    effects = sentinel.step(DataObserved(OTHER, seen("slave", "run-r", keys=100)))
    assert OpinionChanged(Opinion(NODE, True, Grade.REGRESSED)) in events(effects)
    follows = DataSeen("run-r", "slave", 9, 10, "h2")
    effects = sentinel.step(DataObserved(OTHER, follows))
    assert OpinionChanged(Opinion(NODE, False, Grade.NONE)) in events(effects), "it is too late"


def test_nodes_come_and_go() -> None:
    sentinel = Sentinel()
    sentinel.lose_primary(NOW + 1)
    effects = sentinel.step(Watch((OTHER, "redis-c:6379")), NOW + 1)
    assert reports(effects)[0].opinions == ()
    assert sentinel.member.silence_s(NODE, NOW + 1) == 0.0
    assert sentinel.member.silence_s("redis-c:6379", NOW + 1) == math.inf
    assert not sentinel.member.verdict("redis-c:6379", NOW + 1.9).down, "detection of it starts now"


def test_it_asks_to_be_woken_when_the_next_conclusion_is_due() -> None:
    sentinel = Sentinel()
    sentinel.see(EvidenceKind.REFUSED, NOW)
    at = sentinel.member.next_deadline(NOW)
    assert at == pytest.approx(NOW + 0.1)
    assert at is not None and OpinionChanged(REFUSED) in events(sentinel.step(Wake(), at))
