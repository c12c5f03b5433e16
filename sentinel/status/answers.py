"""What the HTTP API answers, field by field. OpenAPI is generated from these models and their docstrings."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

Refuses: TypeAlias = Literal["SHUTDOWN", "MISCONF", "OOM", "NOREPLICAS", "MAXCLIENTS"]


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class PrimaryAnswer(Answer):
    """Where to connect for writing."""

    group: str
    host: str
    port: int
    address: str
    """``host:port``, with an IPv6 host in brackets."""
    term: int
    """The fencing token: of two answers, the one with the higher term is the newer."""
    since: str
    """When this node became primary, ISO 8601, by the clock of the leader of that term."""
    stale: bool | None = None
    """Only with ``stale=ok``: true when this sentinel cannot know whether the answer is still current."""
    confirmed_at: str | None = None
    """Until when nothing newer was agreed on, by a majority's word: ISO 8601, by this sentinel's clock."""
    age_ms: int | None = None
    """How long ago that was; at most ``peer_timeout`` unless ``stale``."""


class TopologyAnswer(Answer):
    """Who is primary, as a majority has agreed."""

    primary: str
    term: int
    previous: str | None
    cause: str
    leader: str
    """The sentinel that made the change."""
    since: str
    duration_ms: int


class OpinionAnswer(Answer):
    """What one sentinel thinks of a node."""

    sentinel: str
    down: bool | None
    """null while this sentinel has not heard from that one, or that one knows nothing of the node."""
    grade: str | None
    """The evidence, where ``down``."""


class NodeAnswer(Answer):
    """One Redis server, as this sentinel sees it."""

    node: str
    address: str
    """Where clients reach it."""
    role: Literal["primary", "replica", "unknown"]
    """What it answers itself; the agreed primary is in ``topology``."""
    state: Literal[
        "up", "down", "misconfigured", "unknown", "refuses_writes", "refuses_clients", "not_watched"
    ]
    """``misconfigured``: alive, but refuses this sentinel. ``unknown``: not reached yet, or out of sight.
    ``refuses_writes``: a primary that lives, but refuses writes, or new clients; ``refuses_clients``: a
    replica that turns new clients away. ``not_watched``: not connected to. ``detail`` says why."""
    grade: str | None
    """The evidence, where ``down``."""
    detail: str
    refuses: Refuses | None = None
    """What a node that is not down refuses its clients, by the word of Redis's error."""
    objectively_down: bool
    opinions: list[OpinionAnswer]
    silence_ms: int | None
    """Since its last valid reply to this sentinel; null if there was none since it started."""
    offset_bytes: int | None
    lag_bytes: int | None
    """Behind the primary's offset, each as last seen; null where they cannot be compared."""
    link_up: bool | None
    """A replica's link to its primary; null for a primary."""
    follows: str | None
    syncing: bool
    loading: bool
    priority: int | None
    zone: str | None
    discovered: bool
    """Reported by the primary, or named by what the sentinels agree on; not configured."""
    barred: str | None = None  # Why it is never promoted; null if it may be.
    hands_off: str | None = None  # Why nothing is changed at it; null if it may be.
    announced: bool = True  # ``replica-announced no`` keeps a replica from clients.
    unlisted: bool = False  # It is the agreed primary all the same.
    version: str | None


class FailoverAnswer(Answer):
    """The change under way."""

    phase: str | None
    """How far the leader is; null where another sentinel leads, since only the leader knows."""
    target: str | None
    """The node to be promoted, once chosen."""
    cause: str | None
    leader: str | None
    operation: str | None
    """The operator's request that started it."""


class PausedAnswer(Answer):
    """Detection goes on, and no sentinel changes anything by itself."""

    since: str
    by: str
    """The sentinel that took the request."""
    reason: str | None


class ScheduledAnswer(Answer):
    """A switchover to come, as a majority has agreed."""

    operation: str
    at: str
    to: str | None
    """null: the best replica by then."""
    requested_at: str


class CanFailOverAnswer(Answer):
    """Whether a failover would go ahead now, by what this sentinel knows."""

    ok: bool
    reasons: list[str]
    """Why not, each in words, the most general first; empty where ``ok``."""


