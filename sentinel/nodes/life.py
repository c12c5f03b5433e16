"""Whether a PONG proves that the node lives: not where INFO, which it used to answer, is not answered. Pure.

A proxy answers PING itself, whatever is behind it. In the place of a dead primary it would keep that alive
for good. A Redis server that no longer knows INFO looks the same; its replicas still hear from it.
"""

from __future__ import annotations

from quorum.evidence import Evidence, EvidenceKind
from sentinel.nodes.evidence import classify

_ALIVE = Evidence(EvidenceKind.ALIVE)


class Life:
    """Of one node, over all connections to it."""

    def __init__(self) -> None:
        self._has_answered = False
        self._doubtful = False
        self._strange: Evidence | None = None

    def connected(self) -> None:
        """Whoever is there now has answered nothing yet."""
        self._doubtful, self._strange = self._has_answered, None

    def answered(self) -> None:
        """To INFO."""
        self._has_answered, self._doubtful, self._strange = True, False, None

    def refused(self, error: Exception) -> Evidence:
        """What it shows that INFO is refused. Redis names its reasons, but that it has no such command."""
        seen = classify(error)
        word = str(error).partition(" ")[0]
        if not self._doubtful or seen.kind is not EvidenceKind.ALIVE or word.isupper():
            self._doubtful, self._strange = False, None
            return seen
        detail = f"answers PING, and not INFO as the node did: {error}"[:200]
        self._strange = Evidence(EvidenceKind.UNREACHABLE, detail)
        return self._strange

    def pong(self) -> Evidence | None:
        """What a PONG shows; None: nothing yet, for INFO has been asked and is not answered."""
        return self._strange if self._doubtful else _ALIVE
