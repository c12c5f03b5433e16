"""The steps that failed a moment ago, under any leader: no leader begins with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RecentFailures:
    """Names of nodes, and reasons.

    ``not_disarmed``: nodes on which the connections of another leader could not be cut. ``not_sealed``:
    replicas that could not be cut off from the primary, and why. ``not_repointed``: nodes whose REPLICAOF
    failed.
    """

    not_disarmed: frozenset[str] = frozenset()
    not_sealed: Mapping[str, str] = field(default_factory=dict)
    not_repointed: frozenset[str] = frozenset()


NO_FAILURES = RecentFailures()
