"""The entries that the sentinels of one group agree on, and the messages between them.

A group's replicated state is Raft's, with the log compacted to its newest entry. An entry holds the committed
topology, the intent of a change under way, and the operators' directives. Entries are ordered by ``(term,
seq)``. A leader only ever sends entries of its own term, so the entry that a sentinel stores only grows in
that order.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from quorum.directives import NO_DIRECTIVES, Directives, TimeCome
from quorum.membership import Membership

EntryId: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is that an entry names, for a sentinel that has no such name: how it is reached, by which
    address others are told to, and the run id that it had then.

    It is a hint to what is agreed on, and no part of it: older sentinels leave it out.
    """

    host: str
    port: int
    announce_host: str | None = None
    announce_port: int | None = None
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """The primary of a group. ``term`` is the fencing token: the term of the leader that committed it."""

    primary: str
    term: int
    previous: str | None
    cause: str
    leader: str
    since_ms: int
    """Wall clock, milliseconds since the epoch, when the leader proposed it. For people only."""
    duration_ms: int
    """From the start of the change to its proposal, as the leader measured it."""
    lost_bytes: int | None = None
    """Upper bound of what this change lost, once the old primary came back and told; None while unknown."""
    may_have_lost: str | None = field(default=None, compare=False)
    """In words: the new primary holds another history, or is known to lack so much at least.

    It is for people, and no part of what is agreed on: older sentinels leave it out.
    """
    primary_at: Place | None = field(default=None, compare=False)
    previous_at: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Intent:
    """The promotion that a leader is about to make, committed before it so that a successor can finish it."""

    target: str
    cause: str
    leader: str
    started_ms: int
    """Wall clock, milliseconds since the epoch, when the change began. For people only."""
    target_at: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """The one log entry: the value agreed on, or proposed, under ``(term, seq)``."""

    term: int
    seq: int
    topology: Topology | None
    intent: Intent | None = None
    directives: Directives = NO_DIRECTIVES
    cluster_id: str = ""
    """Only in the register of the cluster (``cluster``), and never changed there."""

    @property
    def id(self) -> EntryId:
        return (self.term, self.seq)


GENESIS = Entry(term=0, seq=0, topology=None)
"""The entry that every sentinel starts with: no topology is known."""


@dataclass(frozen=True, slots=True)
class HardState:
    """The state that must be on disk before a message that depends on it (Raft, figure 2)."""

    term: int = 0
    voted_for: str | None = None
    entry: Entry = GENESIS
    committed: Entry = GENESIS
    """The newest entry known to be committed. Only ever lags behind the truth; kept so that a
    restarted sentinel can answer without an election."""
    promised_ms: int = 0
    """For how long at most it has promised to stick to a leader that it hears from, since its last vote; 0:
    for no longer than the election timeout that it had then, as a release without such numbers left it."""
    membership: Membership | None = None
    """With whom it votes. None: it has not voted yet, or by a release that kept no membership."""
    retired: bool = False
    """The sentinel has run without the group since: what was agreed on is set aside, and what it promised is
    not."""

    def retire(self) -> HardState:
        """What is left of it once the sentinel has started without the group."""
        return replace(self, entry=GENESIS, committed=GENESIS, retired=True)


FORGOTTEN = ""
"""``voted_for`` in a term in which this sentinel may have voted for a forgotten candidate."""


class Grade(enum.StrEnum):
    """The grades of down, from the most to the least certain evidence; each has its own timeout."""

    NONE = "none"
    REFUSED = "refused"
    """The connection closed and a new one is refused: the process is gone."""
    UNRESOLVED = "unresolved"
    """The connection closed and the name no longer resolves."""
    SILENT = "silent"
    """No valid reply for ``down_after``."""
    UNUSABLE = "unusable"
    """Answers, but not as a primary can: loading for too long, or in the role of a replica."""
    REGRESSED = "regressed"
    """Restarted with its data set fallen back while replicas still hold data."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One sentinel's view of one node. ``grade`` is ``none`` unless ``down``.

    ``run_id`` and ``known_as``, its other names, tell a peer that has another name for it which one is meant.
    """

    node: str
    down: bool
    grade: Grade = Grade.NONE
    unwritable: bool = False
    """It lives, but has refused writes for ``unwritable_after``, as another might not. A sentinel of a
    release without this never says so."""
    run_id: str = ""
    known_as: tuple[str, ...] = ()
    unknown: bool = False
    """Not down, but not known to be up either. A release without this takes it for up."""


