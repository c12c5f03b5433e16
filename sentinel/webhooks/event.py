"""A webhook's event with its body, and the settings of a receiver."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from config import WebhookFormat
from sentinel.process.instants import iso

MAX_ID_CHARS = 256
MAX_BODY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """``id`` is the same at every sentinel, so that the receiver recognises a repetition.

    Raises ValueError for an id that is not valid in a header.
    """

    id: str
    type: str
    group: str
    at_ms: int
    """Wall clock, milliseconds since the epoch."""
    data: Mapping[str, object]

    def __post_init__(self) -> None:
        if not 1 <= len(self.id) <= MAX_ID_CHARS or any(not "!" <= char <= "~" for char in self.id):
            raise ValueError(
                f"webhook event id {self.id!r:.80}: not 1-{MAX_ID_CHARS} visible ASCII characters"
            )

    def body(self) -> str:
        """The JSON body, the same at every attempt. Raises ValueError or TypeError if it is not valid."""
        payload = {
            "type": self.type,
            "id": self.id,
            "timestamp": iso(self.at_ms),
            "data": {"group": self.group, **self.data},
        }
        body = json.dumps(payload, allow_nan=False, separators=(",", ":"))
        if len(body) > MAX_BODY_BYTES:
            raise ValueError(f"webhook event {self.id}: {len(body)} bytes, at most {MAX_BODY_BYTES}")
        return body


def event_id(*parts: str | int) -> str:
    """The same id for the same ``parts`` (type, group, term, ...) at every sentinel."""
    return "msg_" + digest(*parts)


def digest(*parts: str | int) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One receiver."""

    url: str
    secret: bytes
    """The key of the signature, decoded; of other formats, their own secret or nothing."""
    events: frozenset[str] | None
    """The types to deliver; ``None`` is all."""
    timeout_s: float
    """The limit of one attempt, from connecting to the answer."""
    max_attempts: int = 12
    format: WebhookFormat = "standard"

    @property
    def key(self) -> str:
        """The endpoint's key in the outbox. It is not the URL, which may hold a password."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """Scheme, host and port, for people: user, path and query may each be a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def __repr__(self) -> str:
        return f"Endpoint({self.name!r})"

    def wants(self, event_type: str) -> bool:
        return self.events is None or event_type in self.events
