"""S1-S5 and S8 of the agreement core under every interleaving that hypothesis can think of.

Messages are lost, doubled, delayed and reordered; sentinels crash between any two effects, with and without
their last lazy write, and come back; the network splits and heals; clocks drift within the bound.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from quorum.inputs import Gossip, Received, Wake, Want
from quorum.timing import Timing
from tests.simulation.quorum_net import NODES, SLOWEST, TIMING, TIMINGS, QuorumNet

WORK = frozenset({"test"})


class AgreementMachine(RuleBasedStateMachine):
    net: QuorumNet

    @initialize(size=st.sampled_from([3, 5]), seed=st.integers(0, 2**32), drift=st.booleans())
    def begin(self, size: int, seed: int, drift: bool) -> None:
        self.net = QuorumNet(size, seed)
        if drift:
            for index, name in enumerate(self.net.names):
                self.net.hosts[name].clock_rate = 1.0 + 0.001 * index
                self.net.crash(name, lose_lazy=True)
                self.net.start(name)
        self.net.run(0.6)

    def _name(self, index: int) -> str:
        return self.net.names[index % len(self.net.names)]

    @precondition(lambda self: self.net.packets)
    @rule(index=st.integers(0, 10_000), fate=st.sampled_from(["deliver", "deliver", "double", "drop"]))
    def message(self, index: int, fate: str) -> None:
        index %= len(self.net.packets)
        if fate == "drop":
            self.net.drop(index)
        else:
            self.net.deliver(index, keep=fate == "double")

    @rule(seconds=st.sampled_from([0.001, 0.05, 0.1, 0.26, 0.31, 0.6]))
    def time_passes(self, seconds: float) -> None:
        self.net.advance(seconds)

    @rule(ticks=st.integers(1, 40))
    def quiet_time(self, ticks: int) -> None:
        self.net.run(ticks * 0.01)

    @rule(who=st.integers(0, 4), wanted=st.booleans())
    def work_appears(self, who: int, wanted: bool) -> None:
        self.net.step(self._name(who), Want(WORK if wanted else frozenset()))

    @rule(who=st.integers(0, 4), node=st.sampled_from(NODES))
    def leader_works(self, who: int, node: str) -> None:
        self.net.work(self._name(who), node)

    @rule(who=st.integers(0, 4))
    def leader_takes_an_order(self, who: int) -> None:
        self.net.order(self._name(who))

    @rule(who=st.integers(0, 4))
    def leader_resigns(self, who: int) -> None:
        self.net.resign(self._name(who))

    @rule(who=st.integers(0, 4), after=st.integers(0, 6), lose=st.booleans())
    def crash(self, who: int, after: int, lose: bool) -> None:
        self.net.step(self._name(who), Wake(), crash_after=after)
        self.net.crash(self._name(who), lose_lazy=lose)

    @precondition(lambda self: self.net.packets)
    @rule(index=st.integers(0, 10_000), after=st.integers(0, 4))
    def crash_in_mid_message(self, index: int, after: int) -> None:
        packet = self.net.packets.pop(index % len(self.net.packets))
        self.net.step(packet.to, Received(packet.sender, packet.message), crash_after=after)

    @rule(who=st.integers(0, 4))
    def restart(self, who: int) -> None:
        if self.net.hosts[self._name(who)].member is None:
            self.net.start(self._name(who))

    @rule(who=st.integers(0, 4), timing=st.sampled_from(TIMINGS))
    def restart_with_other_times(self, who: int, timing: Timing) -> None:
        self.net.retime(self._name(who), timing)

    @rule(inside=st.sets(st.integers(0, 4), max_size=4))
    def partition(self, inside: set[int]) -> None:
        self.net.partition({self._name(index) for index in inside})

    @rule()
    def heal(self) -> None:
        self.net.heal()

    @rule(who=st.integers(0, 4))
    def gossip(self, who: int) -> None:
        self.net.step(self._name(who), Gossip())

    def teardown(self) -> None:
        if hasattr(self, "net"):
            converge(self.net)


def converge(net: QuorumNet) -> None:
    """L1 for the agreement: when faults end, a leader is elected, commits, and everybody knows."""
    net.heal()
    net.packets.clear()
    for name in net.names:
        if net.hosts[name].member is None:
            net.start(name)
        net.step(name, Want(WORK))
    for _ in range(150):
        net.run(0.1)
        for name in net.leaders():
            net.work(name, NODES[0])
        for name in net.names:
            net.step(name, Gossip())
        views = [host.member.view for host in net.hosts.values() if host.member]
        newest = max(view.committed.term for view in views)
        if newest and all(view.committed == views[0].committed for view in views) and net.leaders():
            return
    raise AssertionError("L1: no agreement within 15 s of quiet")


TestAgreement = AgreementMachine.TestCase
TestAgreement.settings = settings(
    max_examples=150, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("seed", range(200))
def test_random_faults(seed: int) -> None:
    """Long runs, which hypothesis' short ones cannot be: a thousand faults, all drawn from one seed."""
    rng = random.Random(seed)
    net = QuorumNet(rng.choice([3, 5]), seed)
    net.run(0.6)
    for _ in range(600):
        dice = rng.random()
        name = rng.choice(net.names)
        if dice < 0.55 and net.packets:
            net.deliver_some(rng)
        elif dice < 0.75:
            net.advance(rng.choice([0.001, 0.01, 0.05, 0.3]))
        elif dice < 0.8:
            net.run(rng.uniform(0, 0.6))
        elif dice < 0.86:
            net.step(name, Want(WORK if rng.random() < 0.8 else frozenset()))
        elif dice < 0.9:
            net.work(name, rng.choice(NODES))
        elif dice < 0.92:
            net.order(name)
        elif dice < 0.94:
            net.resign(name)
        elif dice < 0.96:
            net.step(name, Wake(), crash_after=rng.randrange(4))
            net.crash(name, lose_lazy=rng.random() < 0.5)
        elif dice < 0.98:
            if net.hosts[name].member is None:
                net.start(name)
        elif dice < 0.99:
            net.partition(set(rng.sample(net.names, rng.randrange(len(net.names)))))
        else:
            net.heal()
    converge(net)


