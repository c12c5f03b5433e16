"""What peers say reaches whom it is for, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from quorum.messages import Message, Resign
from sentinel.group.from_peers import FromPeers
from sentinel.group.registers import Registers
from sentinel.notices.change import Change
from sentinel.peers.notes import ChangeNote, DeliveredNote
from sentinel.process.clock import STALL_S
from sentinel.process.run_check import RunCheck

CHANGE = Change("here", 7, "a:1", "b:1", "refused", "s2", 0, 0)


class FakeRegister:
    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[object] = []

    def received(self, sender: str, message: Message) -> None:
        self.seen.append((sender, message))

    def peer_gone(self, peer: str) -> None:
        self.seen.append(f"{peer} is gone")

    def stalled(self, gap_s: float) -> None:
        self.seen.append(gap_s)

    def gossip(self) -> None:
        self.seen.append("gossips")


class World:
    def __init__(self) -> None:
        self.check = RunCheck()
        self.registers = Registers(self.check)
        self.group, self.cluster = FakeRegister("here"), FakeRegister("@cluster")
        for register in (self.group, self.cluster):
            self.registers.add(cast(Any, register))
        self.kept: list[Change] = []
        self.told: list[object] = []
        self.peers = FromPeers(
            registers=self.registers,
            groups=cast(Any, {"here": SimpleNamespace(gossip=self.group.gossip)}),
            cluster=cast(Any, self.cluster),
            keep=self.kept.append,
            on_delivered=self.told.append,
            on_touch=lambda: self.told.append("touch"),
            on_word=lambda: self.told.append("word"),
        )


async def test_a_message_reaches_the_register_of_its_group_alone() -> None:
    world = World()
    world.peers.heard("s2", [("here", Resign(1)), ("elsewhere", Resign(2)), ("@cluster", Resign(3))])
    assert world.group.seen == [("s2", Resign(1))]
    assert world.cluster.seen == [("s2", Resign(3))]


async def test_a_change_is_kept_of_a_group_that_is_watched() -> None:
    world = World()
    world.peers.noted("s2", ChangeNote(CHANGE))
    world.peers.noted("s2", ChangeNote(replace(CHANGE, group="elsewhere")))
    world.peers.noted("s2", DeliveredNote(("one",)))
    assert world.kept == [CHANGE] and world.told == [("one",)]


async def test_all_registers_are_told_of_a_peer_that_went_and_none_of_one_that_came() -> None:
    world = World()
    world.peers.touched("s2", True)
    assert not world.group.seen and world.told == ["touch"]
    world.peers.touched("s2", False)
    assert world.group.seen == ["s2 is gone"] == world.cluster.seen
    assert world.told == ["touch", "touch"]


async def test_a_peer_that_can_be_reached_is_told_everything_anew() -> None:
    world = World()
    world.peers.linked("s2")
    world.peers.answered("s2")
    assert world.group.seen == ["gossips"] == world.cluster.seen
    assert world.told == ["word"]


async def test_all_registers_are_told_of_a_stall() -> None:
    world = World()
    world.check(0.0)
    world.check(2 * STALL_S)
    assert world.group.seen == [2 * STALL_S] == world.cluster.seen
