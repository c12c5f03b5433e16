"""Carries messages between the sentinels: each dials every other, sends on the link it dialled, and receives
on the links that others dialled.

Delivery is not reliable, and the agreement core does not need it to be: a message for a peer that cannot be
reached is dropped. The guarantee is that a message comes from the member it names, once and in the order
sent, and that ``in_touch`` never counts a peer that has been silent for too long.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver
from yarl import URL

from config.address import Address
from quorum.messages import EntryId, Message
from sentinel.peers.clocks import PeerClocks
from sentinel.peers.cluster import Clusters
from sentinel.peers.dialer import Dialer
from sentinel.peers.encoder import Encoder
from sentinel.peers.events import AdmittedEvents, Answer, DialledEvents, PeerEvents
from sentinel.peers.listener import Listener
from sentinel.peers.notes import Note
from sentinel.peers.presence import Presence
from sentinel.peers.stored import Ledger, PeersStored
from sentinel.peers.twins import Twins
from sentinel.peers.wire import Batch, Ping, Pong
from sentinel.process import clock, this_process

logger = logging.getLogger(__name__)

PEER_PATH = "/v1/peer"
TICK_S = 0.25
"""The interval between calls of ``tick``."""


class PeerLinks(DialledEvents, AdmittedEvents):
    """``report_to`` is to be called before anybody can connect.

    ``stored`` is what this sentinel has stored, to be told in its answers. ``peer_timeout_s`` is how long a
    peer may be silent; more than two of its pings (``TICK_S``) should fit.
    """

    def __init__(
        self,
        self_id: str,
        members: Mapping[str, Address],
        secret: bytes,
        *,
        peer_timeout_s: float,
        rng: random.Random,
        resolver: AbstractResolver | None = None,
        stored: Ledger | None = None,
        process: int = this_process.NUMBER,
    ) -> None:
        self._events: PeerEvents | None = None
        self._peer_timeout_s = peer_timeout_s
        self._resolver = resolver
        self._presence = Presence(peer_timeout_s, self._touched)
        self._stored = stored or Ledger()
        self._peers_stored = PeersStored()
        self.clocks = PeerClocks()
        self.twins = Twins()
        self.clusters = Clusters()
        self._process = process
        peers = {name: address for name, address in members.items() if name != self_id}
        self._listener = Listener(
            self_id=self_id, peers=frozenset(peers), secret=secret, clusters=self.clusters, events=self
        )
        encoder = Encoder()
        self._dialers = {
            name: Dialer(
                self_id=self_id,
                peer=name,
                url=URL.build(scheme="ws", host=address.host, port=address.port, path=PEER_PATH),
                secret=secret,
                clusters=self.clusters,
                rng=rng,
                encoder=encoder,
                events=self,
            )
            for name, address in peers.items()
        }
        self._session: aiohttp.ClientSession | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ticked_at: float | None = None

    def report_to(self, events: PeerEvents) -> None:
        """Send everything that the peers cause to this listener from now on."""
        self._events = events

    async def start(self) -> None:
        """Begin to dial."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        for name, dialer in self._dialers.items():
            self._tasks.append(asyncio.create_task(dialer.run(self._session), name=f"peer-{name}"))

    async def close(self) -> None:
        """End all links. To be called before the HTTP server is stopped, which waits for its handlers."""
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def handler(self, request: web.Request) -> web.StreamResponse:
        """Mount it at ``GET /v1/peer``."""
        return await self._listener.handler(request)

    def send(self, to: str, group: str, message: Message) -> None:
        """Queue ``message``; what is queued in one turn of the event loop goes out as one frame.

        Never blocks; drops it when there is no link. Raises KeyError unless ``to`` is a peer.
        """
        self._dialers[to].send(group, message)

    def send_note(self, to: str, note: Note) -> None:
        """As ``send``, for what is not part of the agreement."""
        self._dialers[to].send_note(note)

    def send_note_to_all(self, note: Note) -> None:
        """Send it to every peer that can be reached."""
        for dialer in self._dialers.values():
            dialer.send_note(note)

    def tick(self) -> None:
        """Call it every ``TICK_S``: it pings, and ends the links that have been silent for too long."""
        now = clock.monotonic()
        twice = self.twins.twice(now)
        for peer in self._dialers:
            self._presence.doubt(peer, is_twice=peer in twice, now=now)
        self._presence.expire(now)
        # After a stall of our own, what peers sent meanwhile still waits to be read: judge links next time.
        stalled = self._ticked_at is not None and now - self._ticked_at > self._peer_timeout_s / 2
        self._ticked_at = now
        for dialer in self._dialers.values():
            if not stalled:
                dialer.cut_if_silent(now, self._peer_timeout_s)
            dialer.ping()
        if not stalled:
            self._listener.cut_silent(now, self._peer_timeout_s)

    def ask(self) -> None:
        """A ping beside the periodic ones, to each peer that has answered all before."""
        for dialer in self._dialers.values():
            if not dialer.awaits_answer:
                dialer.ping()

    @property
    def peers(self) -> tuple[str, ...]:
        return tuple(self._dialers)

    def in_touch(self) -> frozenset[str]:
        """The peers that this sentinel reaches and that reach it, as of ``peer_timeout_s`` ago at most."""
        return self._presence.in_touch(clock.monotonic())

    def linked(self) -> frozenset[str]:
        """The peers to and from which a connection is open, whether or not anything comes on it."""
        return frozenset(
            peer for peer, dialer in self._dialers.items() if dialer.is_up and self._listener.has_link(peer)
        )

    def stored_at(self, peer: str, group: str, newest: EntryId) -> float:
        """The time until which the peer reports to have stored nothing newer of the group than ``newest``."""
        return self._peers_stored.at(peer, group, newest)

    def rtt_s(self, peer: str) -> float | None:
        """Round trip of the newest answered ping; ``None`` while there is no link to ``peer``."""
        return self._dialers[peer].rtt_s

    # -- what the links tell -------------------------------------------------------------------

    @property
    def _told(self) -> PeerEvents:
        assert self._events is not None, "whoever is told of the peers has to be there before them"
        return self._events

    def _touched(self, peer: str, in_touch: bool) -> None:
        self._told.touched(peer, in_touch)

    def alive(self, peer: str) -> None:
        self._presence.heard(peer, clock.monotonic())

    def ping(self, peer: str, seq: int) -> Ping:
        now = clock.monotonic()
        told, hears = self._peers_stored.version(peer), self._presence.hears(peer, now)
        return Ping(seq, told, hears, self._process, self.twins.is_twice(peer, now), self.clusters.own)

    def answer(self, peer: str, ping: Ping, since: float) -> Pong:
        self.clusters.said(peer, ping.cluster)
        now = clock.monotonic()
        self._look_for_twins(peer, ping, since, now)
        self._presence.says(peer, ping.hears, now)
        hears = self._presence.hears(peer, now)
        stored = self._stored.since(ping.told) if ping.told is not None else None
        twice = self.twins.is_twice(peer, now)
        return Pong(ping.seq, hears, clock.wall_ms(), stored, self._process, twice, self.clusters.own)

    def _look_for_twins(self, peer: str, word: Ping | Pong, since: float, now: float) -> None:
        if word.twice:
            self.twins.told(peer, now)
        if self.twins.heard(peer, word.process, since, now):
            self._presence.doubt(peer, is_twice=True, now=now)
            self._dialers[peer].ping()  # To say so.

    def link_up(self, peer: str) -> None:
        self._peers_stored.linked(peer)
        self._told.linked(peer)

    def pong(self, peer: str, answer: Answer) -> None:
        pong, rtt_s = answer.pong, answer.now - answer.asked_at
        self.clusters.said(peer, pong.cluster)
        self._look_for_twins(peer, pong, answer.asked_at, answer.now)
        known = self._presence.hears(peer, answer.now)
        self._presence.answered(peer, answer.asked_at, pong.hears, answer.now)
        if not known:
            self._dialers[peer].ping()  # To say so.
        if pong.stored is not None:
            self._peers_stored.told(peer, pong.stored, answer.asked_at)
            if not pong.stored.whole:
                self._dialers[peer].ping()
        else:
            self._peers_stored.mute(peer, answer.asked_at)
        if pong.wall_ms:
            changed = self.clocks.told(peer, pong.wall_ms, clock.wall_ms(), rtt_s)
            if changed is not None:
                level = logging.WARNING if changed.is_apart else logging.INFO
                logger.log(level, "peer %s: its clock is %s", peer, changed)
        self._told.answered(peer)

    def link_down(self, peer: str) -> None:
        if not self._dialers[peer].is_up and not self._listener.has_link(peer):
            self._presence.lost(peer)

    def batch(self, peer: str, batch: Batch) -> None:
        if self.twins.is_twice(peer, clock.monotonic()):
            return  # Of which of the two it is counts for nothing.
        if self.clusters.is_foreign(peer):
            return  # Found out since it was let in; its next ping ends the link.
        if batch.messages:
            self._told.heard(peer, list(batch.messages))
        for note in batch.notes:
            self._told.noted(peer, note)
