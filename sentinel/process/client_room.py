"""Limits how many clients are connected at once, and chooses which one makes room for the next.

Nodes, peers and the state have files reserved for them: a crowd of clients must not keep a dead primary from
being noticed. Peers and operators use the same listener as everybody else, so a full room does not refuse
them: the connection that has finished nothing for the longest time is closed. Two kinds of clients never make
room: peers that have proved their identity, and clients that wait for news, whose number has limits that
leave an eighth of the room to others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

HTTP, RESP = "http", "resp"
MAX_CLIENTS = 20_000
MIN_CLIENTS = 64
"""With fewer, hardly anybody could ask; if files are so few, an error reports it."""
FILES_OF_ITS_OWN = 128
"""For listeners, state, log, resolver, webhooks, and peers that have not proved their identity yet."""
FILES_PER_PEER = 8
FILES_PER_NODE = 4
"""For its probe, the probe's next connection, a change and a preflight."""
FILES_PER_GROUP = 8
"""For discovered nodes."""


@dataclass(frozen=True, slots=True)
class Files:
    """The process's limit of open files (None: no limit), and how many are reserved."""

    limit: int | None
    kept_back: int

    @classmethod
    def needed(cls, limit: int | None, *, peers: int, groups: int, nodes: int) -> Files:
        for_peers, for_nodes = peers * FILES_PER_PEER, groups * FILES_PER_GROUP + nodes * FILES_PER_NODE
        return cls(limit, FILES_OF_ITS_OWN + for_peers + for_nodes)

    @property
    def clients(self) -> int:
        room = MAX_CLIENTS if self.limit is None else self.limit - self.kept_back
        return max(MIN_CLIENTS, min(MAX_CLIENTS, room))

    @property
    def too_few(self) -> str | None:
        """The error message if nodes and peers alone may need more files than the limit; else None."""
        if self.limit is None or self.limit - self.kept_back >= MIN_CLIENTS:
            return None
        return (
            f"this process may open {self.limit} files, and its nodes, peers and {MIN_CLIENTS} clients may "
            f"need {self.kept_back + MIN_CLIENTS}: raise its limit (ulimit -n, LimitNOFILE)"
        )


@dataclass(eq=False)
class Place:
    """One connected client. ``leave`` ends its connection at once."""

    kind: str
    leave: Callable[[], None]
    room: ClientRoom
    is_inside: bool = True

    def refresh(self) -> None:
        """The client has just asked something, or got an answer."""
        self.room.refresh(self)

    def left(self) -> None:
        """May be called twice."""
        self.room.left(self)


class ClientRoom:
    """``most`` clients of all kinds together, and of each kind no more than three quarters of them."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.made_way: Counter[str] = Counter()
        """How many clients of each kind were disconnected to make room."""
        self.refused: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self._line: dict[Place, None] = {}
        """The clients that may be disconnected, the one idle for longest first."""

    def share(self, eighths: int) -> int:
        """A share of the room, as a limit for a kind of client."""
        return max(1, self.most * eighths // 8)

    def enter(self, kind: str, leave: Callable[[], None]) -> Place | None:
        """A place; None if no client may be disconnected to make room."""
        if self.inside[kind] >= self.share(6):
            found = self._send_away(kind)
        else:
            found = self.inside.total() < self.most or self._send_away(None)
        if not found:
            self.refused[kind] += 1
            return None
        place = Place(kind, leave, self)
        self.inside[kind] += 1
        self._line[place] = None
        return place

    def refresh(self, place: Place) -> None:
        if place in self._line:
            del self._line[place]
            self._line[place] = None

    def keep(self, place: Place) -> None:
        self._line.pop(place, None)

    def release(self, place: Place) -> None:
        if place.is_inside:
            self._line[place] = None

    def left(self, place: Place) -> None:
        self._line.pop(place, None)
        if place.is_inside:
            place.is_inside = False
            self.inside[place.kind] -= 1
            # The connection refers to its place, and ``leave`` to the connection: this reference cycle would
            # stay in memory until the garbage collector runs, which is rarely here.
            place.leave = _has_left

    def _send_away(self, kind: str | None) -> bool:
        for place in self._line:
            if kind is None or place.kind == kind:
                self.made_way[place.kind] += 1
                leave = place.leave
                self.left(place)
                leave()
                return True
        return False


def _has_left() -> None:
    pass


@contextmanager
def kept(connection: object) -> Iterator[None]:
    """While it is open, ``connection`` (a request's protocol, perhaps without a place) does not make room."""
    place = getattr(connection, "place", None)
    if isinstance(place, Place):
        place.room.keep(place)
    try:
        yield
    finally:
        if isinstance(place, Place):
            place.room.release(place)
