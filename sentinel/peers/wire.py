"""Encodes and decodes the messages between sentinels. Pure: bytes in, messages out.

A frame is JSON with a version. Bytes from a peer either become messages within the limits below, or raise
PeerProtocolError and nothing else. Fields that this release does not know are ignored, so that sentinels of
neighbouring releases can be upgraded one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from quorum.messages import Message
from sentinel.peers.notes import Note
from sentinel.peers.stored import Stored
from sentinel.process.first_problem import first_problem

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 64 * 1024
"""Of a frame on the wire, seal included."""
SEAL_BYTES = 16
MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - SEAL_BYTES
MAX_INT = 2**62
MAX_NAME_CHARS = 256
MAX_TEXT_CHARS = 512
MAX_ITEMS = 256
"""Of any list inside a message, and of messages or notes in a frame."""

_TEXT_FIELDS = frozenset({"reason", "cause"})
_NODE_FIELDS = frozenset({"primary", "previous"})
_NODE = re.compile(r"[!-~]+:[0-9]{1,5}")
"""Entries are stored for good and sent to every peer, so they name nodes as a configuration may."""
_HEAD, _MIDDLE, _TAIL = b'{"v":%d,"kind":"batch","messages":[' % PROTOCOL_VERSION, b'],"notes":[', b"]}"


class PeerProtocolError(Exception):
    """A peer said what this protocol does not allow. Nothing of the frame was used."""


class UnsendableError(Exception):
    """Ours, not the peer's: this message breaks the limits that the peer will hold us to."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages, each with its group, in the order sent; and notes."""

    messages: tuple[tuple[str, Message], ...]
    notes: tuple[Note, ...] = ()
    v: int = PROTOCOL_VERSION
    kind: Literal["batch"] = "batch"


@dataclass(frozen=True, slots=True)
class Ping:
    """Answered at once with a Pong of the same ``seq``.

    ``told``: up to which version the sender knows what the receiver has stored; None: it does not ask for it,
    as in a release that knows nothing of it.
    """

    seq: int
    told: int | None = None
    hears: bool | None = None
    """As in ``Pong``: a link that has come up is known at both ends without waiting for the next ping."""
    process: int = 0
    """Tells the sender's process from another of its id; 0: a release that does not say. So in ``Pong``."""
    twice: bool = False
    """There are two processes of the receiver's id. So in ``Pong``."""
    cluster: str | None = None
    """The id of the sender's cluster; empty: it has none yet; None: it is of a release that names none. So in
    ``Pong``, and in the handshake."""
    v: int = PROTOCOL_VERSION
    kind: Literal["ping"] = "ping"


@dataclass(frozen=True, slots=True)
class Pong:
    """A release that knows nothing of the rest sends ``seq`` alone."""

    seq: int
    hears: bool | None = None
    """Whether the sender gets answers to pings of its own from the receiver."""
    wall_ms: int = 0
    """The sender's wall clock, milliseconds since the epoch."""
    stored: Stored | None = None
    process: int = 0
    twice: bool = False
    cluster: str | None = None
    v: int = PROTOCOL_VERSION
    kind: Literal["pong"] = "pong"


@dataclass(frozen=True, slots=True)
class Hello:
    """The dialler's opening: its id, the id that it wants to reach, and its nonce (hex)."""

    sender: str
    receiver: str
    nonce: str
    cluster: str | None = None
    v: int = PROTOCOL_VERSION
    kind: Literal["hello"] = "hello"


@dataclass(frozen=True, slots=True)
class Challenge:
    """The listener answers with its own nonce (hex)."""

    nonce: str
    cluster: str | None = None
    v: int = PROTOCOL_VERSION
    kind: Literal["challenge"] = "challenge"


@dataclass(frozen=True, slots=True)
class Proof:
    """Either side shows that it knows the secret (hex MAC); the dialler first."""

    mac: str
    v: int = PROTOCOL_VERSION
    kind: Literal["proof"] = "proof"


_T = TypeVar("_T")

Frame: TypeAlias = Batch | Ping | Pong | Hello | Challenge | Proof

_STRICT = ConfigDict(strict=True)
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")], config=_STRICT)
_NOTE: TypeAdapter[Note] = TypeAdapter(Annotated[Note, Field(discriminator="kind")], config=_STRICT)
_NAME: TypeAdapter[str] = TypeAdapter(str)


@dataclass(frozen=True, slots=True)
class _BatchOnWire:
    messages: tuple[tuple[str, Annotated[Message, Field(discriminator="kind")]], ...]
    notes: tuple[Annotated[Note, Field(discriminator="kind")], ...]
    v: int
    kind: Literal["batch"]


_FRAME: TypeAdapter[_BatchOnWire | Ping | Pong | Hello | Challenge | Proof] = TypeAdapter(
    Annotated[_BatchOnWire | Ping | Pong | Hello | Challenge | Proof, Field(discriminator="kind")],
    config=_STRICT,
)


@dataclass(frozen=True, slots=True)
class _Version:
    v: int


_VERSION: TypeAdapter[_Version] = TypeAdapter(_Version)


def encode_item(group: str, message: Message) -> bytes:
    """One message, as it stands in a batch. Raises UnsendableError."""
    problem = _out_of_bounds(group, "group") or _out_of_bounds(message, message.kind)
    if problem is not None:
        raise UnsendableError(problem)
    return _bounded(b"[%b,%b]" % (_dump(_NAME, group), _dump(_MESSAGE, message)), message.kind)


