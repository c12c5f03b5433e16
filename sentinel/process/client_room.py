"""How many clients may be connected at once, and who makes room when one more comes.

What nodes, peers and the state need of the process's files is kept back for them: a crowd of clients must
not keep a dead primary from being noticed. Peers and operators come through the same door as everybody else,
so a full house does not turn them away: the connection on which nothing was finished for longest ends. Those
that are kept do not make room: peers, who have proved who they are, and clients that wait to be told
something, whose number has limits that leave an eighth of the house to others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

HTTP, RESP = "http", "resp"
MAX_CLIENTS = 20_000
MIN_CLIENTS = 64
"""Below that nobody could ask any more; where files are so few, that is told as an error."""
FILES_OF_ITS_OWN = 128
"""Listeners, state, log, resolver, webhooks, and strangers that have not proved yet that they are peers."""
FILES_PER_PEER = 8
FILES_PER_NODE = 4
"""Its probe, the next one of it, a change's and a preflight's."""
FILES_PER_GROUP = 8
"""For nodes that are discovered."""


@dataclass(frozen=True, slots=True)
class Files:
    """What the process may open, and what it needs before any client comes. ``limit`` None: there is none."""

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
        """What to tell where nodes and peers alone may need more than there is."""
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
        """Something was asked, or was answered, just now."""
        self.room.refresh(self)

    def left(self) -> None:
        """May be called twice."""
        self.room.left(self)


class ClientRoom:
    """``most`` clients of all kinds together, and of each kind no more than three quarters of them."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.made_way: Counter[str] = Counter()
        """How many of each kind were sent away for another to come in."""
        self.refused: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self._line: dict[Place, None] = {}
        """Those that may be sent away, the one that did nothing for longest first."""

    def share(self, eighths: int) -> int:
        """So much of the house, as a limit of those that are kept."""
        return max(1, self.most * eighths // 8)

    def enter(self, kind: str, leave: Callable[[], None]) -> Place | None:
        """None if all that could make room are kept."""
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
            # A connection knows its place, and this is a method of the connection: each client would stay in
            # memory until the collector looks for such rings, which it does rarely here.
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
    """Meanwhile it does not make room. ``connection``: a request's protocol, which may be in no room."""
    place = getattr(connection, "place", None)
    if isinstance(place, Place):
        place.room.keep(place)
    try:
        yield
    finally:
        if isinstance(place, Place):
            place.room.release(place)
