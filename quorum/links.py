"""The reports of a lost node's replicas about their links to it.

Between this sentinel and a node may stand a port forwarder or a load balancer. Its restart looks from here
like the end of the process: the connection closes, and new ones are refused. The replicas know better. When
the process really ends, its kernel closes their connections too, so within about a millisecond each reports
that its link is down. A replica that still reports ``up``, asked after the loss, vouches for the node.

It vouches until it reports otherwise or is lost itself, but no longer than a silence is tolerated in any
case: a replica of a hanging node also reports ``up`` for a minute.

Right after a change of primary no replica can testify yet: they are only being linked to the new one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

from quorum.evidence import Evidence, EvidenceKind, LinkSeen


class Links:
    """The newest report of each replica counts, by the time of the question; before a loss: who is linked."""

    def __init__(self) -> None:
        self._words: dict[str, LinkSeen] = {}
        self._had: frozenset[str] = frozenset()
        self._lost_at = math.inf
        self._ended: frozenset[str] = frozenset()
        """Who has told of the end, and follows another since."""
        self.followed = False
        """Whether any replica was ever seen to follow the node."""
        self.version = 0
        """Another one after each change."""
        self.begins = False
        """It was made a primary, and nobody was linked to it since who could know of its end."""

    def lost(self, now: float) -> None:
        """From here on only answers to questions of now or later count."""
        self.version += 1
        self._had = frozenset(replica for replica, word in self._words.items() if word.up)
        self._lost_at = now
        self._ended = frozenset()

    def regained(self) -> None:
        self.version += 1
        self._lost_at = math.inf

    def made_primary(self, is_made: bool) -> None:
        """By a change that was just agreed on; False: another node was, or it is primary as before."""
        self.version += 1
        self.begins = is_made and not any(word.up for word in self._words.values())

    def take(self, replica: str, word: LinkSeen) -> None:
        self.version += 1
        self.begins = self.begins and not word.up
        known = self._words.get(replica)
        if known is None or word.asked_at >= known.asked_at:
            self._words[replica] = word
        self.followed = True

    def forget(self, replica: str) -> None:
        """It is lost itself, or follows another: it can neither vouch nor be waited for."""
        if replica in self._words:
            self._ended |= {replica} & set(self.broken)
            del self._words[replica]
            self.version += 1

    def is_settled(self, replica: str) -> bool:
        """Whether it has said, since the loss, that its link is down: it need not be asked again."""
        word = self._words.get(replica)
        return word is not None and self._is_fresh(word) and not word.up

    @property
    def vouching(self) -> tuple[str, ...]:
        """The replicas whose newest report since the loss is that their link is up."""
        return tuple(sorted(name for name, word in self._words.items() if word.up and self._is_fresh(word)))

    @property
    def broken(self) -> tuple[str, ...]:
        """The replicas that had a link, and have reported since the loss that it is down."""
        return tuple(sorted(filter(self.is_settled, self._had)))

    @property
    def is_awaited(self) -> bool:
        """Whether somebody who had a link may still answer, and nobody has told of the end."""
        return not self.broken and any(
            name in self._words and not self._is_fresh(self._words[name]) for name in self._had
        )

    @property
    def told(self) -> str:
        """For people, behind what was seen: what the replicas add to it. Empty for what has no replicas."""
        if ended := sorted(self._ended | set(self.broken)):
            return f"; no longer linked: {', '.join(ended)}"
        if self.begins:
            return "; no replica has been linked to it yet"
        return "; no replica with a link to it could be asked" if self.followed else ""

    def _is_fresh(self, word: LinkSeen) -> bool:
        return word.asked_at >= self._lost_at


class Linked(Protocol):
    """A node, as far as others may be linked to it."""

    @property
    def links(self) -> Links: ...


def hear_link(nodes: Mapping[str, Linked], replica: str, word: LinkSeen | None) -> None:
    """``replica`` says that it follows one of ``nodes``; None: nobody, or it says nothing any more."""
    for name, node in nodes.items():
        if word is not None and name == word.to:
            node.links.take(replica, word)
        else:
            node.links.forget(replica)


def hear_end(nodes: Mapping[str, Linked], replica: str, evidence: Evidence) -> None:
    """A process that ends closes its connections: what its link said is from before."""
    if evidence.kind in (EvidenceKind.CLOSED, EvidenceKind.REFUSED, EvidenceKind.UNRESOLVED):
        hear_link(nodes, replica, None)