@dataclass(frozen=True, slots=True)
class PreVoteRequest:
    """Would you vote for me in ``term``? Changes nothing at either side (Raft section 9.6)."""

    term: int
    entry_id: EntryId
    under: Membership | None = None
    """Who elects the sender. None: a release that does not tell."""
    kind: Literal["pre_vote_request"] = "pre_vote_request"


@dataclass(frozen=True, slots=True)
class PreVoteReply:
    """``term`` is the asked one if granted, else the voter's current one."""

    term: int
    granted: bool
    reason: str = ""
    kind: Literal["pre_vote_reply"] = "pre_vote_reply"


@dataclass(frozen=True, slots=True)
class VoteRequest:
    term: int
    entry_id: EntryId
    hold_ms: int = 0
    """How long the voter is asked to stick to the candidate once it heard from it. 0, an election timeout, is
    what a release asks for that told no numbers."""
    under: Membership | None = None
    """As in ``PreVoteRequest``; in all that elects or replicates."""
    ballot: int = 0
    """Of the process that asks, to be echoed: another one of this sentinel may have stood in the same term.
    0: a release that has none."""
    kind: Literal["vote_request"] = "vote_request"


@dataclass(frozen=True, slots=True)
class VoteReply:
    """``term`` is the asked one if granted, else the voter's current one."""

    term: int
    granted: bool
    reason: str = ""
    promised_ms: int = 0
    """How long the voter sticks to the candidate from now on; 0: for an election timeout of its own, of a
    length that a release without such numbers does not tell."""
    ballot: int = 0
    """Of the request that this answers. 0: the voter is of a release that does not say."""
    kind: Literal["vote_reply"] = "vote_reply"


@dataclass(frozen=True, slots=True)
class Append:
    """A leader's heartbeat, with the entry it proposes, if any, and how far it is committed."""

    term: int
    round: int
    """Counts the leader's broadcasts; a reply to it extends the lease from when it was sent."""
    entry: Entry | None
    committed_id: EntryId
    under: Membership | None = None
    kind: Literal["append"] = "append"


@dataclass(frozen=True, slots=True)
class AppendReply:
    term: int
    round: int
    entry_id: EntryId
    """The newest entry that the follower has on disk."""
    promised_ms: int = 0
    """As in ``VoteReply``, from this message on."""
    kind: Literal["append_reply"] = "append_reply"


@dataclass(frozen=True, slots=True)
class Resign:
    """The leader of ``term`` stops leading: nobody needs to wait for its lease.

    ``retry_after_ms`` is 0 when the work is done; else it could not be done now, and who has tried it as well
    need not try again sooner. ``reason`` is why it was given up: another may be able to do it.
    """

    term: int
    retry_after_ms: int = 0
    reason: str = ""
    kind: Literal["resign"] = "resign"

    @property
    def gave_up(self) -> bool:
        return bool(self.reason or self.retry_after_ms)


class Part(enum.StrEnum):
    """A sentinel's part in the agreement."""

    VOTER = "voter"
    NEW = "new"
    """It has no past: its directory is new or was emptied, or it ran without the group."""
    LISTENER = "listener"
    """It may have forgotten something, so it takes no part until the others have told it."""


@dataclass(frozen=True, slots=True)
class About:
    """The sender's state in the agreement, which a sentinel that has lost its own must learn."""

    term: int
    entry: Entry | None
    """Its newest; None if that is the committed one."""
    under: Membership
    part: str = Part.VOTER
    """A word that is not known here is one of a later release, and counts for nothing."""
    asks: bool = False
    """It wants to be told the same."""
    heard: tuple[tuple[str, int, int], ...] = ()
    """The newest entry, as ``(id, term, seq)``, that each of the others has ever said it stores."""
    answers: tuple[tuple[str, int, int], ...] | None = None
    """The newest report, as ``(id, boot, seq)``, in which each of the others has asked: this was said behind
    it. None: it is of a release that does not say."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """Everything that the sender thinks of the group's nodes; pushed on change, repeated in the gossip."""

    boot: int
    """How often the sender has started; with ``seq`` it tells a newer report from a late one."""
    seq: int
    opinions: tuple[Opinion, ...]
    committed: Entry
    """The newest committed entry it knows: how a sentinel that was away catches up without an election."""
    time: TimeCome | None = None
    """What its wall clock says of the group's schedule; None: it is of a release that does not say."""
    stands_back: str | None = None
    """Why the sender could promote nobody now, so that it lets others stand before it; empty if it could.
    None: it is of a release that does not say."""
    about: About | None = None
    """None: a release that does not tell."""
    kind: Literal["opinions"] = "opinions"


Message: TypeAlias = (
    PreVoteRequest | PreVoteReply | VoteRequest | VoteReply | Append | AppendReply | Resign | Opinions
)
