"""What the daemon tells people: one notice per event, for the log, the history and the webhooks.

The names are stable and the fields are plain data; how a notice reads is decided in ``story``, and which
of them become webhooks in ``alerts``.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class NoticeName(enum.StrEnum):
    NODE_DOWN = "node_down"
    """This sentinel calls a node down (subjectively)."""
    NODE_UP = "node_up"
    QUORUM_DOWN = "quorum_down"
    """A quorum calls a node down (objectively)."""
    QUORUM_UP = "quorum_up"
    MISCONFIGURED = "misconfigured"
    """A node refuses our credentials, permissions or TLS."""
    DEGRADED = "degraded"
    """The primary lives, but refuses writes or new clients, and has done so for a while."""
    RECOVERED = "recovered"
    """It takes them again."""
    DISCOVERED = "discovered"
    """The primary reports a replica that is not in the configuration."""
    NOT_WATCHED = "not_watched"
    """It reports one that is not watched, for a reason that people can change."""
    DROPPED = "dropped"
    """A node that nobody configured is not watched any more: it is not the group's, or is forgotten."""
    FOREIGN = "foreign"
    """A configured node is not the group's: it is neither demoted nor re-pointed."""
    DOUBLE = "double"
    """A configured name leads to the server of another node, which is used instead."""
    CONTESTED = "contested"
    """A server is configured for another group too: neither changes anything at it."""
    UNLISTED = "unlisted"
    """The agreed primary is in no configuration: it is watched all the same."""
    UNWATCHED = "unwatched"
    """The agreed primary is not watched here, so that nobody here would know that it is lost."""
    IDENTIFIED = "identified"
    """One of the four before holds no longer."""
    AMBIGUOUS = "ambiguous"
    """Nobody can tell which node is primary; nothing is done until that is clear."""
    REQUESTED = "requested"
    """An operator asks this sentinel for a change of primary; it stands for election because of it."""
    ELECTED = "elected"
    STEPPED_DOWN = "stepped_down"
    FAILOVER_STARTED = "failover_started"
    HELD = "held"
    """A replica still hears from the primary: the leader waits."""
    CANDIDATE_CHOSEN = "candidate_chosen"
    OVERRULED = "overruled"
    """An operator named a node although a rule of the group forbids it; the reason is that rule's."""
    INTENT_COMMITTED = "intent_committed"
    INTENT_CANCELLED = "intent_cancelled"
    WRITES_PAUSED = "writes_paused"
    """The old primary of a switchover takes no writes for now, so that the target can catch up."""
    WRITES_RESUMED = "writes_resumed"
    """The switchover was given up, and the primary takes writes again."""
    HANDED_OVER = "handed_over"
    """The old primary of a switchover is a replica now."""
    PROMOTED = "promoted"
    TOPOLOGY = "topology"
    """A new topology is committed; told by every sentinel, when it learns of it."""
    REPOINTED = "repointed"
    DEMOTED = "demoted"
    STEP_FAILED = "step_failed"
    """A command to a node beside the promotion itself failed; the fields name the step and the node."""
    SEALING = "sealing"
    """The replicas are cut off from the old primary, so that what they have acknowledged is final."""
    SAFETY_KEPT = "safety_kept"
    """The primary was told how many replicas must acknowledge a write."""
    LOSS_MEASURED = "loss_measured"
    """The old primary is back and demoted: this many bytes of its writes may be lost; told by everyone."""
    SELF_FENCED = "self_fenced"
    """This sentinel lost the majority, and pauses the writes of the primary that it can still reach."""
    SELF_FENCE_ENDED = "self_fence_ended"
    FENCED = "fenced"
    """Redis refused a command, because a newer leader was there before."""
    FAILOVER_ABORTED = "failover_aborted"
    REPAIR_ABORTED = "repair_aborted"
    WORK_DONE = "work_done"
    PAUSED = "paused"
    """Operators want nothing to be changed; told by every sentinel, as the next four are."""
    RESUMED = "resumed"
    SCHEDULED = "scheduled"
    """A switchover is to be carried out at a set time."""
    SCHEDULE_CLOSED = "schedule_closed"
    """It was begun, has ended, was cancelled or dropped; the fields say which, and why."""
    ORDER_DONE = "order_done"
    """A majority has agreed on what an operator ordered at this sentinel."""
    ORDER_REFUSED = "order_refused"
    STALLED = "stalled"
    """This process did not run for a while, and distrusts what it saw."""


@dataclass(frozen=True, slots=True)
class Notice:
    name: NoticeName
    group: str
    fields: Mapping[str, object] = field(default_factory=dict)
