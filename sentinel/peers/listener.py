"""The links that peers dial to this sentinel: checks who may come in, and takes in their messages.

Until it has proved that it knows the secret, a connection may hold one of a few places for two seconds, and
the newest takes the place of the oldest: a crowd of silent strangers cannot keep out a peer, whose handshake
takes a round trip.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass

from aiohttp import web

from sentinel.peers.auth import NONCE_BYTES, Handshake, Opener, Sealer, parse_nonce
from sentinel.peers.cluster import Clusters, ForeignClusterError
from sentinel.peers.events import AdmittedEvents
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
    Batch,
    Challenge,
    Hello,
    PeerProtocolError,
    Ping,
    Proof,
    decode,
    encode,
)
from sentinel.process import clock
from sentinel.process.client_room import kept
from sentinel.process.limited_log import LimitedLog

MAX_HANDSHAKES = 64

_logger = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Link:
    """An admitted peer's connection."""

    peer: str
    transport: asyncio.Transport
    sealer: Sealer
    opener: Opener
    begun_at: float
    """Before its handshake: whoever is at the other end was alive since."""
    heard_at: float


class Listener:
    """``secret`` is the cluster's; ``events`` is told of the links of all peers."""

    def __init__(
        self,
        *,
        self_id: str,
        peers: frozenset[str],
        secret: bytes,
        clusters: Clusters,
        events: AdmittedEvents,
    ) -> None:
        self._self_id = self_id
        self._peers = peers
        self._secret = secret
        self._clusters = clusters
        self._events = events
        self._log = LimitedLog(_logger)
        self._strangers: dict[asyncio.Transport, None] = {}
        self._links: dict[str, _Link] = {}
        self._closed = False

    def has_link(self, peer: str) -> bool:
        return peer in self._links

    @property
    def strangers(self) -> int:
        """Connections that have not proved their identity yet; at most MAX_HANDSHAKES."""
        return len(self._strangers)

    async def handler(self, request: web.Request) -> web.StreamResponse:
        """Serve ``GET /v1/peer`` until the link ends."""
        websocket = web.WebSocketResponse(
            timeout=CLOSE_TIMEOUT_S, max_msg_size=MAX_FRAME_BYTES, compress=False, autoping=False
        )
        transport = request.transport
        if self._closed or transport is None:
            raise web.HTTPServiceUnavailable(text="This sentinel is stopping.\n")
        if not _is_websocket(websocket, request):
            raise web.HTTPUpgradeRequired(
                text="Peer links are websockets.\n", headers={"Upgrade": "websocket"}
            )
        link = await self._admit(request, websocket, transport)
        if link is not None:
            with kept(request.protocol):
                await self._serve(websocket, link)
        transport.abort()
        return websocket

    def cut_silent(self, now: float, peer_timeout_s: float) -> None:
        """End the links on which nothing came for too long; a dialler pings far more often."""
        for link in self._links.values():
            if now - link.heard_at > peer_timeout_s:
                self._warn(link.peer, "silent", f"silent for {now - link.heard_at:.1f} s")
                link.transport.abort()

    def close(self) -> None:
        """End all links, and admit nobody from now on."""
        self._closed = True
        for transport in (*self._strangers, *(link.transport for link in self._links.values())):
            transport.abort()

    async def _admit(
        self, request: web.Request, websocket: web.WebSocketResponse, transport: asyncio.Transport
    ) -> _Link | None:
        who, begun_at = f"somebody at {request.remote}", clock.monotonic()
        if len(self._strangers) >= MAX_HANDSHAKES:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.abort()
            self._warn(who, "crowd", f"more than {MAX_HANDSHAKES} unfinished handshakes: ended the oldest")
        self._strangers[transport] = None
        try:
            await websocket.prepare(request)
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                hello = self._check_hello(await receive_plain(websocket))
                who = f"{hello.sender} at {request.remote}"
                sealer, opener = await self._challenge(websocket, hello)
            return _Link(hello.sender, transport, sealer, opener, begun_at, clock.monotonic())
        except TimeoutError:
            await self._refuse(
                websocket, transport, who, "timeout", f"no handshake within {HANDSHAKE_TIMEOUT_S} s"
            )
        except PeerProtocolError as error:
            await self._refuse(websocket, transport, who, "handshake", error)
        except (LinkEndedError, OSError) as error:
            self._warn(who, "handshake ended", f"handshake: {error}")
        finally:
            self._strangers.pop(transport, None)
        return None

    def _check_hello(self, hello: object) -> Hello:
        if not isinstance(hello, Hello):
            raise PeerProtocolError(f"began with a {type(hello).__name__} instead of a Hello")
        if hello.sender == self._self_id:
            raise PeerProtocolError(f"calls itself {hello.sender!r}, which is this sentinel's own id")
        if hello.sender not in self._peers:
            raise PeerProtocolError(f"calls itself {hello.sender!r:.80}, which is not a member here")
        if hello.receiver != self._self_id:
            raise PeerProtocolError(
                f"looks for sentinel {hello.receiver!r:.80}, and this is {self._self_id!r}"
            )
        return hello

    async def _challenge(self, websocket: web.WebSocketResponse, hello: Hello) -> tuple[Sealer, Opener]:
        dialer_nonce = parse_nonce(hello.nonce)
        nonce, own = secrets.token_bytes(NONCE_BYTES), self._clusters.own
        await websocket.send_bytes(encode(Challenge(nonce.hex(), own)))
        clusters = None if hello.cluster is None else (hello.cluster, own)
        shake = Handshake(hello.sender, self._self_id, dialer_nonce, nonce, clusters)
        proof = await receive_plain(websocket)
        if not isinstance(proof, Proof):
            raise PeerProtocolError(f"answered the challenge with a {type(proof).__name__}")
        shake.check(self._secret, "dialer", proof.mac)
        await websocket.send_bytes(encode(Proof(shake.proof(self._secret, "listener"))))
        self._clusters.said(hello.sender, hello.cluster)  # Behind the proof, so that it knows as well.
        return shake.seals(self._secret, "listener")

    async def _serve(self, websocket: web.WebSocketResponse, link: _Link) -> None:
        older = self._links.get(link.peer)
        self._links[link.peer] = link
        if older is not None:
            older.transport.abort()
        try:
            self._events.alive(link.peer)
            while True:
                await self._take(websocket, link, decode(link.opener.open(await receive_frame(websocket))))
        except PeerProtocolError as error:
            await self._refuse(websocket, link.transport, link.peer, "frame", error)
        except (LinkEndedError, OSError) as error:
            _logger.info("peer %s: its link ended: %s", link.peer, error)
        finally:
            if self._links.get(link.peer) is link:
                del self._links[link.peer]
                self._events.link_down(link.peer)

    async def _take(self, websocket: web.WebSocketResponse, link: _Link, frame: object) -> None:
        if self._links.get(link.peer) is not link:
            raise LinkEndedError("replaced by a newer one")
        link.heard_at = clock.monotonic()
        self._events.alive(link.peer)
        if isinstance(frame, Ping):
            pong = self._events.answer(link.peer, frame, link.begun_at)
            await websocket.send_bytes(link.sealer.seal(encode(pong)))
        elif isinstance(frame, Batch):
            self._events.batch(link.peer, frame)
        else:
            raise PeerProtocolError(f"sent a {type(frame).__name__} on an open link")

    async def _refuse(
        self,
        websocket: web.WebSocketResponse,
        transport: asyncio.Transport,
        who: str,
        key: str,
        error: object,
    ) -> None:
        if not isinstance(error, ForeignClusterError):  # Told for all that it concerns, and once.
            self._warn(who, key, str(error))
        if transport.is_reading():
            # Whatever else it has sent is not even taken apart while it is told why.
            transport.pause_reading()
        await close_with(websocket, str(error))

    def _warn(self, who: str, key: str, problem: str) -> None:
        # Only members' names become keys: a stranger must not be able to flood the log with new ones.
        member = who if who in self._peers else ""
        self._log.warning(f"{member}:{key}", f"peer {who}: {problem}")


def _is_websocket(websocket: web.WebSocketResponse, request: web.Request) -> bool:
    try:
        return bool(websocket.can_prepare(request))
    except ValueError:  # A key of other than ASCII characters, which aiohttp does not expect.
        return False
