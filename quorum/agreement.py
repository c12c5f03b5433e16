"""What a group needs from whoever coordinates it: who leads, and what is agreed on.

``Member`` holds one, and everybody else knows its ``view`` alone. The kind that needs nothing but the
sentinels themselves is ``quorum.raft``.

Each step of a group asks twice: first whatever came in, or ``Wake``, is taken in; then, once it is clear what
follows from that for the nodes, ``Campaign`` says which work is left, and what is due by then is done.
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
    """The work that needs a leader now; none if there is no reason. Whoever leads goes on.

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
    """What a peer tells of its part in the agreement. On the wire it comes in one frame with its opinions."""

    sender: str
    boot: int
    """How often the sender has started; with ``seq`` it tells a newer word from a late one."""
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
    """How the agreement stands here, read only; it is always as of the last step."""

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
        """Who leads in this term, as far as that is known; it may have gone since."""
        ...

    @property
    def membership(self) -> Membership:
        """Who elects."""
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
        """What this sentinel tells its peers that it has stored: nothing newer, surely."""
        ...

    def lease_valid(self, now: float) -> bool:
        """Whether this sentinel leads and may act: the check before each command to Redis (rule S4)."""
        ...

    def leader_until(self, now: float) -> float:
        """Until when somebody may lead, as far as this sentinel knows: its own lease, if it leads."""
        ...

    def hears_leader(self, now: float) -> bool: ...

    def confirmed_at(self, said: Callable[[str, EntryId], float], now: float) -> float:
        """Until when what is known to be committed was the newest; -inf: that is not known.

        ``said(peer, entry_id)``: until when the peer had stored nothing newer than that, by its own word.
        """
        ...


class OwnWords(Protocol):
    """What this sentinel thinks, to be said to its peers."""

    time: TimeCome

    def own(self) -> tuple[Opinion, ...]: ...


class Agreement(Protocol):
    @property
    def view(self) -> View: ...

    @property
    def standing(self) -> Standing:
        """In which order the sentinels stand for election."""
        ...

    def step(self, given: AgreementInput, now: float) -> list[Effect]:
        """Returns effects of the backend, to be applied in their order, and the events ``Elected``,
        ``SteppedDown`` and ``Committed``.

        Raises NotLeaderError, PeerViolationError (both: nothing was changed) and InvariantError (a bug).
        """
        ...

    def say(self, words: OwnWords, now: float, *, to_all: bool) -> list[BackendEffect]:
        """Tell the peers what this sentinel thinks, and what they are to know of the agreement: all of them,
        or those to whom something is due."""
        ...

    def repeats(self, sender: str, frame: Opinions) -> bool:
        """Whether the peer tells of its part what it told last, so that ``repeated`` will do."""
        ...

    def repeated(self, sender: str, frame: Opinions) -> None: ...

    def next_deadline(self, now: float) -> float | None: ...
