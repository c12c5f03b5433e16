"""Only who knows the secret gets in, and only what it sealed, once and in order, gets through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentinel.peers.auth import Handshake, Role, parse_nonce
from sentinel.peers.wire import PeerProtocolError

SHAKE = Handshake("s1", "s2", b"a" * 32, b"b" * 32)


@pytest.mark.parametrize("secret", [b"", b"secret"])
@pytest.mark.parametrize("role", ["dialer", "listener"])
def test_the_right_proof_passes(secret: bytes, role: Role) -> None:
    SHAKE.check(secret, role, SHAKE.proof(secret, role))


@pytest.mark.parametrize(
    "forged",
    [
        SHAKE.proof(b"other", "dialer"),
        SHAKE.proof(b"secret", "listener"),
        replace(SHAKE, dialer="s3").proof(b"secret", "dialer"),
        replace(SHAKE, dialer="s1s", listener="2").proof(b"secret", "dialer"),
        replace(SHAKE, dialer="s2", listener="s1").proof(b"secret", "dialer"),
        replace(SHAKE, listener_nonce=b"c" * 32).proof(b"secret", "dialer"),
        "",
        "é" * 64,
    ],
    ids=["secret", "reflected", "id", "ids run together", "swapped", "replayed", "empty", "not hex"],
)
def test_any_other_proof_is_refused(forged: str) -> None:
    with pytest.raises(PeerProtocolError, match="wrong proof"):
        SHAKE.check(b"secret", "dialer", forged)


def test_nonces_are_32_bytes_in_hex() -> None:
    assert parse_nonce("ab" * 32) == b"\xab" * 32
    for wrong in ("", "ab", "ab" * 33, "zz" * 32, "é" * 64):
        with pytest.raises(PeerProtocolError, match="nonce"):
            parse_nonce(wrong)


def test_sealed_frames_open_in_order_in_both_directions() -> None:
    sealer, opener = SHAKE.seals(b"secret", "dialer")
    peer_sealer, peer_opener = SHAKE.seals(b"secret", "listener")
    for payload in (b"one", b"", b"three"):
        assert peer_opener.open(sealer.seal(payload)) == payload
        assert opener.open(peer_sealer.seal(payload)) == payload


def test_changed_replayed_reordered_reflected_and_foreign_frames_do_not_open() -> None:
    sealer, own_opener = SHAKE.seals(b"secret", "dialer")
    first, second = sealer.seal(b"one"), sealer.seal(b"two")
    _, opener = SHAKE.seals(b"secret", "listener")
    foreign, _ = replace(SHAKE, dialer_nonce=b"z" * 32).seals(b"secret", "dialer")
    for wrong in (second, first + b"x", first[:-1], b"", first[:15], foreign.seal(b"one")):
        with pytest.raises(PeerProtocolError, match="frame 0: wrong seal"):
            opener.open(wrong)
    with pytest.raises(PeerProtocolError, match="wrong seal"):
        own_opener.open(first)
    assert opener.open(first) == b"one"
    with pytest.raises(PeerProtocolError, match="frame 1: wrong seal"):
        opener.open(first)
