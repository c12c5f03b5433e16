"""What operators have told a group is agreed on like the topology, and goes from leader to leader."""

from __future__ import annotations

import pytest

from quorum.directives import NO_DIRECTIVES, Closed, Directives, Outcome, Pause, Schedule
from quorum.effects import Committed, Emit, OdownChanged, Persist
from quorum.inputs import Received, Wake, Want
from quorum.messages import Append, Entry, HardState, Intent, PreVoteRequest, Resign
from tests.unit.quorum.raft.register_cases import (
    NODE,
    NOW,
    OTHER,
    hear,
    leader,
    make,
    persisted,
    store,
    topology,
)
from tests.unit.quorum.test_member import REFUSED, Sentinel, asks_for_votes, events

PAUSED = Directives(pause=Pause(1_000, "s2", "moving house"))
PLANNED = Schedule("op-1", 5_000, NODE, 1_000, 2_000)
TOLD = Entry(3, 2, topology(3), None, PAUSED)


def test_a_leader_carries_on_what_it_inherited_whatever_it_proposes() -> None:
    register = leader(state=HardState(3, None, TOLD, TOLD))
    entry = register.propose(topology(3), Intent(NODE, "odown", "s1", 0), NOW)
    assert entry.directives == PAUSED
    assert register.propose(topology(4), None, NOW).directives == PAUSED


def test_new_directives_replace_the_old_ones_and_leave_the_topology_as_it_is() -> None:
    register = leader(state=HardState(3, None, TOLD, TOLD))
    entry = register.propose(TOLD.topology, None, NOW, NO_DIRECTIVES)
    assert (entry.directives, entry.topology) == (NO_DIRECTIVES, TOLD.topology)
    assert entry.id > TOLD.id


def test_they_are_in_force_once_a_majority_has_them() -> None:
    register = leader(size=5)
    register.propose(None, None, NOW, PAUSED)
    register.take_effects()
    store(register, "s2")
    assert register.state.committed.directives == NO_DIRECTIVES
    store(register, "s3")
    assert register.state.committed.directives == PAUSED


def test_a_candidate_that_does_not_know_of_a_pause_gets_no_vote() -> None:
    register = make(HardState(3, None, TOLD, TOLD))
    effects = hear(register, "s2", PreVoteRequest(4, (3, 1)))
    assert "newer entry" in str(effects)


def test_they_are_on_disk_before_anybody_is_told() -> None:
    register = make(HardState(3, None, Entry(3, 1, topology(3)), Entry(3, 1, topology(3))))
    hear(register, "s2", Append(3, 1, TOLD, (3, 1)))
    effects = hear(register, "s2", Append(3, 2, TOLD, TOLD.id))
    told = effects.index(Emit(Committed(TOLD)))
    written = [effect for effect in effects[:told] if isinstance(effect, Persist)]
    assert written[-1].state.committed == TOLD and not written[-1].lazy
    assert persisted(effects)[-1].committed == TOLD


def test_one_that_was_away_learns_of_them_from_the_gossip() -> None:
    register = make()
    register.learn_committed(TOLD, NOW)
    assert register.state.committed.directives == PAUSED


def knowing(directives: Directives, intent: Intent | None = None) -> Sentinel:
    entry = Entry(1, 2, topology(1), intent, directives)
    return Sentinel(HardState(1, None, entry, entry))


@pytest.mark.parametrize(("directives", "stands"), [(NO_DIRECTIVES, True), (PAUSED, False)])
def test_while_paused_nobody_stands_for_a_dead_primary_but_it_is_told(
    directives: Directives, stands: bool
) -> None:
    sentinel = knowing(directives)
    sentinel.lose_primary(NOW + 1)
    effects = sentinel.hear(REFUSED, NOW + 1.1)
    assert events(effects)[0] == OdownChanged(NODE, True, ("s1", "s2"))
    assert asks_for_votes(effects) == stands
    assert asks_for_votes(sentinel.step(Wake(), NOW + 3)) == stands


@pytest.mark.parametrize("urgent", [True, False])
def test_what_is_urgent_does_not_wait_until_a_leader_that_gave_up_may_try_again(urgent: bool) -> None:
    sentinel = Sentinel()
    sentinel.step(Received("s2", Append(1, 1, None, (1, 1))))
    sentinel.step(Want(frozenset({"operator"}), urgent=urgent))
    assert not asks_for_votes(sentinel.step(Received("s2", Resign(1, retry_after_ms=60_000)))) or urgent
    assert asks_for_votes(sentinel.step(Wake(), NOW + 1)) == urgent


def test_an_unfinished_intent_is_work_in_a_paused_group_too() -> None:
    sentinel = knowing(PAUSED, Intent(NODE, "refused", "s2", 0))
    assert asks_for_votes(sentinel.step(Wake(), NOW + 1))


def test_a_schedule_is_closed_once_with_what_became_of_it() -> None:
    planned = Directives(schedule=PLANNED)
    started = planned.close(Outcome.STARTED)
    assert started == Directives(closed=Closed(PLANNED, Outcome.STARTED))
    assert started.end(NODE, 4, changed=True).closed == Closed(PLANNED, Outcome.DONE, "", NODE, 4)
    undone = started.end(OTHER, 1, changed=False)
    assert undone.closed == Closed(PLANNED, Outcome.UNDONE)
    assert undone.end(NODE, 5, changed=True) == undone
    instead = started.end(OTHER, 4, changed=True).closed
    assert instead == Closed(PLANNED, Outcome.UNDONE, f"{OTHER} became primary instead of {NODE}")
    assert NO_DIRECTIVES.close(Outcome.DROPPED) == NO_DIRECTIVES
    assert planned.end(NODE, 4, changed=True) == planned
