"""The effects that the agreement core asks its driver to carry out, in order.

Invariant: an effect is applied only after all effects before it, so that ``Persist`` is on disk before any
``Send`` that depends on it (etcd's raft states the same rule for its ``Ready``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from quorum.messages import Entry, HardState, Message, Opinion


@dataclass(frozen=True, slots=True)
class Persist:
    """Write this to stable storage.

    The effects behind it wait for that, unless it is ``lazy``: then only the knowledge of a commit is new,
    which can be learnt again, and it may be written with the next state.
    """

    state: HardState
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Hand ``message`` to the link to ``to``. It may be lost, late, doubled or out of order."""

    to: str
    message: Message


@dataclass(frozen=True, slots=True)
class Elected:
    """This sentinel leads the group in ``term``; ``reasons`` is the work that it was elected for."""

    term: int
    reasons: frozenset[str]
    entry: Entry
    """The newest entry it inherited: any committed one, or a newer unfinished one."""


LOST_TOUCH = "lost touch with the majority"


@dataclass(frozen=True, slots=True)
class SteppedDown:
    """This sentinel no longer leads (or stands in) ``term``: no further command may be sent under it."""

    term: int
    reason: str


@dataclass(frozen=True, slots=True)
class Committed:
    """``entry`` is stored by a majority and can never be undone."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class OpinionChanged:
    """This sentinel changed its mind about a node."""

    opinion: Opinion


@dataclass(frozen=True, slots=True)
class OdownChanged:
    """A quorum began, or ceased, to agree that ``node`` is down."""

    node: str
    down: bool
    agree: tuple[str, ...]
    """The sentinels that say so, sorted."""


AgreementEvent: TypeAlias = Elected | SteppedDown | Committed
Event: TypeAlias = AgreementEvent | OpinionChanged | OdownChanged


@dataclass(frozen=True, slots=True)
class Emit:
    """Tell the layer above."""

    event: Event


BackendEffect: TypeAlias = Persist | Send
"""The requests of an agreement to its driver."""
Effect: TypeAlias = BackendEffect | Emit
