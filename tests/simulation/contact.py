"""The links between the sentinels: who is in touch with whom, as the pings of the peer links find out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorum.inputs import PeerGone
from quorum.votes import majority
from sentinel.group_inputs import MajorityHeard

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.world import World

PEER_TIMEOUT_S = 1.5


class Contact:
    def __init__(self, world: World) -> None:
        self._world = world

    def both_ways(self, one: Host, other: Host) -> bool:
        network = self._world.network
        pairs = ((one.name, other.name), (other.name, one.name))
        return other.awake and all(network.reaches(*p) and p not in network.silent for p in pairs)

    def look(self, host: Host, touched: dict[str, float], in_touch: set[str]) -> None:
        """One round of pings: ``touched`` has when each peer last answered, ``in_touch`` who counts."""
        now = self._world.schedule.now
        for peer in self._world.hosts.values():
            if peer is host:
                continue
            if self.both_ways(host, peer):
                touched[peer.name] = now
                if peer.name not in in_touch:
                    in_touch.add(peer.name)
                    host.gossip()
            elif peer.name in in_touch and now - touched[peer.name] > PEER_TIMEOUT_S:
                in_touch.discard(peer.name)
                host.feed(PeerGone(peer.name))
        ages = sorted(now - at for name, at in touched.items() if name != host.name)
        others = majority(len(self._world.hosts)) - 1
        age_s = ages[others - 1] if others else 0.0
        host.feed(MajorityHeard(host.now - age_s * host.rate))

    def with_majority(self, host: Host) -> bool:
        """Whether this sentinel would answer ``/primary`` now."""
        peers = [peer for peer in self._world.hosts.values() if peer is not host]
        reached = sum(self.both_ways(host, peer) for peer in peers)
        return reached + 1 >= majority(len(self._world.hosts))
