"""The link that this sentinel dials to one peer, and sends on: kept up, watched, and redialled.

Only pongs come back on it; the peer's own messages come on the link that the peer dials.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import socket
from contextlib import suppress

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, ClientWSTimeout
from yarl import URL

from quorum.messages import Message
from sentinel.peers.auth import NONCE_BYTES, Handshake, Opener, Sealer, parse_nonce
from sentinel.peers.cluster import Clusters, ForeignClusterError
from sentinel.peers.encoder import Encoder
from sentinel.peers.events import Answer, DialledEvents
from sentinel.peers.notes import Note
from sentinel.peers.queue import PeerQueue
from sentinel.peers.socket import (
    CLOSE_TIMEOUT_S,
    HANDSHAKE_TIMEOUT_S,
    LinkEndedError,
    close_with,
    receive_frame,
    receive_plain,
)
from sentinel.peers.wire import (
    MAX_FRAME_BYTES,
    Challenge,
    Hello,
    PeerProtocolError,
    Ping,
    Pong,
    Proof,
    UnsendableError,
    decode,
    encode,
    encode_note,
    join_items,
)
from sentinel.process import clock
from sentinel.process.backoff import Backoff
from sentinel.process.limited_log import LimitedLog

CONNECT_TIMEOUT_S = 1.0
FIRST_REDIAL_S = 0.05
LAST_REDIAL_S = 1.0
MAX_PINGS = 64

_logger = logging.getLogger(__name__)


class Dialer:
    """``secret`` is the cluster's; ``events`` is told of this link."""

    def __init__(
        self,
        *,
        self_id: str,
        peer: str,
        url: URL,
        secret: bytes,
        clusters: Clusters,
        rng: random.Random,
        encoder: Encoder,
        events: DialledEvents,
    ) -> None:
        self._self_id = self_id
        self._peer = peer
        self._url = url
        self._secret = secret
        self._clusters = clusters
        self._rng = rng
        self._encoder = encoder
        self._events = events
        self._log = LimitedLog(_logger)
        self._socket: ClientWebSocketResponse | None = None
        self._queue = PeerQueue()
        self._wake = asyncio.Event()
        self._ping_due = False
        self._pings: dict[int, float] = {}
        self._next_ping = 0
        self._pong_at = 0.0
        self._served_s = 0.0
        self.rtt_s: float | None = None
        """Of the newest answered ping; ``None`` while the link is down."""

    @property
    def is_up(self) -> bool:
        return self._socket is not None

    @property
    def awaits_answer(self) -> bool:
        """Whether a ping is on its way that was not answered yet."""
        return self._ping_due or bool(self._pings)

    def send(self, group: str, message: Message) -> None:
        """Queue for the next turn of the event loop; dropped while the link is down."""
        if self._socket is None:
            return
        if self._queue.put(group, message):
            self._wake.set()
        else:
            self._cut("overflow", "it does not read: too many messages are waiting")

    def send_note(self, note: Note) -> None:
        if self._socket is not None:
            self._queue.put_note(note)
            self._wake.set()

    def ping(self) -> None:
        if self._socket is not None:
            self._ping_due = True
            self._wake.set()

    def cut_if_silent(self, now: float, peer_timeout_s: float) -> None:
        """End a link on which no pong came for too long, so that it is dialled again."""
        if self._socket is not None and now - self._pong_at > peer_timeout_s:
            self._cut("silent", f"no answer for {now - self._pong_at:.1f} s")

    async def run(self, session: ClientSession) -> None:
        """Keep the link up, until cancelled."""
        backoff = Backoff(FIRST_REDIAL_S, LAST_REDIAL_S)
        while True:
            self._served_s = 0.0
            try:
                await self._one_link(session)
            except ForeignClusterError:
                pass  # Told for all that it concerns, and not at each attempt.
            except (PeerProtocolError, LinkEndedError) as error:
                self._warn(type(error).__name__, str(error))
            except TimeoutError:
                self._warn("timeout", "no answer to our connection or handshake in time")
            except (OSError, ValueError, ClientError) as error:  # ValueError: a host that no resolver takes.
                self._warn("connect", f"cannot connect: {str(error) or type(error).__name__}")
            if self._served_s > LAST_REDIAL_S:
                backoff.reset()  # The first redial is immediate, unless links end as soon as they are up.
            else:
                await asyncio.sleep(backoff.next_s() * self._rng.uniform(0.5, 1.0))

    async def _one_link(self, session: ClientSession) -> None:
        """Connect, and serve until the link ends. Always raises."""
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            websocket = await session.ws_connect(
                self._url,
                max_msg_size=MAX_FRAME_BYTES,
                timeout=ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
                autoping=False,
            )
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                sealer, opener = await self._handshake(websocket)
            await self._serve(websocket, sealer, opener)
        except PeerProtocolError as error:
            await close_with(websocket, str(error))
            raise
        finally:
            _shut_down(websocket)
            await websocket.close()

    async def _handshake(self, websocket: ClientWebSocketResponse) -> tuple[Sealer, Opener]:
        nonce, own = secrets.token_bytes(NONCE_BYTES), self._clusters.own
        await websocket.send_bytes(encode(Hello(self._self_id, self._peer, nonce.hex(), own)))
        challenge = await receive_plain(websocket)
        if not isinstance(challenge, Challenge):
            raise PeerProtocolError(f"answered our hello with a {challenge.kind}")
        clusters = None if challenge.cluster is None else (own, challenge.cluster)
        shake = Handshake(self._self_id, self._peer, nonce, parse_nonce(challenge.nonce), clusters)
        await websocket.send_bytes(encode(Proof(shake.proof(self._secret, "dialer"))))
        proof = await receive_plain(websocket)
        if not isinstance(proof, Proof):
            raise PeerProtocolError(f"answered our proof with a {proof.kind}")
        shake.check(self._secret, "listener", proof.mac)
        self._clusters.said(self._peer, challenge.cluster)
        return shake.seals(self._secret, "dialer")

    async def _serve(self, websocket: ClientWebSocketResponse, sealer: Sealer, opener: Opener) -> None:
        self._queue = PeerQueue()
        self._pings.clear()
        up_at = self._pong_at = clock.monotonic()
        self._socket = websocket
        writer = asyncio.create_task(self._write(websocket, sealer), name=f"peer-{self._peer}-write")
        _logger.info("peer %s at %s: link up", self._peer, self._url)
        try:
            self._events.link_up(self._peer)
            self.ping()
            while True:
                self._take_pong(decode(opener.open(await receive_frame(websocket))))
        finally:
            self._socket = None
            self.rtt_s = None
            self._served_s = clock.monotonic() - up_at
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._events.link_down(self._peer)

    def _take_pong(self, frame: object) -> None:
        if not isinstance(frame, Pong):
            raise PeerProtocolError(f"sent a {type(frame).__name__} on the link that we dialled")
        self._pong_at = now = clock.monotonic()
        sent_at = self._pings.pop(frame.seq, None)
        if sent_at is not None:
            self.rtt_s = now - sent_at
            self._events.pong(self._peer, Answer(frame, sent_at, now))

    async def _write(self, websocket: ClientWebSocketResponse, sealer: Sealer) -> None:
        """One frame for all that was queued in a turn of the event loop. Ends when the connection does."""
        with suppress(OSError, ClientError):
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._ping_due:
                    self._ping_due = False
                    await websocket.send_bytes(sealer.seal(encode(self._new_ping())))
                for payload in self._encode_queue():
                    await websocket.send_bytes(sealer.seal(payload))

    def _new_ping(self) -> Ping:
        self._next_ping += 1
        self._pings[self._next_ping] = clock.monotonic()
        if len(self._pings) > MAX_PINGS:
            del self._pings[next(iter(self._pings))]
        return self._events.ping(self._peer, self._next_ping)

    def _encode_queue(self) -> list[bytes]:
        messages, notes = self._queue.take()
        encoded: list[bytes] = []
        encoded_notes: list[bytes] = []
        for group, message in messages:
            try:
                encoded.append(self._encoder.item(group, message))
            except UnsendableError as error:
                self._log.warning(
                    "unsendable", f"group {group}: a message to {self._peer} was not sent: {error}"
                )
        for note in notes:
            try:
                encoded_notes.append(encode_note(note))
            except UnsendableError as error:
                self._log.warning("unsendable", f"a note to {self._peer} was not sent: {error}")
        return join_items(encoded, encoded_notes)

    def _cut(self, key: str, reason: str) -> None:
        if self._socket is not None:
            self._warn(key, reason)
            _shut_down(self._socket)

    def _warn(self, key: str, problem: str) -> None:
        self._log.warning(key, f"peer {self._peer} at {self._url}: {problem}")


def _shut_down(websocket: ClientWebSocketResponse) -> None:
    """End the connection now, without waiting for a peer that may never answer or read again."""
    connection = websocket.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
