"""Points in time as text, the same wherever people or machines are told one."""

from __future__ import annotations

from datetime import UTC, datetime

_MAX_MS = 253_402_300_799_999
"""The last millisecond of the year 9999: a clock may be wrong, an answer must still be written."""


def iso(wall_ms: int) -> str:
    """``2026-01-31T12:00:00.123Z`` (RFC 3339), from milliseconds since the epoch."""
    at = datetime.fromtimestamp(max(0, min(wall_ms, _MAX_MS)) / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
