"""A picture of the sentinels themselves, for readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quorum.membership import Membership
from sentinel.peers.report import PeerState


@dataclass(frozen=True, slots=True)
class ClusterView:
    """``cluster_id`` is empty while none is agreed on. ``former_members``: with whom some register still has
    to agree, while a change of members is under way.
    """

    sentinel: str
    version: str
    cluster_id: str
    membership: Membership
    former_members: tuple[str, ...]
    peers: Mapping[str, PeerState]
