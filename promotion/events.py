"""The events of a leader's work that people are told: one frozen class for each, sent in a ``Note``.

``name`` is public: it names the event in the JSON log. Nodes have their names in the group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from promotion.candidates import Ranking


@dataclass(frozen=True, slots=True)
class Held:
    """The leader waits, for instance because the replicas in ``witnesses`` still hear the primary."""

    name: ClassVar = "held"
    witnesses: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Sealing:
    """The replicas are cut off from the old primary, so that what they have acknowledged is final."""

    name: ClassVar = "sealing"
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Regressed:
    """The primary is back as a replica, and others hold more than it does: it is not made primary again."""

    name: ClassVar = "regressed"
    node: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Overruled:
    """An operator named a node although a rule of the group forbids it; the reason is that rule's."""

    name: ClassVar = "overruled"
    node: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class CandidateChosen:
    """``ranking`` is None for a node that was not chosen among others."""

    name: ClassVar = "candidate_chosen"
    node: str
    ranking: Ranking | None = None


@dataclass(frozen=True, slots=True)
class IntentCancelled:
    """The node need not be promoted any more."""

    name: ClassVar = "intent_cancelled"
    node: str | None


@dataclass(frozen=True, slots=True)
class WritesPaused:
    """The old primary of a switchover takes no writes for now, so that the target can catch up."""

    name: ClassVar = "writes_paused"
    node: str
    for_ms: int
    """The longest time that the pause lasts."""


@dataclass(frozen=True, slots=True)
class WritesResumed:
    """The switchover was given up, and the primary takes writes again."""

    name: ClassVar = "writes_resumed"
    node: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The old primary of a switchover is a replica now."""

    name: ClassVar = "handed_over"
    node: str


@dataclass(frozen=True, slots=True)
class Promoted:
    name: ClassVar = "promoted"
    node: str


@dataclass(frozen=True, slots=True)
class Repointed:
    """The node now replicates from ``primary``."""

    name: ClassVar = "repointed"
    node: str
    primary: str | None


@dataclass(frozen=True, slots=True)
class Demoted:
    """The node was a master too. ``may_have_lost`` says which of its data are lost; None: none known."""

    name: ClassVar = "demoted"
    node: str
    primary: str | None
    may_have_lost: str | None = None


@dataclass(frozen=True, slots=True)
class SafetyKept:
    """The primary was told how many replicas must acknowledge a write."""

    name: ClassVar = "safety_kept"
    node: str
    min_replicas: int


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step other than the promotion failed. ``step`` is the step's kind in lower case."""

    name: ClassVar = "step_failed"
    node: str
    step: str
    reason: str


Event: TypeAlias = (
    Held
    | Sealing
    | Regressed
    | Overruled
    | CandidateChosen
    | IntentCancelled
    | WritesPaused
    | WritesResumed
    | HandedOver
    | Promoted
    | Repointed
    | Demoted
    | SafetyKept
    | StepFailed
)