def encode_note(note: Note) -> bytes:
    """One note, as it stands in a batch. Raises UnsendableError."""
    problem = _out_of_bounds(note, note.kind)
    if problem is not None:
        raise UnsendableError(problem)
    return _bounded(_dump(_NOTE, note), note.kind)


def encode_batch(items: Sequence[tuple[str, Message]], notes: Sequence[Note] = ()) -> list[bytes]:
    """As few frames as the limits allow, in order. Raises UnsendableError for a message that fits in none."""
    return join_items([encode_item(*item) for item in items], [encode_note(note) for note in notes])


def join_items(messages: Sequence[bytes], notes: Sequence[bytes]) -> list[bytes]:
    """Frames of what ``encode_item`` and ``encode_note`` made."""
    return [_batch(chunk, []) for chunk in _chunks(messages)] + [
        _batch([], chunk) for chunk in _chunks(notes)
    ]


def encode(frame: Ping | Pong | Hello | Challenge | Proof) -> bytes:
    """A frame that is not a batch."""
    return _dump(_FRAME, frame)


def decode(payload: bytes) -> Frame:
    """Raises PeerProtocolError, and nothing else, whatever the bytes are."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise PeerProtocolError(f"frame of {len(payload)} bytes, at most {MAX_PAYLOAD_BYTES}")
    try:
        frame = _FRAME.validate_json(payload)
    except ValidationError as error:
        raise PeerProtocolError(
            _other_version(payload) or first_problem(error, "frame")[:MAX_TEXT_CHARS]
        ) from None
    if frame.v != PROTOCOL_VERSION:
        raise PeerProtocolError(f"speaks version {frame.v!r:.40}, this sentinel speaks {PROTOCOL_VERSION}")
    problem = _out_of_bounds(frame, frame.kind, arrives=True)
    if problem is not None:
        raise PeerProtocolError(problem)
    if isinstance(frame, _BatchOnWire):
        return Batch(frame.messages, frame.notes)
    return frame


def _chunks(items: Sequence[bytes]) -> list[list[bytes]]:
    room = MAX_PAYLOAD_BYTES - len(_HEAD) - len(_MIDDLE) - len(_TAIL)
    chunks: list[list[bytes]] = []
    used = 0
    for item in items:
        if not chunks or len(chunks[-1]) >= MAX_ITEMS or used + len(item) + 1 > room:
            chunks.append([])
            used = 0
        chunks[-1].append(item)
        used += len(item) + 1
    return chunks


def _batch(messages: list[bytes], notes: list[bytes]) -> bytes:
    return b"".join((_HEAD, b",".join(messages), _MIDDLE, b",".join(notes), _TAIL))


def _bounded(encoded: bytes, kind: str) -> bytes:
    room = MAX_PAYLOAD_BYTES - len(_HEAD) - len(_MIDDLE) - len(_TAIL) - 1
    if len(encoded) > room:
        raise UnsendableError(f"{kind}: {len(encoded)} bytes encoded, at most {room}")
    return encoded


def _dump(adapter: TypeAdapter[_T], value: _T) -> bytes:
    try:
        return adapter.dump_json(value)
    except ValueError as error:  # A lone surrogate in a string: no UTF-8.
        raise UnsendableError(str(error)) from None


def _out_of_bounds(value: object, name: str, *, arrives: bool = False) -> str | None:
    """The first part of ``value`` that breaks a limit, as ``field.path: what``; ``None`` when all is well.

    Only where it ``arrives`` nodes' names are judged: an odd one that is stored must not make it mute.
    """
    breach = _breach(value, name, arrives)
    return None if breach is None else name + breach


def _breach(value: Any, name: str, arrives: bool) -> str | None:
    """An error with the rest of the path to it. The path is built only when it is needed."""
    kind: Any = type(value)
    if kind is str:
        limit = MAX_TEXT_CHARS if name in _TEXT_FIELDS else MAX_NAME_CHARS
        if len(value) > limit:
            return f": {len(value)} characters, at most {limit}"
        if arrives and name in _NODE_FIELDS and _NODE.fullmatch(value) is None:
            return ": no node's name (host:port)"
        return None
    if kind is int or kind is float:  # NaN is within no limits.
        return None if 0 <= value <= MAX_INT else f": {value!r:.40} is not within 0..2**62"
    if kind is tuple:
        if len(value) > MAX_ITEMS:
            return f": {len(value)} items, at most {MAX_ITEMS}"
        for index, item in enumerate(value):
            if (breach := _breach(item, "", arrives)) is not None:
                return f"[{index}]{breach}"
        return None
    for field, default, is_node in _parts(kind):
        part = getattr(value, field)
        if part is default:
            continue
        # Almost all are plain, and each message has dozens: they are not worth a call.
        of: Any = type(part)
        if (of is str and not is_node and len(part) <= MAX_NAME_CHARS) or (
            of is int and 0 <= part <= MAX_INT
        ):
            continue
        if (breach := _breach(part, field, arrives)) is not None:
            return f".{field}{breach}"
    return None


@lru_cache(maxsize=64)
def _parts(kind: Any) -> tuple[tuple[str, object, bool], ...]:
    """Of a dataclass: the names of its fields, their defaults, and whether they name a node."""
    if not is_dataclass(kind):
        return ()
    return tuple((field.name, field.default, field.name in _NODE_FIELDS) for field in fields(kind))


def _other_version(payload: bytes) -> str | None:
    """Another release's frame may look different altogether: say that rather than which field is odd."""
    try:
        version = _VERSION.validate_json(payload).v
    except ValidationError:
        return None
    if version == PROTOCOL_VERSION:
        return None
    return f"speaks version {version!r:.40}, this sentinel speaks {PROTOCOL_VERSION}"
