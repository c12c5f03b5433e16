"""Tracks which requests a living node refuses to its clients, and since when.

A refusal is reported by the node itself: as the error that it gives, or by the figures from which it derives
that error. So one sentinel's observation is proof, and is shown at once. Only a refusal that lasts, that
another node might not give, and that a quorum sees, makes the primary one to be replaced (``unwritable``).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field


class Refusal(enum.StrEnum):
    """By the word with which Redis begins the error, where it gives one; the gravest first."""

    SHUTDOWN = "SHUTDOWN"
    """It was told to shut down (Redis 7.0), and waits for replicas that lag: meanwhile writes wait too."""
    MISCONF = "MISCONF"
    """Its snapshots, or its append-only file, cannot be written: it takes no writes, and no PING either."""
    OOM = "OOM"
    """No memory is left by ``maxmemory``, and nothing may be evicted."""
    NOREPLICAS = "NOREPLICAS"
    """Fewer replicas keep up than ``min-replicas-to-write`` demands."""
    MAXCLIENTS = "MAXCLIENTS"
    """It has reached ``maxclients``, and turns away every new client."""


CURED_ELSEWHERE = frozenset({Refusal.SHUTDOWN, Refusal.MISCONF, Refusal.OOM})
"""What lies in the node itself. Too few replicas, or too many clients, another primary would have as well."""
ENDS_AFTER_S = 1.2
"""Replicas say once a second what they have. A primary whose replicas are well has ended by then."""


class Source(enum.Enum):
    """The source of an observed refusal. Each source ends only its own."""

    PING = "the reply to PING"
    INFO = "the node's own figures"
    DOOR = "an attempt to connect"


@dataclass(frozen=True, slots=True)
class Refusing:
    """``detail`` says it in words for people: what is refused, and why."""

    kind: Refusal
    detail: str


_ORDER = {kind: place for place, kind in enumerate(Refusal)}


@dataclass(slots=True)
class _Node:
    by_source: dict[Source, Refusing] = field(default_factory=dict)
    since: float = 0.0
    curable_since: float | None = None

    @property
    def ends(self) -> bool:
        return any(refusing.kind is Refusal.SHUTDOWN for refusing in self.by_source.values())

    @property
    def gravest(self) -> Refusing | None:
        return min(self.by_source.values(), key=lambda refusing: _ORDER[refusing.kind], default=None)


class Usability:
    """``unwritable_after_s`` None: no refusal, however long, makes a primary one to be replaced.

    Invariant: who is not in ``_nodes`` refuses nothing, as far as is known.
    """

    def __init__(self, unwritable_after_s: float | None) -> None:
        self._after_s = unwritable_after_s
        self._nodes: dict[str, _Node] = {}

    def saw(self, name: str, source: Source, refusing: Refusing | None, now: float) -> bool:
        """What ``source`` says now; None takes back what it said. Returns whether that is news."""
        node = self._nodes.get(name)
        if node is None:
            if refusing is None:
                return False
            node = self._nodes[name] = _Node(since=now)
        if node.by_source.get(source) == refusing:
            return False
        if refusing is None:
            del node.by_source[source]
        else:
            node.by_source[source] = refusing
        if not node.by_source:
            del self._nodes[name]
        elif not any(each.kind in CURED_ELSEWHERE for each in node.by_source.values()):
            node.curable_since = None
        elif node.curable_since is None:
            node.curable_since = now
        return True

    def gone(self, name: str) -> None:
        """It does not answer any more: that is worse, and what it said is over."""
        self._nodes.pop(name, None)

    def keep(self, names: Iterable[str]) -> None:
        """Forget all others."""
        kept = set(names)
        self._nodes = {name: node for name, node in self._nodes.items() if name in kept}

    def distrust(self, now: float) -> None:
        """This process was stalled: the timeouts start again."""
        for node in self._nodes.values():
            if node.curable_since is not None:
                node.curable_since = now

    @property
    def is_quiet(self) -> bool:
        """Nobody refuses anything: so it is almost always."""
        return not self._nodes

    def says(self, name: str, source: Source) -> Refusing | None:
        node = self._nodes.get(name)
        return node.by_source.get(source) if node is not None else None

    def refusing(self, name: str) -> Refusing | None:
        """Its current refusal, the gravest if there are several."""
        node = self._nodes.get(name)
        return node.gravest if node is not None else None

    def since(self, name: str) -> float | None:
        node = self._nodes.get(name)
        return node.since if node is not None else None

    def is_unwritable(self, name: str, now: float) -> bool:
        """Whether it has refused writes for so long that another should take its place, if one would not."""
        at = self._due(name)
        return at is not None and now >= at

    def next_deadline(self, now: float) -> float | None:
        """The time at which the next node becomes unwritable."""
        due = [at for name in self._nodes if (at := self._due(name)) is not None and at > now]
        return min(due, default=None)

    def _due(self, name: str) -> float | None:
        node = self._nodes.get(name)
        if node is None or node.curable_since is None or self._after_s is None:
            return None
        patience_s = min(self._after_s, ENDS_AFTER_S) if node.ends else self._after_s
        return node.curable_since + patience_s
