"""The links between the sentinels, as the daemon has them: each dials every other, pings and sends on the
link that it dialled, and gets nothing but answers to its pings back on it.

What follows from that, who is in touch and what clients may be told, the production code decides.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from quorum.confirmation import stored
from quorum.inputs import PeerGone
from quorum.votes import majority
from sentinel.freshness import Freshness
from sentinel.group_inputs import MajorityConfirmed
from sentinel.peer_presence import Presence
from sentinel.peer_stored import Ledger, PeersStored, Stored

if TYPE_CHECKING:
    from tests.simulation.host import Host

GROUP = "g"
PEER_TIMEOUT_S = 1.0


class Contact:
    """One sentinel's."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.restart()

    def restart(self) -> None:
        self.presence = Presence(PEER_TIMEOUT_S, self._on_touch)
        self.freshness = Freshness(PEER_TIMEOUT_S)
        self.ledger = Ledger()
        self.peers_stored = PeersStored()
        self._linked: dict[str, int] = {}
        """By which start each peer was known when it answered last: its successor is another link."""

    def tick(self) -> None:
        """One round of pings."""
        host = self._host
        self.presence.expire(host.now)
        for name, peer in host.world.hosts.items():
            if name != host.name and name in host.links:
                told = self.peers_stored.version(name)
                for delay_s in host.world.network.messages(host.name, name):
                    ping = partial(self._ping, peer, host.boots, host.now, told)
                    host.world.schedule.at(delay_s, ping)
        host.feed(MajorityConfirmed(self.confirmed_at()))

    def note_stored(self) -> None:
        if self._host.brain is not None:
            self.ledger.note(GROUP, stored(self._host.brain.member.register))

    def confirmed_at(self) -> float:
        """Until when what is told to clients was confirmed."""
        brain = self._host.brain
        if brain is None:
            return float("-inf")
        return brain.member.confirmed_at(
            lambda peer, newest: self.peers_stored.at(peer, GROUP, newest), self._host.now
        )

    def has_majority(self) -> bool:
        in_touch = self.presence.in_touch(self._host.now)
        return 1 + len(in_touch) >= majority(len(self._host.links))

    def answers(self) -> bool:
        """Whether this sentinel would answer ``/primary`` now, and not mark it as stale."""
        host, brain = self._host, self._host.brain
        if brain is None or not host.awake or not self.has_majority():
            return False
        told, newest = host.disk.committed.topology, brain.member.register.state.committed.topology
        if told is None or (newest is not None and told.term < newest.term):
            return False
        return self.freshness.suffices(self.confirmed_at(), host.now)

    def heard(self, peer: str) -> None:
        """Something came on the link that ``peer`` dialled."""
        self.presence.heard(peer, self._host.now)

    # -- pings ---------------------------------------------------------------------------------

    def _ping(self, peer: Host, boots: int, asked_at: float, told: int) -> None:
        if self._arrives(self._host, peer) and self._host.world.network.dials(self._host.name, peer.name):
            peer.when_awake(partial(peer.contact.pinged, self._host, boots, asked_at, told))

    def pinged(self, sender: Host, boots: int, asked_at: float, told: int) -> None:
        if sender.name not in self._host.links:
            return
        self.heard(sender.name)
        host = self._host
        self.note_stored()
        if sender.contact.knows(host):
            hears, stored = self.presence.hears(sender.name, host.now), self.ledger.since(told)
        else:
            hears, stored = self.presence.hears(sender.name, host.now), self.ledger.since(0)
        for delay_s in host.world.network.messages(host.name, sender.name):
            pong = partial(self._pong, sender, boots, asked_at, hears, stored, host.boots)
            host.world.schedule.at(delay_s, pong)

    def _pong(
        self, sender: Host, boots: int, asked_at: float, hears: bool, stored: Stored, own_boots: int
    ) -> None:
        """Back on the link that ``sender`` dialled."""
        dialled = self._host.world.network.dials(sender.name, self._host.name)
        if sender.boots == boots and dialled and self._arrives(self._host, sender):
            call = partial(sender.contact.answered, self._host.name, own_boots, asked_at, hears, stored)
            sender.when_awake(call)

    def knows(self, peer: Host) -> bool:
        """Whether it has heard of that very process."""
        return self._linked.get(peer.name) == peer.boots

    def answered(self, peer: str, boots: int, asked_at: float, hears: bool, stored: Stored) -> None:
        if self._linked.get(peer) != boots:
            self._linked[peer] = boots
            self.peers_stored.linked(peer)
        self.presence.answered(peer, asked_at, hears, self._host.now)
        self.peers_stored.told(peer, stored, asked_at)

    def _arrives(self, one: Host, other: Host) -> bool:
        return one.world.network.reaches(one.name, other.name)

    def _on_touch(self, peer: str, in_touch: bool) -> None:
        if in_touch:
            self._host.gossip()
        else:
            self._host.feed(PeerGone(peer))
