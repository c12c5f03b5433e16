"""Limits the log lines that a stranger or a broken peer can cause: one per key and interval, the rest
counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sentinel.process.clock import monotonic

MAX_KEYS = 256


@dataclass(slots=True)
class _Seen:
    at: float
    suppressed: int = 0


class LimitedLog:
    """``clock`` returns monotonic seconds."""

    def __init__(
        self, logger: logging.Logger, interval_s: float = 10.0, clock: Callable[[], float] = monotonic
    ) -> None:
        self._logger = logger
        self._interval_s = interval_s
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def warning(self, key: str, message: str) -> None:
        """Log ``message``, unless something with the same key was logged within the interval."""
        self._log(logging.WARNING, key, message)

    def error(self, key: str, message: str) -> None:
        """As ``warning``."""
        self._log(logging.ERROR, key, message)

    def _log(self, level: int, key: str, message: str) -> None:
        now = self._clock()
        seen = self._seen.get(key)
        if seen is not None and now - seen.at < self._interval_s:
            seen.suppressed += 1
            return
        if seen is not None and seen.suppressed:
            message = f"{message} (and {seen.suppressed} more like it)"
        self._seen.pop(key, None)
        while len(self._seen) >= MAX_KEYS:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = _Seen(now)
        self._logger.log(level, "%s", message)
