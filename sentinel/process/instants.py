"""Formats points in time, in one way for people and machines."""

from __future__ import annotations

from datetime import UTC, datetime

_MAX_MS = 253_402_300_799_999
"""The last millisecond of the year 9999: an answer must be possible even if a clock is wrong."""


def iso(wall_ms: int) -> str:
    """``2026-01-31T12:00:00.123Z`` (RFC 3339), from milliseconds since the epoch."""
    at = datetime.fromtimestamp(max(0, min(wall_ms, _MAX_MS)) / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