@pytest.mark.parametrize("seed", range(24))
def test_random_faults_while_times_are_changed(seed: int) -> None:
    """Leaders with long leases, and voters that are restarted with short times, and the other way round."""
    rng = random.Random(f"times {seed}")
    net = QuorumNet(rng.choice([3, 5]), seed)
    net.run(0.6)
    for _ in range(300):
        dice = rng.random()
        name = rng.choice(net.names)
        if dice < 0.5:
            net.run(rng.uniform(0, 0.3))
        elif dice < 0.7:
            net.step(name, Want(WORK if rng.random() < 0.8 else frozenset()))
        elif dice < 0.75:
            net.work(name, rng.choice(NODES))
        elif dice < 0.78:
            net.resign(name)
        elif dice < 0.83:
            net.retime(name, rng.choice(TIMINGS))
        elif dice < 0.93:
            net.partition({name})
        else:
            net.heal()
    converge(net)


def test_a_leader_with_long_times_does_not_outlast_its_voters() -> None:
    """Only its own opinion of an election timeout made it believe that its lease was still good."""
    net = QuorumNet(3)
    net.retime("s2", SLOWEST)
    net.run(SLOWEST.election_max_s + 0.1)
    net.step("s2", Want(WORK))
    net.run(0.2)
    assert net.leaders() == ["s2"]
    net.partition({"s2"})
    for name in ("s1", "s3"):
        net.step(name, Want(WORK))
    net.run(4.0)
    assert net.leaders() not in ([], ["s2"])


def test_who_is_restarted_with_shorter_times_keeps_what_it_promised_before() -> None:
    """Also a promise to a leader that it did not vote for: it made that as a follower."""
    net = QuorumNet(3)
    for name in net.names:
        net.retime(name, SLOWEST)
    net.run(SLOWEST.election_max_s + 0.1)
    net.cut = {(a, b) for a in ("s1", "s2") for b in ("s3",)} | {("s3", "s1"), ("s3", "s2")}
    net.step("s1", Want(WORK))
    net.run(3.5)
    assert net.leaders() == ["s1"]
    net.heal()
    net.partition({"s2"})
    net.run(1.5)
    assert net.leaders() == ["s1"], "by what s3 promised, which has not voted for it"
    net.retime("s3", TIMING)
    net.partition({"s1"})
    net.step("s2", Want(WORK))
    net.step("s3", Want(WORK))
    net.run(6.0)
    assert net.leaders() not in ([], ["s1"])


def test_a_voter_with_shorter_times_is_heard_from_in_time() -> None:
    """Else it would be a leader for one of its voter's short promises only."""
    net = QuorumNet(3)
    net.retime("s1", Timing(heartbeat_s=4.0, election_min_s=10.0, election_max_s=12.0, lease_s=9.0))
    net.run(12.5)
    net.step("s1", Want(WORK))
    net.run(0.2)
    assert net.leaders() == ["s1"]
    net.run(8.0)
    assert net.leaders() == ["s1"]
