"""A primary that is refused here, while its replicas may still be linked to it."""

from __future__ import annotations

from promotion import events
from promotion.step_types import Promote
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed
from sentinel.coordination.inputs import LinkHeard
from sentinel.coordination.link_info import LinkInfo
from sentinel.notices import nodes
from tests.unit.sentinel.coordinator_cases import A, B, C, World, info


def test_a_refusal_is_no_failover_while_a_replica_is_linked() -> None:
    world = World(linked=True)
    world.kill(A)
    world.advance(0.6)
    assert world.told_names() == [] and world.performs == []
    world.linked = False
    world.advance(0.05)
    told = world.last(nodes.NodeDown)
    assert (told.grade, told.detail) == ("refused", f"connection refused; no longer linked: {B}, {C}")
    assert world.succeed().step == Promote(B)


def test_only_replicas_of_the_lost_primary_are_asked_and_not_for_ever() -> None:
    world = World(linked=True)
    world.nodes[C] = info(C, follows="elsewhere:6379")
    world.look(C)
    situation = world.coordinator.situation
    assert situation.to_ask(world.now) == ()
    world.dead.add(A)
    world.step(Observed(A, Evidence(EvidenceKind.CLOSED)))
    assert situation.to_ask(world.now) == (B,)
    world.step(LinkHeard(B, LinkInfo(A.partition(":")[0], 6379, False)))
    assert situation.to_ask(world.now) == (), "it has told of the end"


def test_a_primary_that_is_back_while_the_intent_is_committed_stays() -> None:
    world = World(members=3)
    world.hold_entries = True
    world.kill(A)
    assert world.last(events.CandidateChosen).node == B and world.performs == []
    assert world.asked == [A]
    world.dead.clear()
    world.step(Observed(A, Evidence(EvidenceKind.ALIVE)))
    world.look(A)
    world.hold_entries = False
    world.advance(0.2)
    assert world.last(events.IntentCancelled).node == B
    assert world.performs == [] and world.primary == (A, 1)
    assert world.coordinator.member.view.committed.intent is None


def test_a_replica_that_is_lost_as_well_vouches_for_nobody() -> None:
    world = World(linked=True)
    world.kill(A)
    for name in (B, C):
        world.dead.add(name)
        world.step(Observed(name, Evidence(EvidenceKind.REFUSED, "connection refused")))
    world.advance(0.05)
    told = world.events(nodes.NodeDown)
    assert told[0].node == A
    assert told[0].detail == "connection refused; no replica with a link to it could be asked"


def test_just_behind_a_change_all_are_asked_and_a_refusal_waits() -> None:
    """What follows the new primary was last seen to follow the old one."""
    world = World()
    world.kill(A)
    assert world.succeed().step == Promote(B) and world.primary is not None and world.primary[0] == B
    world.dead.add(B)
    world.step(Observed(B, Evidence(EvidenceKind.REFUSED, "connection refused")))
    assert C in world.coordinator.situation.to_ask(world.now)
    world.advance(0.5)
    assert not world.coordinator.member.is_odown(B), "a forwarder that is away looks the same"
    world.nodes[C], world.linked = info(C, follows=B), True
    world.advance(0.6)
    told = world.last(nodes.NodeDown)
    assert (told.grade, told.node) == ("silent", B)
    assert told.detail.endswith(f"still linked: {C}")
