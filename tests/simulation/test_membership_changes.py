"""Members that differ, and disks that go back: S1 to S5 hold whatever the configurations say, and a change
made as the documents say comes to an end.

Everything is drawn from one seed: who is restarted with which members, whose disk is emptied or restored, the
fate of each message, crashes and partitions.
"""

from __future__ import annotations

import random

import pytest

from quorum.inputs import Gossip, Wake, Want
from quorum.messages import HardState
from tests.simulation.quorum_net import NODES, QuorumNet

WORK = frozenset({"test"})
SEEDS = 24


class Operators:
    """Whose hands change configurations and disks, sometimes against every advice."""

    def __init__(self, net: QuorumNet, rng: random.Random, size: int) -> None:
        self.net = net
        self.rng = rng
        self.target = frozenset(net.names[:size])
        self.backups: list[tuple[str, HardState]] = []

    def change_target(self) -> None:
        """One more, or one less, whether or not the last change has come to its end."""
        name = self.rng.choice(self.net.names)
        changed = self.target ^ {name}
        if len(changed) >= 2:
            self.target = changed

    def roll_out(self) -> None:
        name = self.rng.choice(sorted(self.target))
        self.net.reconfigure(name, sorted(self.target))

    def err(self) -> None:
        """Another file than anybody else's: one that leaves out another member, or replaces one."""
        name = self.rng.choice(self.net.names)
        others = [other for other in self.net.names if other != name]
        self.net.reconfigure(name, [name, *self.rng.sample(others, self.rng.randrange(1, 4))])

    def back_up(self) -> None:
        host = self.net.hosts[self.rng.choice(self.net.names)]
        self.backups = [*self.backups[-8:], (host.name, host.disk)]

    def lose_disk(self) -> None:
        """One at a time: of two, a majority's memory may be gone for good."""
        if not all(host.vouched for host in self.net.hosts.values()):
            return
        if self.backups and self.rng.random() < 0.6:
            self.net.roll_back(*self.rng.choice(self.backups))
        else:
            self.net.roll_back(self.rng.choice(self.net.names), HardState())


def faults(net: QuorumNet, rng: random.Random, hands: Operators, *, disks: bool, changes: bool) -> None:
    for _ in range(500):
        dice, name = rng.random(), rng.choice(net.names)
        if dice < 0.5 and net.packets:
            net.deliver_some(rng)
        elif dice < 0.66:
            net.advance(rng.choice([0.001, 0.01, 0.05, 0.3]))
        elif dice < 0.76:
            net.run(rng.uniform(0, 0.8))
        elif dice < 0.82:
            net.step(name, Want(WORK if rng.random() < 0.8 else frozenset()))
        elif dice < 0.86:
            net.work(name, rng.choice(NODES))
        elif dice < 0.88:
            net.resign(name)
        elif dice < 0.9:
            net.step(name, Wake(), crash_after=rng.randrange(4))
            net.crash(name, lose_lazy=rng.random() < 0.5)
        elif dice < 0.92:
            host = net.hosts[name]
            if host.member is None and name in host.members:
                net.start(name)
        elif dice < 0.94:
            net.step(name, Gossip())
        elif dice < 0.95:
            net.partition(set(rng.sample(net.names, rng.randrange(len(net.names)))))
        elif dice < 0.96:
            net.heal()
        elif changes and dice < 0.97:
            hands.change_target()
        elif changes and dice < 0.985:
            hands.roll_out()
        elif changes and dice < 0.99:
            hands.err()
        elif disks:
            hands.back_up()
            if rng.random() < 0.4:
                hands.lose_disk()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_the_configurations_say(seed: int) -> None:
    rng = random.Random(f"{seed} members")
    size = rng.choice([2, 3, 3, 4, 5])
    net = QuorumNet(size, seed, spare=2)
    net.run(1.0)
    faults(net, rng, Operators(net, rng, size), disks=False, changes=True)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_disks_that_go_back(seed: int) -> None:
    rng = random.Random(f"{seed} disks")
    net = QuorumNet(rng.choice([3, 3, 5]), seed)
    net.run(1.0)
    faults(net, rng, Operators(net, rng, len(net.names)), disks=True, changes=False)
    converge(net)


@pytest.mark.parametrize("seed", range(SEEDS // 4))
def test_a_change_as_documented_comes_to_its_end(seed: int) -> None:
    """One more or one less at a time, everybody restarted in some order, faults in between."""
    rng = random.Random(f"{seed} path")
    size = rng.choice([1, 2, 3, 3, 5])
    net = QuorumNet(size, seed, spare=2)
    net.run(1.0)
    hands = Operators(net, rng, size)
    for _ in range(3):
        faults(net, rng, hands, disks=False, changes=False)
        converge(net, hands.target)
        hands.change_target()
        for name in rng.sample(sorted(hands.target), len(hands.target)):
            net.reconfigure(name, sorted(hands.target))
            net.run(rng.uniform(0, 2.0))
        for name in net.names:
            if name not in hands.target:
                net.crash(name, lose_lazy=False)
                net.hosts[name].disk, net.hosts[name].vouched = HardState(), False
        converge(net, hands.target)
        voters = tuple(sorted(hands.target))
        for name in voters:
            member = net.hosts[name].member
            assert member is not None
            assert member.view.membership.voters == voters
            assert not member.view.membership.is_joint


def converge(net: QuorumNet, members: frozenset[str] | None = None) -> None:
    names = sorted(members) if members is not None else list(net.names)
    net.heal()
    net.packets.clear()
    for name in names:
        if net.hosts[name].member is None:
            net.start(name)
        net.step(name, Want(WORK))
    for _ in range(120):
        net.run(0.1)
        for name in net.leaders():
            net.work(name, NODES[0])
        for name in names:
            net.step(name, Gossip())
        found = [net.hosts[name].member for name in names]
        views = [member.view for member in found if member is not None]
        newest = max(view.committed.term for view in views)
        calm = len(views) == len(names) and not any(m is None or m.view.listening for m in found)
        joint = any(m is not None and m.view.membership.is_joint for m in found)
        agreed = newest and all(view.committed == views[0].committed for view in views)
        if calm and not joint and agreed and net.leaders():
            return
    told = {
        name: m.view.listening or str(m.view.membership) for name in names if (m := net.hosts[name].member)
    }
    raise AssertionError(f"L1: no agreement within 12 s of quiet: {told} {net.refused}")
