"""Frames of a peer, a line each, sealed as they should be: each is taken in, or refused by one error.

What is taken in harms nobody: the core goes on, what it then says and stores is fit for it, and every view of
the group can be shown. A frame without its seal changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pydantic import TypeAdapter

from quorum.inputs import PeerGone
from sentinel.notices.change import Change
from sentinel.peers.auth import Handshake, Opener, Sealer, parse_nonce
from sentinel.peers.notes import ChangeNote
from sentinel.peers.stored import PeersStored
from sentinel.peers.wire import Batch, Frame, Hello, PeerProtocolError, Pong, decode, encode, encode_batch
from sentinel.process import clock
from sentinel.status import group as group_status
from tests.fuzz.kind import CANARY, Check, Kind, must, outline
from tests.fuzz.loop_failures import errors_of
from tests.fuzz.stage import GroupStage
from tests.unit.sentinel.http_cases import GROUP

SECRET = CANARY.encode()
MAX_FRAMES = 30
_CHANGE = TypeAdapter(Change)
_WORDS = (
    b'"kind":"batch"', b'"kind":"ping"', b'"kind":"append"', b'"kind":"vote_request"', b'"term":', b'"v":2',
    b"null", b"true", b"false", b"{}", b"[]", b'""', b'"127.0.0.1:1"', b'"s1"', b'"s2"', b'"s4"',
    b'"mymaster"', b'"@cluster"', b"1e400", b"-0.0", b"NaN", b'"\\ud800"', b'"\\u0000"',
    b"9007199254740993", b'"primary":', b'"intent":', b'"x":1,', b'"pause":', b'"schedule":',
    b'"membership":', b'"voters":', b'"committed":',
)  # fmt: skip


@contextmanager
def _opened() -> Iterator[Check]:
    with asyncio.Runner() as runner, errors_of(runner) as failed:
        yield failed.told(lambda data: runner.run(_check(data)))


async def _check(data: bytes) -> str:
    stage = GroupStage()
    came = ["nothing"]
    try:
        for line in data.split(b"\n")[:MAX_FRAMES]:
            before = stage.shown
            frame = _received(line)
            if isinstance(frame, PeerProtocolError):
                must(stage.shown == before, "a refused frame changed something")
                came.append(outline(frame))
            else:
                came.append(type(frame).__name__)
                came += await _taken_in(stage, frame)
        stage.driver.feed(PeerGone("s2"))
        await stage.settle()
        stage.show()
    finally:
        await stage.close()
    return f"{came[-2:]} {min(3, stage.ports.said)} {min(3, stage.told)}"


def _received(line: bytes) -> Frame | PeerProtocolError:
    sealer, opener = _seals()
    sealed = sealer.seal(line)
    for changed in (
        sealed[:-1],
        sealed + b" ",
        sealed[:15] + bytes([sealed[15] ^ 1]) + sealed[16:],
        line,
        b"",
    ):
        try:
            opener.open(changed)
        except PeerProtocolError:
            continue
        must(False, "a frame without its seal is opened")
    try:
        return decode(opener.open(sealed))
    except PeerProtocolError as error:
        must(CANARY not in str(error) or CANARY.encode() in line, "the secret is told")
        must(len(str(error)) <= 600, f"a long error: {len(str(error))} characters")
        return error


def _seals() -> tuple[Sealer, Opener]:
    shake = Handshake("s2", "s1", bytes(32), bytes(32))
    return shake.seals(SECRET, "dialer")[0], shake.seals(SECRET, "listener")[1]


async def _taken_in(stage: GroupStage, frame: Frame) -> list[str]:
    match frame:
        case Batch(messages, notes):
            again = [decode(payload) for payload in encode_batch(messages, notes)]
            parts = [part for part in again if isinstance(part, Batch)]
            must(sum((part.messages for part in parts), ()) == messages, "it is told on as another")
            must(sum((part.notes for part in parts), ()) == notes, "its notes are told on as others")
            for _, message in messages:
                stage.driver.received("s2", message)
                await stage.settle()
            for note in notes:
                if isinstance(note, ChangeNote):
                    _shown_in_history(note.change)
            return [message.kind for _, message in messages[:2]]
        case Pong(stored=stored):
            if stored is not None:
                known = PeersStored()
                known.linked("s2")
                known.told("s2", stored, clock.monotonic())
                known.at("s2", GROUP, stage.driver.coordinator.member.view.newest.id)
            encode(frame)
        case Hello():
            encode(frame)
            parse_nonce_or_refuse(frame.nonce)
        case _:
            encode(frame)
    return []


def parse_nonce_or_refuse(nonce: str) -> None:
    with suppress(PeerProtocolError):
        parse_nonce(nonce)


def _shown_in_history(change: Change) -> None:
    """As it is stored, read and shown again, beside another record of the same change."""
    stored = _CHANGE.validate_json(_CHANGE.dump_json(change), strict=True)
    must(stored == change, "it is stored as another")
    group_status.change(change.merged(stored)).model_dump_json()


PEER = Kind("peer", _opened, _WORDS)
