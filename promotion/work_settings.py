"""The settings of a leader's work, from a group's configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

from promotion.candidates import Policy
from promotion.sealing import WriteRules


@dataclass(frozen=True, slots=True)
class WorkSettings:
    policy: Policy
    parallel_syncs: int
    limit_s: float
    """The group's ``failover_timeout``: the longest wait for a witness, or for replicas to sync."""
    ping_interval_s: float = 0.25
    hold_poll_s: float = 0.05
    catch_up_poll_s: float = 0.005
    """Short, because a switchover holds up writes meanwhile."""
    testimony_s: float = 1.0
    """A replica that heard from the primary is believed for this long: it may hear only rarely."""
    sync_poll_s: float = 0.5
    rules: WriteRules = field(default_factory=WriteRules)
