"""Data only: the actions that a leader's work asks for, in order, and the facts that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from promotion.candidates import Ranking
from promotion.events import Event
from promotion.step_types import Step
from promotion.view import NodeView

SWITCHOVER_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class PendingIntent:
    """An intent found in the newest entry: a leader wrote it and died, or failed, before it was done."""

    target: str
    cause: str


@dataclass(frozen=True, slots=True)
class Request:
    """An operator asked for a failover, or for a ``switchover``, during which nothing is lost.

    ``candidate`` None lets the ranking choose. ``timeout_s`` limits how long a switchover may hold up writes.
    """

    operation: str
    candidate: str | None = None
    switchover: bool = False
    timeout_s: float = SWITCHOVER_TIMEOUT_S

    @property
    def names_node(self) -> bool:
        """Such a request is carried out although the group is paused: it leaves nothing to be decided."""
        return self.candidate is not None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the agreement core and the detector know at the moment of asking."""

    primary: str | None
    """By the newest entry; None before the first topology."""
    settled: bool
    """Whether the newest entry is known to be committed."""
    intent: PendingIntent | None
    down: bool
    """The primary is objectively down."""
    cause: str
    """The grade of the evidence against it."""
    gone_by_all: bool
    """Each sentinel that calls it down saw its connection closed and refused, or its data gone."""
    silence_s: float
    """Since its last valid reply to this sentinel; infinite if it never answered."""
    earlier: tuple[NodeView, ...]
    """The replicas as they were seen when that silence had just begun to look odd."""
    nodes: tuple[str, ...]
    down_nodes: frozenset[str]
    """Nodes that are subjectively down here and do not answer: reading them would only cost time."""
    configured_primary: str | None = None
    """The ``primary:`` of the configuration, for the first start."""
    history: str | None = None
    """The newest replication id that the primary is known to have written under; None if none is."""
    process: str | None = None
    """The run id of the primary as it was last known to be whole."""
    odown_nodes: frozenset[str] = frozenset()
    """The nodes that a quorum calls down."""
    unanswered_s: float = 0.0
    """As ``silence_s``, but not reset by a stall of this sentinel: the primary may be away for longer."""
    gone_s: float = 0.0
    """Since the primary's process was seen to be gone, if that is the evidence."""
    histories: frozenset[str] = frozenset()
    """If the primary's data fell back: its replication ids from before, which its replicas may still have."""
    previous: str | None = None
    """Who was primary before, by the newest topology."""
    loss_known: bool = True
    """Whether the topology says how many bytes the last change may have lost, or need not."""
    paused: bool = False
    """The group is paused: only what an operator asks for by name, and what was begun before, is done."""
    missed_s: Mapping[str, float] = field(default_factory=dict)
    """For each node behind the primary: for how many seconds the primary was seen to write what it lacks."""
    unwritable: bool = False
    """The primary lives, but a quorum has seen it refuse writes for long, and another would take them."""


@dataclass(frozen=True, slots=True)
class Observe:
    """Read these nodes now, all at once; ``Work.observed`` wants the views when all answered or failed."""

    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Read this node now. Nobody waits for the answer; if it comes in time, the views contain it."""

    node: str


@dataclass(frozen=True, slots=True)
class WriteIntent:
    """Commit "promoting ``target``" on a majority, then call ``intent_committed``."""

    target: str
    cause: str


@dataclass(frozen=True, slots=True)
class WriteTopology:
    """Commit "``primary`` is primary" on a majority, then call ``topology_committed``."""

    primary: str
    previous: str | None
    cause: str
    lost_bytes: int | None = None
    may_have_lost: str | None = None
    """The possible loss in words, where it cannot be given in bytes."""


@dataclass(frozen=True, slots=True)
class Resettle:
    """Commit the topology that the newest entry holds, without its intent; then ``topology_committed``."""


@dataclass(frozen=True, slots=True)
class WriteLoss:
    """Commit the same topology with what the last change lost; then ``topology_committed``."""

    lost_bytes: int


@dataclass(frozen=True, slots=True)
class Run:
    """Take this step against Redis, fenced with the leader's term; then ``step_done`` or ``step_failed``."""

    step: Step


@dataclass(frozen=True, slots=True)
class Note:
    """An event for the log, the timeline and the webhooks."""

    event: Event


@dataclass(frozen=True, slots=True)
class Finish:
    """The work is done: stop leading."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The work cannot be done now: stop leading. ``soon``: another attempt may well succeed at once."""

    reason: str
    ranking: Ranking | None = None
    soon: bool = False
    failover: bool = True
    """Whether a failover was given up, or only the re-pointing of a node."""


Action: TypeAlias = (
    Observe | AskAgain | WriteIntent | WriteTopology | Resettle | WriteLoss | Run | Note | Finish | GiveUp
)
