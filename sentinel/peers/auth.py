"""Lets two sentinels prove to each other that they know the cluster's secret. Pure: no I/O, no clock.

    dialler -> listener   Hello(ids, nonce, cluster)
    listener -> dialler   Challenge(nonce, cluster)
    dialler -> listener   Proof = HMAC(secret, "dialer", ids, nonces, clusters)
    listener -> dialler   Proof = HMAC(secret, "listener", ids, nonces, clusters)

The dialler proves first, so that a stranger who connects learns nothing to test guesses of the secret
against. The role in the MAC makes a reflected proof worthless, the nonces a replayed one. Afterwards every
frame carries a seal, a truncated HMAC over direction, frame number and payload under a key of this link
alone: no third party on the path can inject, change, drop, reorder or replay a frame without ending the link.
The messages are not secret, and not encrypted. A cluster on loopback without a secret uses that of a file of
its user's.

The clusters are compared after the proofs, so that a stranger cannot claim another cluster for a peer. A
release that names no cluster proves without one.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sentinel.peers.wire import PROTOCOL_VERSION, SEAL_BYTES, PeerProtocolError

NONCE_BYTES = 32

Role: TypeAlias = Literal["dialer", "listener"]


@dataclass(frozen=True, slots=True)
class Handshake:
    """The shared knowledge of both sides once the nonces are exchanged."""

    dialer: str
    listener: str
    dialer_nonce: bytes
    listener_nonce: bytes
    clusters: tuple[str, str] | None = None
    """The clusters that the dialler and the listener named; None if either named none."""

    def proof(self, secret: bytes, role: Role) -> str:
        """The proof, in hex, by which ``role`` shows that it knows ``secret``."""
        return self._mac(secret, f"proof of the {role}").hex()

    def check(self, secret: bytes, role: Role, proof: str) -> None:
        """Raises PeerProtocolError unless ``proof`` is that of ``role``."""
        if not hmac.compare_digest(self.proof(secret, role).encode(), proof.encode("utf-8", "replace")):
            raise PeerProtocolError("wrong proof: it does not know this cluster's secret")

    def seals(self, secret: bytes, role: Role) -> tuple[Sealer, Opener]:
        """For ``role``: the sealer of its own frames, and the opener of the other side's."""
        keys = {side: self._mac(secret, f"key of the {side}") for side in ("dialer", "listener")}
        other = "listener" if role == "dialer" else "dialer"
        return Sealer(keys[role]), Opener(keys[other])

    def _mac(self, secret: bytes, purpose: str) -> bytes:
        names = (f"vedette peer {PROTOCOL_VERSION}", purpose, self.dialer, self.listener)
        clusters = (name.encode() for name in self.clusters or ())
        parts = (*(name.encode() for name in names), self.dialer_nonce, self.listener_nonce, *clusters)
        # Lengths go first, so that no two different transcripts are the same bytes.
        text = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(secret, text, hashlib.sha256)


def parse_nonce(text: str) -> bytes:
    """Raises PeerProtocolError unless it is 32 bytes in hex."""
    try:
        nonce = bytes.fromhex(text)
    except ValueError:
        nonce = b""
    if len(nonce) != NONCE_BYTES:
        raise PeerProtocolError(f"nonce: not {NONCE_BYTES} bytes in hex")
    return nonce


class Sealer:
    """Seals one direction's payloads, in the order in which they are sent."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._frames = 0

    def seal(self, payload: bytes) -> bytes:
        sealed = _seal(self._key, self._frames, payload) + payload
        self._frames += 1
        return sealed


class Opener:
    """Opens one direction's frames, in the order in which they were sealed."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._frames = 0

    def open(self, frame: bytes) -> bytes:
        """The payload. Raises PeerProtocolError for anything but the next frame as it was sealed."""
        payload = frame[SEAL_BYTES:]
        if not hmac.compare_digest(_seal(self._key, self._frames, payload), frame[:SEAL_BYTES]):
            raise PeerProtocolError(f"frame {self._frames}: wrong seal (changed, replayed or out of order)")
        self._frames += 1
        return payload


def _seal(key: bytes, number: int, payload: bytes) -> bytes:
    return hmac.digest(key, number.to_bytes(8, "big") + payload, hashlib.sha256)[:SEAL_BYTES]
