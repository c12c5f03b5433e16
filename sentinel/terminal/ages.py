"""Ages and times for people: ``49 s``, ``6 min``, ``3 h``, ``2 d``; ``2026-01-31T13:00:00.123+01:00``."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ((2 * 86_400, 86_400, "d"), (2 * 3600, 3600, "h"), (120, 60, "min"))


def age_text(seconds: float) -> str:
    """In whole units, of which there are at least two; a clock that went back gives ``0 s``."""
    for least, size, unit in _UNITS:
        if seconds >= least:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def age_between(since: str, now: str | None) -> str | None:
    """The age by the clock of the sentinel that told both times; None where it did not tell one."""
    try:
        passed = datetime.fromisoformat(now or "") - datetime.fromisoformat(since)
    except (ValueError, TypeError):
        return None
    return age_text(passed.total_seconds())


def absolute(iso: str, *, utc: bool) -> str:
    """The time with its zone: this host's, or UTC. What is no time stays as it is."""
    try:
        at = datetime.fromisoformat(iso)
        return at.astimezone(UTC if utc else None).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        return iso
