"""A cluster that was founded anew is another one: who returns with the former directory does not undo it.

Two registers for each sentinel, as in the daemon: of the group, and of the cluster's id. Links are refused as
the daemon's handshakes do it.
"""

from __future__ import annotations

import random

import pytest

from quorum.cluster import ClusterMember
from quorum.inputs import Gossip, PeerGone, Want
from quorum.member import Member
from quorum.member_config import MemberConfig
from quorum.messages import HardState
from quorum.raft.raft import Raft
from sentinel.peers.cluster import is_foreign
from tests.simulation.quorum_net import NODES, QuorumNet

SEEDS = 3
FORMER, NEW = NODES[0], NODES[1]


class IdNet(QuorumNet):
    """The registers of the cluster's id."""

    drawn = 0

    def make(self, config: MemberConfig, state: HardState, rng: random.Random, now: float) -> Member:
        self.drawn += 1
        return ClusterMember(config, Raft(config, state, rng, now, f"cluster-{self.drawn}"), now)

    def refuses(self, one: str, other: str) -> bool:
        return is_foreign(self.id_of(one), self.id_of(other))

    def id_of(self, name: str) -> str:
        """What it names to its peers: what is on its disk."""
        return self.hosts[name].disk.committed.cluster_id


class GroupNet(QuorumNet):
    ids: IdNet | None = None

    def refuses(self, one: str, other: str) -> bool:
        return self.ids is not None and self.ids.refuses(one, other)


class Pair:
    """Both registers of ``size`` sentinels."""

    def __init__(self, size: int, seed: int) -> None:
        self.ids = IdNet(size, seed)
        self.group = GroupNet(size, seed)
        self.group.ids = self.ids
        self.nets = (self.ids, self.group)
        self.names = self.ids.names

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.1)):
            for net in self.nets:
                for name in self.names:
                    net.step(name, Gossip())
                net.run(0.1)

    def stop(self, name: str) -> None:
        for net in self.nets:
            net.crash(name, lose_lazy=False)
            for other in self.names:
                net.step(other, PeerGone(name))

    def empty(self, name: str) -> None:
        for net in self.nets:
            net.roll_back(name, HardState())

    def start(self, name: str) -> None:
        for net in self.nets:
            net.start(name)

    def known_ids(self) -> set[str]:
        return {self.ids.id_of(name) for name in self.names}

    def agree(self, primary: str, names: tuple[str, ...]) -> None:
        for name in names:
            self.group.step(name, Want(frozenset({"test"})))
        for _ in range(60):
            self.run(0.1)
            for name in self.group.leaders():
                self.group.work(name, primary)
            if all(self.primary_of(name) == primary for name in names):
                break
        for name in names:
            self.group.resign(name)
        assert {self.primary_of(name) for name in names} == {primary}

    def primary_of(self, name: str) -> str | None:
        topology = self.group.hosts[name].disk.committed.topology
        return topology.primary if topology else None


def founded_anew(seed: int) -> tuple[Pair, tuple[str, ...]]:
    """Of five, the last is away with the former directory, and the others have founded another cluster."""
    pair = Pair(5, seed)
    pair.run(3.0)
    for primary in (*NODES, FORMER):
        pair.agree(primary, pair.names)
    *left, away = pair.names
    pair.stop(away)
    for net in pair.nets:
        net.leader_of.clear()
        net.primary_of.clear()
        net.committed.clear()
        net.packets.clear()
        for host in net.hosts.values():
            host.stored = (0, 0)
        net.newest_told.clear()
    for name in left:
        pair.stop(name)
    for name in left:
        pair.empty(name)
    pair.run(6.0)
    pair.agree(NEW, tuple(left))
    return pair, tuple(left)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_sentinel_of_the_former_cluster_does_not_undo_what_the_next_one_agreed_on(seed: int) -> None:
    pair, left = founded_anew(seed)
    away = pair.names[-1]
    pair.start(away)
    pair.run(3.0)
    assert {pair.primary_of(name) for name in left} == {NEW}
    assert pair.ids.refuses(away, left[0])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_cluster_draws_one_id_and_a_new_cluster_another(seed: int) -> None:
    pair = Pair(5, seed)
    pair.run(3.0)
    assert len(pair.known_ids()) == 1 and "" not in pair.known_ids()
    anew, left = founded_anew(seed)
    assert len({anew.ids.id_of(name) for name in left}) == 1
    assert len(anew.known_ids()) == 2
