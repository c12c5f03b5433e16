"""What a process has promised, and its successor does not know: of the answers to it some are still on
their way.
"""

from __future__ import annotations

from collections.abc import Callable

from quorum.inputs import Received, Wake, Want
from quorum.messages import (
    Append,
    AppendReply,
    Message,
    Opinions,
    PreVoteReply,
    PreVoteRequest,
    VoteReply,
    VoteRequest,
)
from tests.simulation.quorum_net import NODES, Packet, QuorumNet

WORK = frozenset({"test"})
ELECTION = (PreVoteRequest, PreVoteReply, VoteRequest, VoteReply)


class Bag:
    """The network's messages, taken out by hand."""

    def __init__(self, net: QuorumNet) -> None:
        self.net = net
        net.run(1.0)

    def take(self, *kinds: type[Message], between: tuple[str, ...]) -> list[Packet]:
        """Out of the bag, and not delivered."""
        members, bag = set(between), self.net.packets
        taken = [p for p in bag if isinstance(p.message, kinds) and {p.sender, p.to} <= members]
        self.net.packets = [packet for packet in bag if packet not in taken]
        return taken

    def deliver(self, *kinds: type[Message], between: tuple[str, ...]) -> None:
        """And what follows from it."""
        while taken := self.take(*kinds, between=between):
            self.give(taken)

    def give(self, packets: list[Packet]) -> None:
        for packet in packets:
            self.net.step(packet.to, Received(packet.sender, packet.message))

    def elect(self, name: str, *voters: str) -> None:
        self.net.step(name, Want(WORK))
        self.until(lambda: name in self.net.leaders(), name, *voters)

    def until(self, condition: Callable[[], bool], *members: str, seconds: float = 5.0) -> None:
        """Elections among ``members`` alone, for so long at most."""
        end = self.net.now + seconds
        while not condition() and self.net.now < end:
            self.net.now += 0.01
            for name in members:
                self.net.step(name, Wake())
            self.deliver(*ELECTION, between=members)


def test_what_a_listener_was_told_before_its_promises_were_over_does_not_count() -> None:
    """s3 has stored s1's entry, and loses its directory. Then s2 stores it too, which makes it committed."""
    net = QuorumNet(5)
    bag = Bag(net)
    blank = net.hosts["s3"].disk
    bag.elect("s1", "s2", "s3", "s4", "s5")
    net.packets.clear()
    net.work("s1", NODES[0])
    bag.give(bag.take(Append, between=("s1", "s3")))
    stored = bag.take(AppendReply, between=("s1", "s3"))
    late = bag.take(Append, between=("s1", "s2"))
    net.packets.clear()
    assert stored and late
    net.roll_back("s3", blank)
    bag.deliver(Opinions, between=("s2", "s3", "s4", "s5"))
    bag.give(late)
    bag.give(stored)
    bag.deliver(AppendReply, between=("s1", "s2"))
    assert net.committed, "the entry is agreed on"
    net.partition({"s3", "s4", "s5"})
    net.packets.clear()
    net.step("s4", Want(WORK))
    net.run(4.0)
    assert not net.leaders(), "of three that do not know it, s3 has forgotten it"
    net.heal()
    for name in net.names:
        net.step(name, Want(WORK))
    net.run(4.0)
    assert net.leaders() and all(h.disk.entry.id >= max(net.committed) for h in net.hosts.values())


def test_a_vote_for_a_candidacy_of_the_former_process_is_none_for_the_new_one() -> None:
    """s1 asks for votes and dies before its own is written: its next process stands in the same term."""
    net = QuorumNet(3)
    bag = Bag(net)
    net.step("s1", Want(WORK))
    while not (asked := bag.take(VoteRequest, between=("s1", "s2"))):
        net.now += 0.01
        net.step("s1", Wake())
        bag.give(bag.take(PreVoteRequest, between=("s1", "s2")))
        granted = bag.take(PreVoteReply, between=("s1", "s2"))
        for packet in granted:
            # It dies behind the two requests.
            net.step(packet.to, Received(packet.sender, packet.message), crash_after=2)
    term = net.hosts["s1"].disk.term
    bag.give(asked)
    late = bag.take(VoteReply, between=("s1", "s2"))
    assert late and net.hosts["s1"].member is None
    net.packets.clear()
    net.start("s1")
    net.run(0.6)
    net.step("s1", Want(WORK))
    while not bag.take(VoteRequest, between=("s1", "s2")):
        net.now += 0.01
        net.step("s1", Wake())
        bag.deliver(PreVoteRequest, PreVoteReply, between=("s1", "s2"))
    assert net.hosts["s1"].disk.term == term + 1, "the very term in which it stood before"
    net.packets.clear()
    bag.elect("s3", "s2")
    bag.give(late)
    assert net.leaders() == ["s3"]
