"""The links between the sentinels, as the daemon has them: each dials every other, pings and sends on the
link that it dialled, and gets nothing but answers to its pings back on it.

What follows from that, who is in touch and what clients may be told, the production code decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from quorum.inputs import PeerGone
from quorum.votes import majority
from sentinel.coordination.inputs import MajorityConfirmed
from sentinel.peers.presence import Presence
from sentinel.peers.stored import Ledger, PeersStored, Stored
from sentinel.peers.twins import Twins
from sentinel.status.freshness import Freshness

if TYPE_CHECKING:
    from tests.simulation.host import Host

GROUP = "g"
PEER_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back for a ping of ``asked_at``. ``is_twice``: there are two of the asker's id."""

    process: int
    asked_at: float
    hears: bool
    stored: Stored
    is_twice: bool


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
        self.twins = Twins()
        self._dialled_by: dict[str, tuple[int, float]] = {}
        """Which process of each peer has the link from there, and since when."""
        self._linked: dict[str, int] = {}
        """Which process of each peer answered last: its successor is another link."""

    def tick(self) -> None:
        """One round of pings."""
        host = self._host
        twice = self.twins.twice(host.now)
        for name in host.links:
            self.presence.doubt(name, is_twice=name in twice, now=host.now)
        self.presence.expire(host.now)
        for name in host.world.hosts:
            peer = host.world.pairs.reached(host, name) if name != host.name and name in host.links else None
            if peer is not None:
                told = self.peers_stored.version(name)
                for delay_s in host.world.network.messages(host.name, name):
                    said = (host.process, self.twins.is_twice(name, host.now))
                    ping = partial(self._ping, peer, host.boots, host.now, told, *said)
                    host.world.schedule.at(delay_s, ping)
        host.feed(MajorityConfirmed(self.confirmed_at()))

    def note_stored(self) -> None:
        if self._host.brain is not None:
            self.ledger.note(GROUP, self._host.brain.member.view.stored)

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
        told, newest = host.disk.committed.topology, brain.member.view.committed.topology
        if told is None or (newest is not None and told.term < newest.term):
            return False
        return self.freshness.suffices(self.confirmed_at(), host.now)

    def heard(self, peer: str) -> None:
        """Something came on the link that ``peer`` dialled."""
        self.presence.heard(peer, self._host.now)

    # -- pings ---------------------------------------------------------------------------------

    def _ping(self, peer: Host, boots: int, asked_at: float, told: int, process: int, is_twice: bool) -> None:
        network, pairs = self._host.world.network, self._host.world.pairs
        dialled = network.dials(self._host.name, peer.name) and pairs.has_link(self._host, peer)
        if self._arrives(self._host, peer) and dialled:
            said = (process, is_twice)
            peer.when_awake(partial(peer.contact.pinged, self._host, boots, asked_at, told, *said))

    def pinged(
        self, sender: Host, boots: int, asked_at: float, told: int, process: int, is_twice: bool
    ) -> None:
        if sender.name not in self._host.links:
            return
        self.heard(sender.name)
        host = self._host
        if sender.boots == boots:
            linked, since = self._dialled_by.get(sender.name, (0, host.now))
            since = since if linked == process else host.now
            self._dialled_by[sender.name] = (process, since)
            self._look_for_twins(sender.name, process, is_twice, since)
        self.note_stored()
        if sender.contact.knows(host):
            hears, stored = self.presence.hears(sender.name, host.now), self.ledger.since(told)
        else:
            hears, stored = self.presence.hears(sender.name, host.now), self.ledger.since(0)
        answer = Answer(host.process, asked_at, hears, stored, self.twins.is_twice(sender.name, host.now))
        for delay_s in host.world.network.messages(host.name, sender.name):
            host.world.schedule.at(delay_s, partial(self._pong, sender, boots, answer))

    def _pong(self, sender: Host, boots: int, answer: Answer) -> None:
        """Back on the link that ``sender`` dialled."""
        dialled = self._host.world.network.dials(sender.name, self._host.name)
        if sender.boots == boots and dialled and self._arrives(self._host, sender):
            sender.when_awake(partial(sender.contact.answered, self._host.name, answer))

    def knows(self, peer: Host) -> bool:
        """Whether it has heard of that very process."""
        return self._linked.get(peer.name) == peer.process

    def answered(self, peer: str, answer: Answer) -> None:
        if self._linked.get(peer) != answer.process:
            self._linked[peer] = answer.process
            self.peers_stored.linked(peer)
        self._look_for_twins(peer, answer.process, answer.is_twice, answer.asked_at)
        self.presence.answered(peer, answer.asked_at, answer.hears, self._host.now)
        self.peers_stored.told(peer, answer.stored, answer.asked_at)

    def _look_for_twins(self, peer: str, process: int, is_twice: bool, since: float) -> None:
        now = self._host.now
        if is_twice:
            self.twins.told(peer, now)
        if self.twins.heard(peer, process, since, now):
            self.presence.doubt(peer, is_twice=True, now=now)

    def _arrives(self, one: Host, other: Host) -> bool:
        return one.world.network.reaches(one.name, other.name)

    def _on_touch(self, peer: str, in_touch: bool) -> None:
        if in_touch:
            self._host.gossip()
        else:
            self._host.tell_all(PeerGone(peer))
