"""A state directory is rolled back in the very same file, as with its machine, and believes itself.

Its peers have heard newer things of it, in their memory. Where all of them are restarted at the same time
that memory is gone, and what they have on their disks has to do.
"""

from __future__ import annotations

import random

import pytest

from quorum.inputs import Gossip, Want
from quorum.messages import HardState
from tests.simulation.quorum_net import NODES, QuorumNet

WORK = frozenset({"test"})
SEEDS = range(12)
BACK = "s1"


class Group:
    """Of ``size`` sentinels, of whom s1 has an older state on its disk than it had, and trusts it."""

    def __init__(self, size: int, seed: int) -> None:
        self.net = QuorumNet(size, seed)
        self.rng = random.Random(f"{seed} rolled back")
        self.run(2.0)
        self.agree(NODES[0], self.net.names)
        self.kept = self.net.hosts[BACK].disk
        # The change is agreed on by a majority that needs s1.
        self.lags = self.net.names[-(size // 2) :]
        self.know = tuple(name for name in self.net.names if name not in self.lags)
        self.net.partition(set(self.lags))
        self.agree(NODES[1], self.know)
        assert self.kept.entry.id < max(self.net.committed)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.1)):
            for name in self.net.names:
                self.net.step(name, Gossip())
            self.net.run(0.1)

    def agree(self, primary: str, names: tuple[str, ...]) -> None:
        self.want(names)
        for _ in range(100):
            self.run(0.1)
            for leader in self.net.leaders():
                self.net.work(leader, primary)
            if {self.primary_of(name) for name in names} == {primary}:
                for name in names:
                    self.net.resign(name)
                return
        raise AssertionError(f"{names} do not agree on {primary}")

    def want(self, names: tuple[str, ...]) -> None:
        for name in names:
            self.net.step(name, Want(WORK))

    def primary_of(self, name: str) -> str | None:
        topology = self.net.hosts[name].disk.committed.topology
        return topology.primary if topology else None

    def stop_all(self) -> None:
        for name in self.net.names:
            self.net.crash(name, lose_lazy=self.rng.random() < 0.5)
        self.net.packets.clear()

    def roll_back(self, kept: HardState) -> None:
        """Nothing shows it: it is the file that it wrote last."""
        host = self.net.hosts[BACK]
        host.disk, host.vouched = kept, True
        host.stored = kept.entry.id
        self.net.newest_told.pop(BACK, None)


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("seed", SEEDS)
def test_while_the_others_run_they_tell_it_and_it_listens(seed: int, size: int) -> None:
    group = Group(size, seed)
    net = group.net
    net.heal()
    group.run(1.0)
    net.crash(BACK, lose_lazy=False)
    group.roll_back(group.kept)
    net.start(BACK)
    group.want(net.names)
    group.run(5.0)
    assert {group.primary_of(name) for name in net.names} == {NODES[1]}


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("seed", SEEDS)
def test_where_all_are_restarted_with_it_nothing_is_undone_while_who_knows_it_is_in_touch(
    seed: int, size: int
) -> None:
    """It is told what is agreed on before it votes: for half a second after its start it votes for nobody."""
    group = Group(size, seed)
    net = group.net
    group.stop_all()
    group.roll_back(group.kept)
    net.heal()
    for name in group.rng.sample(net.names, size):
        net.start(name)
        net.run(group.rng.uniform(0.0, 0.3) / size)
    group.want(net.names)
    group.run(8.0)
    assert {group.primary_of(name) for name in net.names} == {NODES[1]}


@pytest.mark.parametrize("restarted", [True, False])
def test_where_nobody_who_knows_it_is_in_touch_it_is_undone_restarted_or_not(restarted: bool) -> None:
    """The condition that the documents name. What peers remember, or would keep, cannot be told then."""
    group = Group(3, 0)
    net = group.net
    if restarted:
        group.stop_all()
    else:
        net.crash(BACK, lose_lazy=False)
    group.roll_back(group.kept)
    net.partition({name for name in group.know if name != BACK})
    for name in net.names:
        if net.hosts[name].member is None:
            net.start(name)
    group.want(net.names)
    while not net.leaders():
        group.run(0.1)
    (leader,) = net.leaders()
    assert net.hosts[leader].disk.entry.id < max(net.committed), "it leads, and lacks what was agreed on"
