"""One finished change of primary: a record of the history, which the sentinels also exchange."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """``name`` happened ``at_ms`` milliseconds after the change began, by the leader's monotonic clock."""

    name: str
    at_ms: float


@dataclass(frozen=True, slots=True)
class Change:
    """A change of primary, known by ``(group, term)``.

    Every sentinel can write a skeletal record from the committed topology; only the leader that made
    the change knows its ``timeline``, so a record with more steps replaces one with fewer.
    """

    group: str
    term: int
    old_primary: str | None
    new_primary: str
    cause: str
    leader: str
    at_ms: int
    """Wall clock, milliseconds since the epoch, of the commit. For people only."""
    duration_ms: int
    timeline: tuple[TimelineStep, ...] = ()
    bytes_possibly_lost: int | None = None
    """Upper bound, from the old primary's offset when it came back; None while that is unknown."""
    may_have_lost: str | None = None
    """The loss in words: a choice across replication histories, or the least that is known to be missing."""

    def merged(self, other: Change) -> Change:
        """The record with the knowledge of both records of the same change."""
        known = [each.bytes_possibly_lost for each in (self, other) if each.bytes_possibly_lost is not None]
        fuller = max(self, other, key=lambda each: len(each.timeline))
        return replace(fuller, bytes_possibly_lost=max(known, default=None))
