"""Whole clusters under faults drawn from one seed: safety all the time, order once the faults end."""

from __future__ import annotations

import random

import pytest

from tests.simulation.cluster_sim import ClusterSim

SEEDS = 60


def fault(sim: ClusterSim, rng: random.Random) -> None:
    sentinel = rng.choice(list(sim.sentinels))
    node = rng.choice(list(sim.nodes.values()))
    running = [s for s in sim.sentinels.values() if s.brain is not None]
    match rng.randrange(10):
        case 0 | 1 if node.alive:
            node.crash()
        case 2 if node.alive:
            node.hung = True
        case 3 | 4:
            if not node.alive:
                node.start(wiped=False)
            node.hung = False
        case 5 if len(running) > 1:
            sim.crash(sentinel)
        case 6 if sim.sentinels[sentinel].brain is None:
            sim.start(sentinel)
        case 7:
            inside = set(rng.sample([*sim.sentinels, *sim.nodes], rng.randrange(1, 4)))
            everybody = [*sim.sentinels, *sim.nodes]
            sim.cut = {(a, b) for a in inside for b in everybody if b not in inside}
        case 8:
            sim.cut = set()
        case 9:
            sim.sentinels[sentinel].paused_until = sim.now + rng.uniform(0.1, 5.0)


def heal(sim: ClusterSim) -> None:
    sim.cut = set()
    for node in sim.nodes.values():
        if not node.alive:
            node.start(wiped=False)
        node.hung = False
    for name, host in sim.sentinels.items():
        host.paused_until = sim.now
        if host.brain is None:
            sim.start(name)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_faults_then_order(seed: int) -> None:
    rng = random.Random(seed)
    sim = ClusterSim(seed, rng.choice([3, 3, 5]))
    try:
        sim.run(3.0)
        assert sim.settled() is None, "a quiet start"
        for _ in range(25):
            fault(sim, rng)
            for node in sim.nodes.values():
                node.write()
            sim.run(rng.choice([0.02, 0.1, 0.3, 1.0, 3.0]))
        heal(sim)
        for _ in range(60):
            sim.run(1.0)
            if sim.settled() is None:
                return
        raise AssertionError(f"L1: {sim.settled()} after 60 s of quiet")
    except Exception as error:
        error.add_note("\n".join([f"seed {seed}", *sim.story[-60:]]))
        raise


def test_plain_failover() -> None:
    sim = ClusterSim(1)
    sim.run(3.0)
    sim.nodes["a:1"].crash()
    sim.run(2.0)
    assert next(iter(sim.sentinels.values())).brain.topology.primary != "a:1"  # type: ignore[union-attr]
    sim.nodes["a:1"].start(wiped=False)
    sim.run(2.0)
    assert sim.settled() is None
