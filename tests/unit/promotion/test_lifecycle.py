"""The table of a leader's work: complete, connected, and without a way back from an end."""

from __future__ import annotations

import pytest

from promotion.lifecycle import TRANSITIONS, LifecycleError, Phase, check_transition

ENDS = {Phase.DONE, Phase.ABORTED}


def test_every_phase_is_listed() -> None:
    assert set(TRANSITIONS) == set(Phase)


def test_only_the_ends_lead_nowhere() -> None:
    assert {phase for phase, after in TRANSITIONS.items() if not after} == ENDS


def test_every_phase_is_reached_and_can_end() -> None:
    reached = {Phase.OBSERVING}
    for _ in Phase:
        reached |= {after for phase in reached for after in TRANSITIONS[phase]}
    assert reached == set(Phase)
    assert all(Phase.ABORTED in after for phase, after in TRANSITIONS.items() if phase not in ENDS)


def test_a_promotion_has_no_way_around_its_intent() -> None:
    before = {phase for phase, after in TRANSITIONS.items() if Phase.PROMOTING in after}
    assert before == {Phase.INTENT, Phase.HANDING_OVER}
    before = {phase for phase, after in TRANSITIONS.items() if Phase.HANDING_OVER in after}
    assert before == {Phase.INTENT}


def test_an_illegal_transition_raises() -> None:
    with pytest.raises(LifecycleError, match="from done to observing"):
        check_transition(Phase.DONE, Phase.OBSERVING)
