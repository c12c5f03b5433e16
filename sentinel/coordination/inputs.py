"""The inputs and effects of a coordinator, in addition to those of the agreement core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from promotion.actions import Request
from promotion.step_types import Demoted, Step
from quorum.effects import Persist, Send
from quorum.inputs import Input
from sentinel.coordination.link_info import LinkInfo
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.orders import Order
from sentinel.notices.notice import Notice


@dataclass(frozen=True, slots=True)
class InfoSeen:
    """A node answered INFO. ``peer_ip`` is the address that its name stood for when it was connected to.

    ``took_s`` is how long ago it was asked.
    """

    node: str
    info: NodeInfo
    peer_ip: str | None
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class NameLooked:
    """A new connection to this name has reached the server with this run id."""

    node: str
    run_id: str


@dataclass(frozen=True, slots=True)
class LinkHeard:
    """A node answered what it replicates from, which it was asked ``took_s`` ago."""

    node: str
    link: LinkInfo
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadDone:
    """The nodes of a ``Read`` have answered, or had their time."""

    token: int
    answered: frozenset[str]


@dataclass(frozen=True, slots=True)
class StepDone:
    """``result`` is what the step has measured, if anything; ``refused``, what it went without;
    ``absurd_fence``, what the fence held that no leader can have written."""

    token: int
    result: Demoted | None = None
    refused: tuple[str, ...] = ()
    absurd_fence: str = ""


@dataclass(frozen=True, slots=True)
class StepFailed:
    """``unknown``: the answer was lost, so it may have been taken all the same."""

    token: int
    reason: str
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class StepUnsent:
    """The lease ran out before a request of the step: no node refused anything."""

    token: int


@dataclass(frozen=True, slots=True)
class StepFenced:
    """Redis refused the step: the fence on the node is ``found_term``, not below ours."""

    token: int
    found_term: int


@dataclass(frozen=True, slots=True)
class Requested:
    """An operator asks for a change of primary. Whether it is possible at all is the asker's to check."""

    request: Request


@dataclass(frozen=True, slots=True)
class Ordered:
    """An operator gives an order. One at a time at each sentinel: that is the asker's to check."""

    order: Order


@dataclass(frozen=True, slots=True)
class MajorityConfirmed:
    """What is known here to be agreed on was the newest until ``at`` (monotonic), by a majority's word.

    Fed at every ping of the links, whether that has grown or not; only ``self_fence`` has to know.
    """

    at: float


StepOver: TypeAlias = StepDone | StepFailed | StepUnsent | StepFenced
"""The outcome of a step."""

GroupInput: TypeAlias = (
    Input | MajorityConfirmed | InfoSeen | NameLooked | LinkHeard | ReadDone | StepOver | Requested | Ordered
)


@dataclass(frozen=True, slots=True)
class Read:
    """INFO from these nodes at once; ``InfoSeen`` for each that answers in time, then ``ReadDone``."""

    token: int
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Perform:
    """Take the step against Redis, fenced with ``term``, only while the lease is valid."""

    token: int
    term: int
    step: Step


@dataclass(frozen=True, slots=True)
class Command:
    """Send this to the node once, outside any leadership; nobody waits for the reply."""

    node: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Publish:
    """Clients are told from now on what is known to be committed: the topology, and operators' directives."""


@dataclass(frozen=True, slots=True)
class LookAnew:
    """INFO from every node, soon: what was known of them is too old."""


@dataclass(frozen=True, slots=True)
class LookAgain:
    """The same once more a little later, for those that are just coming back."""


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Have a connection to the node ready, for a step will be taken there in a moment."""

    node: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell people. Nothing but that follows from it."""

    notice: Notice


Look: TypeAlias = LookAnew | LookAgain | WarmUp
GroupEffect: TypeAlias = Persist | Send | Read | Perform | Command | Publish | Look | Tell
