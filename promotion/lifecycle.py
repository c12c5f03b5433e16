"""The phases of a leader's work in one term, as a table. ARCHITECTURE.md's diagram is drawn from it."""

from __future__ import annotations

import enum


class Phase(enum.StrEnum):
    OBSERVING = "observing"
    """Reading every node anew: nothing is decided by older knowledge from before the election."""
    HOLDING = "holding"
    """A replica still hears from the primary: looking again until it does not."""
    SEALING = "sealing"
    """Cutting the replicas off, so that what they have acknowledged is final."""
    REHEARSING = "rehearsing"
    """A switchover: everything that it will need is tried on both nodes, and not done yet."""
    INTENT = "intent"
    """Committing on a majority which replica is about to be promoted."""
    PROMOTING = "promoting"
    """The fenced transaction runs on the replica."""
    HANDING_OVER = "handing_over"
    """A switchover: the old primary hands its role over, and takes no writes meanwhile."""
    CANCELLING = "cancelling"
    """Undoing a switchover that could not be finished: the old primary gets its role and its writes back."""
    COMMITTING = "committing"
    """Committing the topology on a majority."""
    RECONCILING = "reconciling"
    """Making every other node a replica of the primary."""
    DONE = "done"
    ABORTED = "aborted"


_DECIDED = {
    Phase.HOLDING,
    Phase.SEALING,
    Phase.REHEARSING,
    Phase.INTENT,
    Phase.CANCELLING,
    Phase.COMMITTING,
    Phase.RECONCILING,
    Phase.DONE,
    Phase.ABORTED,
}
"""The phases that may follow a look at the nodes. A look that shows nothing new changes no phase."""

TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    Phase.OBSERVING: frozenset(_DECIDED),
    Phase.HOLDING: frozenset(_DECIDED - {Phase.HOLDING}),
    Phase.SEALING: frozenset(_DECIDED - {Phase.SEALING}),
    Phase.REHEARSING: frozenset({Phase.INTENT, Phase.ABORTED}),
    Phase.INTENT: frozenset({Phase.PROMOTING, Phase.HANDING_OVER, Phase.COMMITTING, Phase.ABORTED}),
    Phase.HANDING_OVER: frozenset({Phase.PROMOTING, Phase.COMMITTING, Phase.ABORTED}),
    Phase.PROMOTING: frozenset({Phase.COMMITTING, Phase.CANCELLING, Phase.ABORTED}),
    Phase.CANCELLING: frozenset({Phase.COMMITTING, Phase.ABORTED}),
    Phase.COMMITTING: frozenset({Phase.RECONCILING, Phase.ABORTED}),
    Phase.RECONCILING: frozenset({Phase.COMMITTING, Phase.DONE, Phase.ABORTED}),
    Phase.DONE: frozenset(),
    Phase.ABORTED: frozenset(),
}
"""From each phase, the phases that may follow. A leader that loses its lease just stops, in any phase."""


class LifecycleError(Exception):
    """An illegal transition: a bug of ours. Nothing was changed."""


def check_transition(old: Phase, new: Phase) -> None:
    if new not in TRANSITIONS[old]:
        raise LifecycleError(f"a leader's work cannot go from {old} to {new}")
