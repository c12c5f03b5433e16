"""Decides whether a PONG proves life: it does not if the node no longer answers INFO as it used to. Pure.

A proxy answers PING itself, whatever is behind it, and would keep a dead primary alive for good. A Redis
server that no longer knows INFO looks the same, but its replicas still hear from it.
"""

from __future__ import annotations

from quorum.evidence import Evidence, EvidenceKind
from sentinel.nodes.evidence import classify

_ALIVE = Evidence(EvidenceKind.ALIVE)


class Life:
    """The state of one node, over all connections to it."""

    def __init__(self) -> None:
        self._has_answered = False
        self._doubtful = False
        self._strange: Evidence | None = None

    def connected(self) -> None:
        """A new connection: its server has not answered anything yet."""
        self._doubtful, self._strange = self._has_answered, None

    def answered(self) -> None:
        """INFO was answered."""
        self._has_answered, self._doubtful, self._strange = True, False, None

    def refused(self, error: Exception) -> Evidence:
        """The evidence of a refused INFO. Redis's errors have a code, except that for an unknown command."""
        seen = classify(error)
        word = str(error).partition(" ")[0]
        if not self._doubtful or seen.kind is not EvidenceKind.ALIVE or word.isupper():
            self._doubtful, self._strange = False, None
            return seen
        detail = f"answers PING, and not INFO as the node did: {error}"[:200]
        self._strange = Evidence(EvidenceKind.UNREACHABLE, detail)
        return self._strange

    def pong(self) -> Evidence | None:
        """The evidence of a PONG; None while INFO has been asked and is not answered yet."""
        return self._strange if self._doubtful else _ALIVE
