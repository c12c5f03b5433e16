"""What a leader may do to a node, as data. ``steps`` tells how each is done, ``work`` when.

Every step names its ``node``, is fenced with the leader's term, and may be taken again after it was lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

SEAL_HOST, SEAL_PORT = "127.0.0.1", 1
"""Where nobody listens: a replica that follows this keeps its data and its history, and hears nobody."""


@dataclass(frozen=True, slots=True)
class WriteSafety:
    """A primary refuses writes unless ``min_replicas`` acknowledged within ``max_lag_s`` (whole seconds).

    These are Redis's ``min-replicas-to-write`` and ``min-replicas-max-lag``; 0 replicas lifts the demand.
    """

    min_replicas: int
    max_lag_s: int


@dataclass(frozen=True, slots=True)
class Known:
    """The server that a step was decided for. Behind its address may be another one by now."""

    run_id: str
    role: str
    replid: str


@dataclass(frozen=True, slots=True)
class Promote:
    """Make ``node`` a primary. ``safety`` None leaves what its configuration demands of writes.

    ``reinstate``: it is a master, or was the primary; so it may be paused, or stuck in a handover of its own.
    """

    node: str
    safety: WriteSafety | None = None
    reinstate: bool = False


@dataclass(frozen=True, slots=True)
class Repoint:
    """Make ``node`` a replica of the primary. ``demote``: it was a master, which ends a split brain.

    ``resume``: its writes may be paused, and whoever waits for that shall be told that it is a replica.
    ``primary_run_id``: of the primary when it was last seen, lest a node be told to follow itself.
    """

    node: str
    primary_host: str
    primary_port: int
    reason: Literal["demote", "repoint"]
    resume: bool = False
    primary_run_id: str = field(default="", compare=False)
    known: Known | None = None
    """Refuse unless it is this very server still."""
    shared_bytes: int | None = field(default=None, compare=False)
    """Up to which offset of its own a master that is demoted had what the primary has; None if unknown."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Cut a replica off from its primary, so that what it has acknowledged cannot grow any more."""

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
    """Resume the writes of a primary, and fence off whoever wanted something else from it before."""

    node: str


@dataclass(frozen=True, slots=True)
class Disarm:
    """Cut the connections of whoever was about to promote ``node``.

    A leader that slept since its last look at its lease can send one more request, on the connection that it
    had; it never opens another.
    """

    node: str


@dataclass(frozen=True, slots=True)
class Restore:
    """Give the old primary ``node`` of a switchover its role and its writes back: nobody else got the role.

    Only what must work is essential, since this is what is left when something did not.
    """

    node: str


@dataclass(frozen=True, slots=True)
class Rehearse:
    """Try everything that ``node`` needs to become a ``primary``, or a ``replica``, and do nothing of it."""

    node: str
    becomes: Literal["primary", "replica"]


@dataclass(frozen=True, slots=True)
class KeepFence:
    """Write the fence of the primary ``node`` again: the key was evicted, or somebody deleted it."""

    node: str


@dataclass(frozen=True, slots=True)
class KeepSafety:
    """Set what the primary ``node`` demands of each write."""

    node: str
    safety: WriteSafety


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Let ``node`` write what it has become to its configuration file, for when it restarts."""

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


def named(step: Step) -> str:
    """The kind of step, for people."""
    return type(step).__name__.lower()


@dataclass(frozen=True, slots=True)
class Demoted:
    """How far a master had got when its writes ended: the result of a ``Repoint`` that demoted it."""

    replid: str
    offset_bytes: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that is done. ``refused`` are commands beside the essential ones that were not carried out,
    ``absurd_fence`` what the fence held that counted as missing: a term that no leader can have come to.
    """

    measured: Demoted | None = None
    refused: tuple[str, ...] = ()
    absurd_fence: str = ""
