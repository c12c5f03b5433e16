"""The steps that a leader may take on a node, as data. ``steps`` defines how each is done, ``work`` when.

Every step names its ``node``, is fenced with the leader's term, and may be repeated after it was lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

SEAL_HOST, SEAL_PORT = "127.0.0.1", 1
"""An address where nobody listens: a replica that follows it keeps its data and history, and gets no more."""


@dataclass(frozen=True, slots=True)
class WriteSafety:
    """A primary refuses writes unless ``min_replicas`` acknowledged within ``max_lag_s`` (whole seconds).

    These are Redis's ``min-replicas-to-write`` and ``min-replicas-max-lag``; 0 replicas lifts the demand.
    """

    min_replicas: int
    max_lag_s: int


@dataclass(frozen=True, slots=True)
class Known:
    """The server that a step was decided for. Another one may be behind its address by now."""

    run_id: str
    role: str
    replid: str


@dataclass(frozen=True, slots=True)
class Promote:
    """Make ``node`` a primary. ``safety`` None leaves what its configuration demands of writes.

    ``reinstate``: it is a master or was the primary, so it may be paused, or stuck in its own ``FAILOVER``.
    """

    node: str
    safety: WriteSafety | None = None
    reinstate: bool = False


@dataclass(frozen=True, slots=True)
class Repoint:
    """Make ``node`` a replica of the primary. ``demote``: it was a master, which ends a split brain.

    ``resume``: its writes may be paused; end the pause, so that waiting clients learn that it is a replica.
    ``primary_run_id``: the primary's when it was last seen, so that no node is told to follow itself.
    """

    node: str
    primary_host: str
    primary_port: int
    reason: Literal["demote", "repoint"]
    resume: bool = False
    primary_run_id: str = field(default="", compare=False)
    known: Known | None = None
    """The step fails unless the node is still this very server."""
    shared_bytes: int | None = field(default=None, compare=False)
    """The demoted master's offset up to which the primary has the same data; None if unknown."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Cut a replica off from its primary, so that it acknowledges no more writes."""

    node: str
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """Let the primary ``node`` hand its role to ``target`` by itself (``FAILOVER TO``), losing nothing.

    It is the primary as before if ``target`` has not caught up within ``timeout_s``.
    """

    node: str
    target: str
    target_host: str
    target_port: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Freeze:
    """Pause the writes of ``node`` for ``for_s``, after which it resumes by itself."""

    node: str
    for_s: float


@dataclass(frozen=True, slots=True)
class Thaw:
    """Resume the writes of a primary, and fence off any leader of an earlier term."""

    node: str


@dataclass(frozen=True, slots=True)
class Disarm:
    """Cut the connections of a former leader that was about to promote ``node``.

    A leader that slept after its last check of the lease can send one more request, on its open connection;
    it never opens another.
    """

    node: str


@dataclass(frozen=True, slots=True)
class Restore:
    """Give the old primary ``node`` of a switchover its role and its writes back: no other node got the role.

    Few of its commands are essential, since it runs after something else has failed.
    """

    node: str


@dataclass(frozen=True, slots=True)
class Rehearse:
    """Try every command that ``node`` needs to become a ``primary`` or a ``replica``, and run none."""

    node: str
    becomes: Literal["primary", "replica"]


@dataclass(frozen=True, slots=True)
class KeepFence:
    """Write the fence of the primary ``node`` again: the key was evicted, or somebody deleted it."""

    node: str


@dataclass(frozen=True, slots=True)
class KeepSafety:
    """Set how many replicas must acknowledge a write to the primary ``node``."""

    node: str
    safety: WriteSafety


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Let ``node`` write its new role to its configuration file, for its next start."""

    node: str


Step: TypeAlias = (
    Promote
    | Repoint
    | Seal
    | Handover
    | Freeze
    | Thaw
    | Disarm
    | Restore
    | Rehearse
    | KeepFence
    | KeepSafety
    | Rewrite
)


def step_kind(step: Step) -> str:
    """The step's kind in lower case, for people."""
    return type(step).__name__.lower()


@dataclass(frozen=True, slots=True)
class Demoted:
    """A master's offset when its writes ended: the result of a ``Repoint`` that demoted it."""

    replid: str
    offset_bytes: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that is done. ``refused`` are optional commands that were not carried out. ``absurd_fence`` is
    the fence's content that counted as missing: a term that no leader can have reached.
    """

    measured: Demoted | None = None
    refused: tuple[str, ...] = ()
    absurd_fence: str = ""
