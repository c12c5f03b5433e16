"""The interface between a group and the agreement that coordinates it: the leader, and the committed entry.

``Member`` holds one agreement, and all other code knows only its ``view``. The kind that needs nothing but
the sentinels themselves is ``quorum.raft``.

Each step of a group calls it twice. First it takes in the input, or ``Wake``. Then, once the consequences for
the nodes are clear, ``Campaign`` tells it which work is left, and it does what is due by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from quorum.directives import TimeCome
from quorum.effects import BackendEffect, Effect
from quorum.inputs import IdTwice, PeerGone, Propose, Received, StopLeading, Wake, YieldTo
from quorum.membership import Membership
from quorum.messages import About, Entry, EntryId, Opinion, Opinions
from quorum.role import Role
from quorum.standing import Standing


@dataclass(frozen=True, slots=True)
class Campaign:
    """The work that needs a leader now, if there is a reason for one. A present leader goes on.

    ``urgent``: it does not wait until a leader that gave up may try again.
    """

    reasons: frozenset[str]
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Reconsider:
    """Something that may have stood in the way is gone: what was put off is tried now."""


@dataclass(frozen=True, slots=True)
class Distrust:
    """This process did not run for a while: others may lead by now."""


@dataclass(frozen=True, slots=True)
class Gossiped:
    """A peer's report of its part in the agreement. On the wire it shares a frame with its opinions."""

    sender: str
    boot: int
    """The number of the sender's starts; with ``seq`` it tells a newer report from a late one."""
    seq: int
    committed: Entry
    """The newest committed entry that it knows."""
    stands_back: str | None
    about: About | None

    @classmethod
    def of(cls, sender: str, frame: Opinions) -> Gossiped:
        return cls(sender, frame.boot, frame.seq, frame.committed, frame.stands_back, frame.about)


BackendInput: TypeAlias = Received | Gossiped | PeerGone | IdTwice
"""What comes from those with whom it is agreed."""

AgreementInput: TypeAlias = (
    Wake | Campaign | Reconsider | Propose | StopLeading | YieldTo | Distrust | BackendInput
)


class View(Protocol):
    """The state of the agreement at this sentinel, read only, as of the last step."""

    @property
    def term(self) -> int: ...

    @property
    def newest(self) -> Entry:
        """The newest entry that is stored here, whether it is committed or not."""
        ...

    @property
    def committed(self) -> Entry:
        """The newest entry that is known to be committed."""
        ...

    @property
    def is_open(self) -> bool:
        """Something is begun: the newest entry is not known to be committed, or holds an intent."""
        ...

    @property
    def role(self) -> Role: ...

    @property
    def leader(self) -> str | None:
        """The leader of this term, if it is known; it may have gone since."""
        ...

    @property
    def membership(self) -> Membership:
        """The members that elect."""
        ...

    @property
    def listening(self) -> str:
        """Why this sentinel takes no part at present, in words; empty if it does."""
        ...

    @property
    def is_retired(self) -> bool:
        """It has been without the group, and knows nothing of it until a majority of the others tells it."""
        ...

    @property
    def is_stuck(self) -> bool:
        """It takes no part, and no waiting will help."""
        ...

    @property
    def apart(self) -> Mapping[str, str]:
        """The peers that are not listened to at all, and why."""
        ...

    @property
    def stored(self) -> EntryId:
        """The entry that this sentinel reports as stored: it has certainly stored nothing newer."""
        ...

    def lease_valid(self, now: float) -> bool:
        """Whether this sentinel leads and may act: the check before each command to Redis (rule S4)."""
        ...

    def leader_until(self, now: float) -> float:
        """The time until which a leader may act, as far as is known here: its own lease, if it leads."""
        ...

    def hears_leader(self, now: float) -> bool: ...

    def confirmed_at(self, said: Callable[[str, EntryId], float], now: float) -> float:
        """The time until which the newest entry known as committed was the newest; -inf: unknown.

        ``said(peer, entry_id)``: the time until which the peer had stored nothing newer, by its own report.
        """
        ...


class OwnWords(Protocol):
    """This sentinel's own opinions, to be sent to its peers."""

    time: TimeCome

    def own(self) -> tuple[Opinion, ...]: ...


class Agreement(Protocol):
    @property
    def view(self) -> View: ...

    @property
    def standing(self) -> Standing:
        """The order in which the sentinels stand for election."""
        ...

    def step(self, given: AgreementInput, now: float) -> list[Effect]:
        """Returns effects of the backend, to be applied in their order, and the events ``Elected``,
        ``SteppedDown`` and ``Committed``.

        Raises NotLeaderError, PeerViolationError (both: nothing was changed) and InvariantError (a bug).
        """
        ...

    def say(self, words: OwnWords, now: float, *, to_all: bool) -> list[BackendEffect]:
        """Send this sentinel's opinions and its part in the agreement to all peers, or to those to whom
        something is due."""
        ...

    def repeats(self, sender: str, frame: Opinions) -> bool:
        """Whether the peer's report equals its last one, so that ``repeated`` will do."""
        ...

    def repeated(self, sender: str, frame: Opinions) -> None: ...

    def next_deadline(self, now: float) -> float | None: ...
