"""The life cycle of a leader's work in one term, as a table. ARCHITECTURE.md's diagram is drawn from it."""

from __future__ import annotations

import enum


class Phase(enum.StrEnum):
    OBSERVING = "observing"
    """Reading every node anew: nothing is decided on what was known before the election."""
    HOLDING = "holding"
    """A replica still hears from the primary: looking again until it does not."""
    INTENT = "intent"
    """Committing on a majority which replica is about to be promoted."""
    PROMOTING = "promoting"
    """The fenced transaction runs on the replica."""
    COMMITTING = "committing"
    """Committing the topology on a majority."""
    RECONCILING = "reconciling"
    """Making every other node a replica of the primary."""
    DONE = "done"
    ABORTED = "aborted"


TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    Phase.OBSERVING: frozenset(
        {Phase.HOLDING, Phase.INTENT, Phase.COMMITTING, Phase.RECONCILING, Phase.DONE, Phase.ABORTED}
    ),
    Phase.HOLDING: frozenset({Phase.INTENT, Phase.COMMITTING, Phase.RECONCILING, Phase.DONE, Phase.ABORTED}),
    Phase.INTENT: frozenset({Phase.PROMOTING, Phase.ABORTED}),
    Phase.PROMOTING: frozenset({Phase.COMMITTING, Phase.ABORTED}),
    Phase.COMMITTING: frozenset({Phase.RECONCILING, Phase.ABORTED}),
    Phase.RECONCILING: frozenset({Phase.DONE, Phase.ABORTED}),
    Phase.DONE: frozenset(),
    Phase.ABORTED: frozenset(),
}
"""From each phase, the phases that may follow. A leader that loses its lease just stops, in any phase."""


class LifecycleError(Exception):
    """An illegal transition: a bug of ours. Nothing was changed."""


def check_transition(old: Phase, new: Phase) -> None:
    if new not in TRANSITIONS[old]:
        raise LifecycleError(f"a leader's work cannot go from {old} to {new}")
