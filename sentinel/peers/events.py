"""The listeners of the links between sentinels: small protocols, each for one kind of listener."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from quorum.messages import Message
from sentinel.peers.notes import Note
from sentinel.peers.wire import Batch, Ping, Pong


class PeerEvents(Protocol):
    """The peers' messages and presence, for everything outside the links."""

    def heard(self, peer: str, batch: list[tuple[str, Message]]) -> None:
        """Messages, each with its group."""

    def noted(self, peer: str, note: Note) -> None: ...

    def touched(self, peer: str, in_touch: bool) -> None:
        """The peer is in touch from now on, or no longer."""

    def linked(self, peer: str) -> None:
        """From now on messages reach it; those before were dropped."""

    def answered(self, peer: str) -> None:
        """It has answered a ping."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a ping that was sent at ``asked_at``."""

    pong: Pong
    asked_at: float
    now: float


class DialledEvents(Protocol):
    """Of the link that this sentinel dials."""

    def link_up(self, peer: str) -> None:
        """Messages can be sent."""

    def ping(self, peer: str, seq: int) -> Ping:
        """What is asked in the next ping."""

    def pong(self, peer: str, answer: Answer) -> None: ...

    def link_down(self, peer: str) -> None: ...


class AdmittedEvents(Protocol):
    """Of the link that the peer dials. ``alive`` comes before what it sent."""

    def alive(self, peer: str) -> None: ...

    def answer(self, peer: str, ping: Ping, since: float) -> Pong:
        """What a ping is answered with, whose sender was alive ``since`` then."""

    def batch(self, peer: str, batch: Batch) -> None: ...

    def link_down(self, peer: str) -> None: ...
