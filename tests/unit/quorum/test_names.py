"""What a peer says of a node counts whatever it calls the node."""

from __future__ import annotations

import random

import pytest

from quorum.effects import Send
from quorum.evidence import DataSeen, Evidence, EvidenceKind
from quorum.inputs import DataObserved, Gossip, Input, Observed, Received, Wake, Watch
from quorum.messages import GENESIS, Entry, Grade, HardState, Opinion, Opinions, Place, Topology
from quorum.names import Names
from quorum.opinions import OpinionBoard, Report
from tests.unit.quorum.member_cases import config, raft_member

HERE, THERE, OTHER = "redis-a:6379", "10.0.0.1:6379", "redis-b:6379"
COMMITTED = Entry(1, 1, Topology(THERE, 1, OTHER, "test", "s1", 0, 0))
KNOWN = HardState(term=1, entry=COMMITTED, committed=COMMITTED)


def names(*aliases: tuple[str, str]) -> Names:
    known = Names()
    known.watch((HERE, OTHER), dict(aliases))
    known.saw(HERE, "run-1")
    return known


@pytest.mark.parametrize(
    ("opinion", "node"),
    [
        (Opinion(HERE, True), HERE),
        (Opinion("old:1", True), HERE),
        (Opinion(THERE, True, run_id="run-1"), HERE),
        (Opinion(THERE, True, known_as=("no:1", HERE)), HERE),
        (Opinion(THERE, True, known_as=("old:1",)), HERE),
        (Opinion(THERE, True, run_id="run-9"), THERE),
        (Opinion(OTHER, True, run_id="run-1"), OTHER),
    ],
)
def test_whom_a_peer_means(opinion: Opinion, node: str) -> None:
    assert names(("old:1", HERE)).meant(opinion) == node


def test_a_process_that_has_ended_is_still_known() -> None:
    known = names()
    known.saw(HERE, "run-2")
    assert known.meant(Opinion(THERE, True, run_id="run-1")) == HERE
    known.saw(OTHER, "run-1")
    assert known.meant(Opinion(THERE, True, run_id="run-1")) == OTHER, "who has it now, has it"


def test_what_is_said_is_signed_with_what_others_may_know_the_node_by() -> None:
    known = names((THERE, HERE))
    assert known.signed(Opinion(HERE, True)) == Opinion(HERE, True, run_id="run-1", known_as=(THERE,))
    assert known.signed(Opinion(OTHER, True)) == Opinion(OTHER, True)


def test_a_topology_reads_in_the_names_of_here() -> None:
    topology = COMMITTED.topology
    assert topology is not None
    local = names((THERE, HERE)).localized(topology)
    assert (local.primary, local.previous, local.term) == (HERE, OTHER, 1)


def test_what_was_heard_is_sorted_anew_when_a_node_has_another_name() -> None:
    known = names()
    board = OpinionBoard("s1", 2, 3.0, known)
    board.set_own(Opinion(HERE, True, Grade.REFUSED))
    board.record("s2", Report.of(Opinions(1, 1, (Opinion(THERE, True, Grade.REFUSED),), GENESIS)), 0.0)
    assert not board.odown(HERE, 0.0)
    board.rename((HERE, OTHER), {THERE: HERE})
    assert board.odown(HERE, 0.0)


def test_a_peer_supports_the_primary_by_its_own_name_for_it() -> None:
    board = OpinionBoard("s1", 2, 3.0, names((THERE, HERE)))
    board.record("s2", Report.of(Opinions(1, 1, (), COMMITTED)), 1.0)
    assert board.supporters(HERE, 0.0) == {"s2"}


class Sentinel:
    """s1 of two, which has the nodes by other names than the entry and its peer."""

    def __init__(self) -> None:
        self.member = raft_member(config(members=("s1", "s2")), KNOWN, random.Random(1), 100.0)
        self.step(Watch((HERE, OTHER), ((THERE, HERE),)))
        self.step(DataObserved(HERE, DataSeen("run-1", "master", 1, 1, "h")))

    def step(self, given: Input, now: float = 101.0) -> list[object]:
        return list(self.member.step(given, now))


def test_the_agreed_primary_is_lost_by_whatever_name() -> None:
    s1 = Sentinel()
    assert s1.member.primary == HERE
    s1.step(Observed(HERE, Evidence(EvidenceKind.REFUSED)))
    sent = s1.step(Wake(), 102.0)
    told = next(effect.message for effect in sent if isinstance(effect, Send))
    assert isinstance(told, Opinions)
    assert told.opinions[0] == Opinion(HERE, True, Grade.REFUSED, run_id="run-1", known_as=(THERE,))
    s1.step(Received("s2", Opinions(1, 1, (Opinion(THERE, True, Grade.REFUSED),), COMMITTED)), 102.0)
    assert s1.member.is_odown(HERE)


def test_where_a_node_is_is_no_part_of_what_is_agreed() -> None:
    """An older sentinel leaves it out of what it passes on."""
    topology = COMMITTED.topology
    assert topology == Topology(THERE, 1, OTHER, "test", "s1", 0, 0, primary_at=Place("10.0.0.1", 6379))
    s1 = Sentinel()
    s1.step(Gossip())
    assert s1.member.quiet
