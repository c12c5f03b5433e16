"""What this sentinel says of each of its peers: whether they are in touch, and if they do not listen, why."""

from __future__ import annotations

from collections.abc import Mapping

from sentinel.peers.links import PeerLinks


def peer_states(links: PeerLinks, apart: Mapping[str, str]) -> Mapping[str, Mapping[str, object]]:
    """``apart`` has why those that are not listened to are not."""
    in_touch, offsets = links.in_touch(), links.clocks.offsets
    return {
        peer: {
            "in_touch": peer in in_touch,
            "rtt_s": links.rtt_s(peer),
            "clock_ahead_ms": round(offsets[peer].ahead_ms, 1) if peer in offsets else None,
            "apart": apart.get(peer),
        }
        for peer in links.peers
    }