class GroupAnswer(Answer):
    """Everything this sentinel knows of a group."""

    group: str
    topology: TopologyAnswer | None
    term: int
    """This sentinel's own, which may be ahead of the topology's."""
    role: str
    leader: str | None
    """Who leads at the moment; usually nobody, as leaders are elected for work only."""
    quorum: int
    """How many sentinels must call the primary down."""
    majority: int
    """How many sentinels must take part in any change."""
    has_majority: bool
    """Whether this sentinel is in touch with that many, itself included."""
    confirmed: bool | None = None
    """Whether a majority has confirmed lately that ``topology`` is the newest; null in an event."""
    can_fail_over: CanFailOverAnswer | None = None
    """null in an event, and where a release did not tell."""
    takes_no_part: str | None = None
    """Why this sentinel neither votes nor leads: it may have forgotten something, and waits to be told."""
    stands_back: dict[str, str] = {}
    """The sentinels that could promote nobody while another could, and let the others stand first, each with
    the reason: this one, and those that it is in touch with."""
    members: list[str] = []
    """Who elects, as this sentinel has it on disk."""
    former_members: list[str] = []
    """Not empty while a change of members is under way: then a majority of these is needed too."""
    failover: FailoverAnswer | None
    ambiguous: str | None
    """Why it is not clear who is primary."""
    paused: PausedAnswer | None = None
    scheduled: ScheduledAnswer | None = None
    nodes: list[NodeAnswer]
    doubles: dict[str, str] = {}  # Names that lead to another node's server, with the name that is used.
    owner: str | None = None
    """Who is responsible, as configured."""
    runbook: str | None = None
    """The page that says what to do, as configured."""
    balanced: dict[str, str] = {}  # Names that lead to several servers in turn, with what shows it.


class PeerAnswer(Answer):
    sentinel: str
    in_touch: bool
    """Whether this sentinel reaches it and is reached by it, both lately."""
    rtt_ms: float | None
    clock_ahead_ms: float | None = None
    """How far its wall clock is ahead of this sentinel's; null while it did not tell."""
    apart: str | None = None
    """Why neither listens to the other: other members, another cluster, or two processes of one id."""


class GroupsAnswer(Answer):
    sentinel: str
    version: str
    now: str | None = None
    """This sentinel's clock, ISO 8601; null where a release did not tell."""
    cluster_id: str | None = None
    """What its sentinels have agreed to call this cluster; null before, and where a release has none."""
    members: list[str]
    former_members: list[str] = []
    """Not empty while a change of members is under way in any group, or in what the sentinels agree on beside
    the groups, which is this cluster's id. The next change has to wait for that."""
    peers: list[PeerAnswer]
    groups: list[GroupAnswer]


class CandidateAnswer(Answer):
    node: str
    eligible: bool
    rank: int | None
    """1 is the best; null where not eligible."""
    reason: str  # Why it is not eligible, or not the first choice.
    priority: int
    offset_bytes: int | None
    lag_bytes: int | None


class CandidatesAnswer(Answer):
    """What a failover now would choose."""

    group: str
    primary: str
    chosen: str | None
    refusal: str | None = None
    """Why nobody would be promoted although there may be who is eligible: ``durability`` forbids it, or no
    majority of the sentinels is in touch."""
    may_have_lost: str | None = None
    candidates: list[CandidateAnswer]


class StepAnswer(Answer):
    name: str
    at_ms: float
    """Since the change began."""


class ChangeAnswer(Answer):
    old: str | None
    new: str
    term: int
    cause: str
    leader: str
    at: str
    duration_ms: int
    """From the first evidence to the promotion; a pause does not count, and the commit follows."""
    timeline: list[StepAnswer]
    """As the leader saw it; empty where its record did not arrive."""
    bytes_possibly_lost: int | None
    """How far the new primary was behind the old one's last known offset; null when unknown."""
    may_have_lost: str | None = None
    """In words: what the new primary is known to lack at least, or that its history is another."""


class HistoryAnswer(Answer):
    """Newest first."""

    group: str
    changes: list[ChangeAnswer]


class ProblemFound(Answer):
    node: str | None
    """null where it is about the whole group."""
    severity: Literal["error", "warning"]
    """``error``: the next failover would fail, or lose data. ``warning``: it would be worse than need be."""
    code: str
    """Stable, for programs."""
    problem: str
    advice: str
    found_at: str | None = None
    """When it was first found, of those that every check has found since: ISO 8601."""


class PreflightAnswer(Answer):
    """What would bite during a failover; each sentinel looks for itself, from where it runs."""

    group: str
    checked_at: str | None
    """ISO 8601; null before the first check. With ``preflight_interval`` false there is none unless it is
    asked for. Problems that have visibly gone since are left out."""
    problems: list[ProblemFound]


class AcceptedAnswer(Answer):
    operation: str
    group: str


class OperationAnswer(Answer):
    operation: str
    group: str
    kind: Literal["failover", "switchover", "pause", "resume", "cancel"] = "failover"
    at: str | None = None
    """When it is to be carried out, if that was set."""
    candidate: str | None
    state: Literal["accepted", "scheduled", "running", "completed", "failed"]
    reason: str | None
    """Why it failed."""
    term: int | None
    new_primary: str | None
    requested_at: str
    finished_at: str | None
    """Of what was to be done at a time, and failed, only the sentinel knows that took the request."""


class HealthAnswer(Answer):
    status: Literal["ok"] = "ok"


class ReadyAnswer(Answer):
    ready: Literal[True] = True
    in_touch: list[str]
    """The members that this sentinel is in touch with, itself included."""


class ProblemAnswer(BaseModel):
    """Problem details (RFC 9457); some kinds have members of their own."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    type: str
    """``urn:vedette:problem:`` and the kind."""
    title: str
    status: int
    detail: str
    instance: str


JsonObject = dict[str, Any]
