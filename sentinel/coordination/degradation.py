"""Announces a primary that lives but refuses its clients: its beginning and its end. Pure.

Each is announced once it has lasted: a primary that was just promoted has no replicas yet, and one whose
memory is full accepts a write now and then.
"""

from __future__ import annotations

from quorum.usability import Refusal, Refusing
from sentinel.notices.nodes import Degraded, Recovered


class Degradation:
    """``patience_s`` is how long either must have lasted."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._primary: str | None = None
        self._told: Refusal | None = None
        self._seen: Refusal | None = None
        self._since = 0.0

    @property
    def next_deadline(self) -> float | None:
        return None if self._seen is self._told else self._since + self._patience_s

    def look(self, primary: str | None, refusing: Refusing | None, now: float) -> Degraded | Recovered | None:
        """What is to be told now, if anything.

        That another node became primary ends it too: ``failover.completed`` says so.
        """
        if primary != self._primary:
            self._primary, self._told, self._seen = primary, None, None
        kind = refusing.kind if refusing is not None else None
        if kind is not self._seen:
            self._seen, self._since = kind, now
        if self._seen is self._told or now < self._since + self._patience_s:
            return None
        before, self._told = self._told, self._seen
        if refusing is not None:
            return Degraded(primary or "", refusing.kind.value, refusing.detail)
        assert before is not None
        return Recovered(primary, before.value)
