"""What is told of leaders and their work, beside what the work itself tells (``promotion.events``).

The term in which it happened is the notice's.
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

    ``evidence_age_ms``: for how long the primary has been known to be down; None: it is not.
    ``instead_of``: why each sentinel that is before this one in the line was passed over.
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
    """``operation`` is an operator's, if one asked for it; ``cause`` is then None, or says what was asked."""

    name: ClassVar = "failover_started"
    primary: str | None
    cause: str | None
    down: bool
    operation: str | None


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Work was, for the ``reason``; ``retry_after_ms`` is 0 if nothing is tried again by itself."""

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
    """A new topology is committed, in the names that are used here; every sentinel tells it."""

    name: ClassVar = "topology"
    topology: Topology


@dataclass(frozen=True, slots=True)
class LossMeasured:
    """The old primary is back and demoted: so many bytes may be lost. Every sentinel tells it."""

    name: ClassVar = "loss_measured"
    topology: Topology


@dataclass(frozen=True, slots=True)
class StepIncomplete:
    """A step was done, but the node refused a command that is not essential to it."""

    name: ClassVar = "step_incomplete"
    step: str
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fenced:
    """Redis refused a command, because a newer leader was there before."""

    name: ClassVar = "fenced"
    node: str
    found_term: int


@dataclass(frozen=True, slots=True)
class FenceIgnored:
    """The fence holds a term that no leader of this cluster can have come to: it counts as missing."""

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
"""How a change comes about: for the log and the history, and for nobody who is told of changes."""

LeaderEvent: TypeAlias = (
    OnTheWay | FailoverStarted | FailoverAborted | TopologyCommitted | LossMeasured | Stalled
)
