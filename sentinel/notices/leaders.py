"""Events of leaders and their work, except those of the work itself (``promotion.events``).

The notice holds the term in which an event happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from promotion.candidates import Ranking
from quorum.messages import Topology


@dataclass(frozen=True, slots=True)
class Elected:
    """This sentinel leads, because of ``reasons``.

    ``evidence_age_ms``: for how long the primary has been known to be down; None: it is not down.
    ``instead_of``: why each sentinel with a better rank was passed over.
    """

    name: ClassVar = "elected"
    reasons: tuple[str, ...]
    evidence_age_ms: int | None
    instead_of: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SteppedDown:
    name: ClassVar = "stepped_down"
    reason: str


@dataclass(frozen=True, slots=True)
class StandsBack:
    """This sentinel could promote nobody, and its peers in ``able`` could: it lets them lead."""

    name: ClassVar = "stands_back"
    reason: str
    able: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandsAgain:
    """This sentinel could promote a node again."""

    name: ClassVar = "stands_again"


@dataclass(frozen=True, slots=True)
class FailoverStarted:
    """``operation`` is that of an operator's request; ``cause`` is then None, or names the request."""

    name: ClassVar = "failover_started"
    primary: str | None
    cause: str | None
    down: bool
    operation: str | None


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Work was given up for the ``reason``; ``retry_after_ms`` is 0 if there is no automatic retry."""

    primary: str | None
    reason: str
    ranking: Ranking | None = None
    operation: str | None = None
    retry_after_ms: int = 0


@dataclass(frozen=True, slots=True)
class FailoverAborted(GivenUp):
    """A failover was given up."""

    name: ClassVar = "failover_aborted"


@dataclass(frozen=True, slots=True)
class RepairAborted(GivenUp):
    """The re-pointing of a node was given up."""

    name: ClassVar = "repair_aborted"


@dataclass(frozen=True, slots=True)
class IntentCommitted:
    """A majority knows that the node is about to be promoted."""

    name: ClassVar = "intent_committed"
    node: str


@dataclass(frozen=True, slots=True)
class TopologyCommitted:
    """A new topology is committed, in the node names of this sentinel; every sentinel announces it."""

    name: ClassVar = "topology"
    topology: Topology


@dataclass(frozen=True, slots=True)
class LossMeasured:
    """The old primary is back and demoted: the lost bytes are known. Every sentinel announces it."""

    name: ClassVar = "loss_measured"
    topology: Topology


@dataclass(frozen=True, slots=True)
class StepIncomplete:
    """A step was done, but the node refused one of its optional commands."""

    name: ClassVar = "step_incomplete"
    step: str
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fenced:
    """The fence holds a newer leader's term, so Redis refused a command."""

    name: ClassVar = "fenced"
    node: str
    found_term: int


@dataclass(frozen=True, slots=True)
class FenceIgnored:
    """The fence holds a term that no leader of this cluster can have reached: it counts as missing."""

    name: ClassVar = "fence_ignored"
    node: str
    found: str


@dataclass(frozen=True, slots=True)
class WorkDone:
    """Nothing is left to do."""

    name: ClassVar = "work_done"


@dataclass(frozen=True, slots=True)
class SelfFenced:
    """This sentinel lost the majority, and pauses the writes of the primary that it can still reach."""

    name: ClassVar = "self_fenced"
    node: str
    cut_off_ms: int


@dataclass(frozen=True, slots=True)
class SelfFenceEnded:
    name: ClassVar = "self_fence_ended"
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stalled:
    """This process did not run for a while, and distrusts what it saw."""

    name: ClassVar = "stalled"
    gap_ms: int


OnTheWay: TypeAlias = (
    Elected
    | SteppedDown
    | StandsBack
    | StandsAgain
    | RepairAborted
    | IntentCommitted
    | StepIncomplete
    | Fenced
    | FenceIgnored
    | WorkDone
    | SelfFenced
    | SelfFenceEnded
)
"""The events on the way to a change, for the log and the history; they are not published elsewhere."""

LeaderEvent: TypeAlias = (
    OnTheWay | FailoverStarted | FailoverAborted | TopologyCommitted | LossMeasured | Stalled
)
