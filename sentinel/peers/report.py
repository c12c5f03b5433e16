"""This sentinel's report on each of its peers: whether they are in touch, and the reason if they do not
listen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sentinel.peers.links import PeerLinks


@dataclass(frozen=True, slots=True)
class PeerState:
    in_touch: bool
    rtt_s: float | None = None
    """The time that the last ping took; None while there is no link."""
    clock_ahead_ms: float | None = None
    """How far its wall clock is ahead of this sentinel's; None while it is unknown."""
    apart: str | None = None
    """Why neither listens to the other."""


def peer_states(links: PeerLinks, apart: Mapping[str, str]) -> dict[str, PeerState]:
    """``apart`` has why those that are not listened to are not."""
    in_touch, offsets = links.in_touch(), links.clocks.offsets
    return {
        peer: PeerState(
            in_touch=peer in in_touch,
            rtt_s=links.rtt_s(peer),
            clock_ahead_ms=round(offsets[peer].ahead_ms, 1) if peer in offsets else None,
            apart=apart.get(peer),
        )
        for peer in links.peers
    }
