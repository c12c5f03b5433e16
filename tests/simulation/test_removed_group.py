"""A group is taken out of the configuration, of all sentinels or by mistake, and comes back by its name."""

from __future__ import annotations

import random

import pytest

from quorum.inputs import Gossip, Want
from tests.simulation.quorum_net import NODES, QuorumNet

WORK = frozenset({"test"})
FORMER, NEW = NODES[0], NODES[1]
FORGOTTEN_S = 4.0
"""All that anybody may have promised is over by then, and all have been asked."""


def run(net: QuorumNet, seconds: float) -> None:
    for _ in range(round(seconds / 0.1)):
        for name in net.names:
            net.step(name, Gossip())
        net.run(0.1)


def agree(net: QuorumNet, primary: str) -> None:
    for name in net.names:
        net.step(name, Want(WORK))
    for _ in range(60):
        run(net, 0.1)
        for name in net.leaders():
            net.work(name, primary)
        if {primary_of(net, name) for name in net.names if net.hosts[name].member} == {primary}:
            break
    for name in net.names:
        net.resign(name)
    assert {primary_of(net, name) for name in net.names if net.hosts[name].member} == {primary}


def primary_of(net: QuorumNet, name: str) -> str | None:
    topology = net.hosts[name].disk.committed.topology
    return topology.primary if topology else None


def listeners(net: QuorumNet) -> dict[str, str]:
    members = {name: host.member for name, host in net.hosts.items()}
    return {name: one.view.listening for name, one in members.items() if one and one.view.listening}


def agreed(size: int, seed: int = 1) -> QuorumNet:
    net = QuorumNet(size, seed)
    run(net, 3.0)
    agree(net, FORMER)
    return net


def past_is_over(net: QuorumNet) -> None:
    """What was agreed on is undone on purpose; that terms only grow is checked as ever."""
    net.committed.clear()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_group_that_all_have_been_without_is_founded_anew_above_its_former_terms(size: int) -> None:
    net = agreed(size)
    terms = [host.disk.term for host in net.hosts.values()]
    for name in net.names:
        net.leave_out(name)
    past_is_over(net)
    for name in net.names:
        net.start(name)
    run(net, FORGOTTEN_S)
    assert not listeners(net)
    assert {primary_of(net, name) for name in net.names} == {None}, "nothing of the past is left"
    agree(net, NEW)
    assert all(host.disk.committed.term > max(terms) for host in net.hosts.values())
    assert not any(host.disk.retired for host in net.hosts.values())


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_one_that_was_without_it_by_mistake_is_told_and_nothing_is_undone(size: int) -> None:
    net = agreed(size)
    net.leave_out("s1")
    net.start("s1")
    run(net, 1.0)
    assert "started without this group" in listeners(net)["s1"]
    assert primary_of(net, "s1") is None, "nothing is taken from a single word"
    run(net, FORGOTTEN_S)
    assert not listeners(net)
    assert {primary_of(net, name) for name in net.names} == {FORMER}
    assert not net.hosts["s1"].disk.retired


def test_where_two_of_three_were_without_it_they_wait_until_the_third_has_been_too() -> None:
    net = agreed(3)
    for name in ("s1", "s2"):
        net.leave_out(name)
    for name in ("s1", "s2"):
        net.start(name)
    for _ in range(2):
        run(net, FORGOTTEN_S)
        told = listeners(net)
        assert told.keys() == {"s1", "s2"}
        assert "start s3 once without this group" in told["s1"] and "found-anew" not in told["s1"]
        assert primary_of(net, "s1") is None and net.hosts["s1"].disk.retired
        for name in ("s1", "s2"):
            net.crash(name, lose_lazy=False)  # An ordinary restart changes nothing.
            net.start(name)
    net.leave_out("s3")
    past_is_over(net)
    net.start("s3")
    run(net, FORGOTTEN_S)
    assert not listeners(net)
    agree(net, NEW)


def test_one_that_slept_through_the_removal_is_waited_for() -> None:
    """Alone it has no majority; that of the others is not enough to begin without it."""
    net = agreed(3)
    net.crash("s3", lose_lazy=False)
    for name in ("s1", "s2"):
        net.leave_out(name)
    for name in ("s1", "s2"):
        net.start(name)
    run(net, FORGOTTEN_S)
    assert listeners(net).keys() == {"s1", "s2"}


@pytest.mark.parametrize("size", [4, 5])
def test_where_enough_others_were_without_it_one_that_sleeps_is_told_when_it_is_back(size: int) -> None:
    net = agreed(size)
    *others, sleeper = net.names
    net.crash(sleeper, lose_lazy=False)
    for name in others:
        net.leave_out(name)
    past_is_over(net)
    for name in others:
        net.start(name)
    run(net, FORGOTTEN_S)
    assert not listeners(net)
    agree(net, NEW)
    net.start(sleeper)
    run(net, FORGOTTEN_S)
    assert {primary_of(net, name) for name in net.names} == {NEW}


def test_one_of_those_that_left_a_set_of_members_meanwhile_is_not_waited_for() -> None:
    """The group had three members; while nobody ran it s3 was taken out of the configuration."""
    net = agreed(3)
    for name in net.names:
        net.leave_out(name)
    past_is_over(net)
    for name in ("s1", "s2"):
        net.hosts[name].members = ("s1", "s2")
        net.start(name)
    run(net, FORGOTTEN_S)
    assert not listeners(net)
    agree(net, NEW)


def test_members_that_were_changed_by_several_meanwhile_are_taken_as_they_are() -> None:
    net = QuorumNet(3, 1, spare=2)
    run(net, 3.0)
    agree(net, FORMER)
    for name in ("s1", "s2", "s3"):
        net.leave_out(name)
    past_is_over(net)
    now = ("s3", "s4", "s5")
    for name in now:
        net.hosts[name].members = now
        net.start(name)
    assert not net.refused
    run(net, FORGOTTEN_S)
    assert not listeners(net)
    agree(net, NEW)


@pytest.mark.parametrize("seed", range(6))
def test_mistakes_one_after_the_other_undo_nothing(seed: int) -> None:
    rng = random.Random(seed)
    net = QuorumNet(rng.choice([3, 4, 5]), seed)
    run(net, 3.0)
    for _ in range(8):
        mistaken, away, later = rng.sample(net.names, 3)
        net.partition({away})  # It does not know of what is agreed on now.
        for name in net.names:
            net.step(name, Want(WORK))
        work(net, rng)
        net.leave_out(mistaken)
        net.run(rng.uniform(0.0, 1.0))
        net.start(mistaken)
        net.partition({later})
        for _ in range(3):
            run(net, 1.0)
            work(net, rng)
        net.heal()
        for _ in range(50):
            if not listeners(net):
                break
            run(net, 0.2)
        assert not listeners(net)
    assert net.committed


def work(net: QuorumNet, rng: random.Random) -> None:
    for _ in range(1 + rng.randrange(8)):
        net.run(rng.uniform(0.01, 0.3))
        for leader in net.leaders():
            net.order(leader) if rng.random() < 0.5 else net.work(leader, rng.choice(NODES))
