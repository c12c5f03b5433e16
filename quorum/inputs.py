"""The inputs of a group's agreement core: everything that can happen to it. ``Member.step`` takes one at a
time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from quorum.directives import Directives, TimeCome
from quorum.evidence import DataSeen, Evidence, LinkSeen
from quorum.messages import Intent, Message, Topology
from quorum.usability import Refusing, Source


@dataclass(frozen=True, slots=True)
class Wake:
    """The deadline asked for has come; early or spurious wakes are harmless."""


@dataclass(frozen=True, slots=True)
class Received:
    sender: str
    message: Message


@dataclass(frozen=True, slots=True)
class Watch:
    """These are the group's nodes from now on; detection of new ones starts now.

    ``aliases`` are pairs: another name of a node, and its name here.
    """

    nodes: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    node: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class DataObserved:
    """``link`` None: it follows nobody. ``took_s`` ago the node was asked."""

    node: str
    seen: DataSeen
    link: LinkSeen | None = None
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another server answers at the name of ``node``, described by ``detail``; None: the node itself does."""

    node: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class LinkSaid:
    """``replica`` was asked for its link alone. ``link`` None: it follows nobody."""

    replica: str
    link: LinkSeen | None


@dataclass(frozen=True, slots=True)
class RefusalSeen:
    """A refusal of a living node, as seen by one source; None: by that source it refuses nothing any more."""

    node: str
    source: Source
    refusing: Refusing | None


@dataclass(frozen=True, slots=True)
class PeerGone:
    """Nothing has been heard from the peer for a while: its opinions no longer count."""

    peer: str


@dataclass(frozen=True, slots=True)
class IdTwice:
    """Whether another process has this sentinel's id. Replaces what was said before."""

    is_so: bool


@dataclass(frozen=True, slots=True)
class Stalled:
    """This process did not run for ``gap_s``; its observations are not to be trusted."""

    gap_s: float


@dataclass(frozen=True, slots=True)
class Gossip:
    """Time to repeat its opinions to the peers. ``looks``: and to draw conclusions, as in any step."""

    looks: bool = True


@dataclass(frozen=True, slots=True)
class Want:
    """The layer above has, or no longer has, work that needs a leader. Replaces what it said before.

    ``urgent``: other work that was put off, now or later, does not put this off as well.
    """

    reasons: frozenset[str]
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class ClockSaid:
    """The opinion of this sentinel's wall clock on the group's schedule. It replaces the former one."""

    time: TimeCome


@dataclass(frozen=True, slots=True)
class Propose:
    """The leader's: agree on this. Raises NotLeaderError from ``step`` without a valid lease.

    ``directives`` None: they stay as they are.
    """

    topology: Topology | None
    intent: Intent | None = None
    directives: Directives | None = None


@dataclass(frozen=True, slots=True)
class StopLeading:
    """The leader's: the work is done, or given up for ``reason`` and not to be tried again here before
    ``retry_after_s``."""

    retry_after_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class YieldTo:
    """Redis shows a fence above this leader's term."""

    term: int


Input: TypeAlias = (
    Wake
    | Received
    | Watch
    | Observed
    | DataObserved
    | RefusalSeen
    | Replaced
    | LinkSaid
    | PeerGone
    | IdTwice
    | Stalled
    | Gossip
    | Want
    | ClockSaid
    | Propose
    | StopLeading
    | YieldTo
)
