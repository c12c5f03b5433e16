"""Who can reach whom, how long it takes, and what is lost on the way: sentinels, nodes and clients."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from tests.simulation import seen


@dataclass(slots=True)
class Weather:
    """How bad it is between hosts that can reach each other. ``slow`` delays a few messages a lot."""

    loss: float = 0.0
    copies: float = 0.0
    slow: float = 0.0
    slow_s: float = 1.0


class Network:
    """Directed: ``(a, b)`` in ``cuts`` means that nothing gets from a to b. A host always reaches itself."""

    def __init__(self, rng: random.Random) -> None:
        self.cuts: set[tuple[str, str]] = set()
        self.silent: set[tuple[str, str]] = set()
        """As ``cuts``, but only for what sentinels say to each other."""
        self.undialled: set[tuple[str, str]] = set()
        """``(a, b)``: a has no link to b, as with a wrong address; what b dials to a works."""
        self.away: set[str] = set()
        """Nodes whose port forwarder is away: sentinels are refused there, clients and replicas are not."""
        self.unrouted: set[tuple[str, str]] = set()
        """Sentinels with no way to a node, though they reach its host's sentinel."""
        self.laggards: dict[str, float] = {}
        """Whatever such a host says to another, or hears, is under way for about so long."""
        self.weather = Weather()
        self.did: Counter[str] = Counter()
        """What faults have done to whatever was under way, by ``seen``."""
        self._rng = rng

    def reaches(self, one: str, other: str) -> bool:
        if one == other or (one, other) not in self.cuts:
            return True
        self.did[seen.CUT] += 1
        return False

    def dials(self, one: str, other: str) -> bool:
        """Whether ``one`` has a link to ``other`` that it dialled itself."""
        if (one, other) not in self.undialled:
            return True
        self.did[seen.UNDIALLED] += 1
        return False

    def route(self, one: str, other: str, rng: random.Random | None = None) -> float | None:
        """The delay of one segment of a connection; None if it does not get through now."""
        if not self.reaches(one, other):
            return None
        if one == other:
            return 0.0001
        return (rng or self._rng).uniform(0.0005, 0.003)

    def messages(self, one: str, other: str, rng: random.Random | None = None) -> list[float]:
        """The delays of the copies of one message that arrive: none, one or two, in any order.

        ``rng`` is another randomness than that of all the rest.
        """
        rng = rng or self._rng
        delay_s = self.route(one, other, rng)
        if delay_s is None:
            return []
        if (one, other) in self.silent:
            self.did[seen.SILENT] += 1
            return []
        if rng.random() < self.weather.loss:
            self.did[seen.LOST] += 1
            return []
        if self.laggards:
            slowest = max(self.laggards.get(one, 0.0), self.laggards.get(other, 0.0))
            self.did[seen.LAGGED] += slowest > 0
            delay_s += rng.uniform(0.5, 1.0) * slowest
        if rng.random() < self.weather.slow:
            self.did[seen.DELAYED] += 1
            delay_s += rng.uniform(0.0, self.weather.slow_s)
        if rng.random() < self.weather.copies:
            self.did[seen.DOUBLED] += 1
            return [delay_s, delay_s + rng.uniform(0.0, 0.05)]
        return [delay_s]
