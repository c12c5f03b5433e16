"""What peers say that no correct peer can say: told once for each peer and kind, and then seldom.

A peer whose state is spoiled says the same with each of its messages, many times a second.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from quorum.errors import PeerViolationError

TELL_AGAIN_S = 600.0


@dataclass(slots=True)
class _Told:
    at: float
    since: int = 0


class Violations:
    """``now`` is monotonic seconds. Peers are the members, so they are few."""

    def __init__(self, group: str, logger: logging.Logger) -> None:
        self._group = group
        self._logger = logger
        self._told: dict[tuple[str, type[PeerViolationError]], _Told] = {}

    def note(self, error: PeerViolationError, now: float) -> None:
        key = (error.peer, type(error))
        told = self._told.get(key)
        if told is not None and now - told.at < TELL_AGAIN_S:
            told.since += 1
            return
        more = f" (and {told.since} more like it)" if told is not None and told.since else ""
        self._told[key] = _Told(now)
        self._logger.error("%s: %s; message dropped%s", self._group, error, more)
