"""The monotonic and the wall clock, and the watch for stalls of this process.

Ages, deadlines, leases, links, periodic jobs and the event loop's own timers all use one clock, which goes on
while the machine is suspended. A leader that wakes from a suspend has lost its lease for everybody else, and
must see so at its first look at the clock. Linux's CLOCK_MONOTONIC stands still meanwhile; CLOCK_BOOTTIME
does not.
"""

from __future__ import annotations

import time

STALL_S = 0.3
"""A gap of this length is a stall: the least time after which another leader may have been elected."""

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def monotonic() -> float:
    """Seconds since some fixed point; it never goes back and cannot be set.

    Where there is no CLOCK_BOOTTIME (macOS, whose monotonic clock stands still in a sleep), suspending
    the machine is the one way to stretch a lease; the fence in the data set still holds there.
    """
    if _BOOTTIME is None:
        return time.monotonic()
    return time.clock_gettime(_BOOTTIME)


def wall_ms() -> int:
    """Milliseconds since the epoch. It may jump or be wrong, so it decides only one thing: this sentinel's
    opinion on whether the time of a schedule has come. A majority of such opinions decides.
    """
    return time.time_ns() // 1_000_000


class StallWatch:
    """Notices that this process did not run: stopped, suspended, starved, or its event loop blocked.

    An observation missed in such a gap proves nothing about the nodes (Redis Sentinel has TILT for the same
    reason). ``observe`` must be called at every input, and by a timer more often than every ``threshold_s``;
    else quiet times count as stalls.
    """

    def __init__(self, threshold_s: float) -> None:
        if not threshold_s > 0:
            raise ValueError(f"threshold_s must be positive, not {threshold_s}")
        self._threshold_s = threshold_s
        self._seen_at: float | None = None

    def observe(self, now: float) -> float | None:
        """Seconds since the last observation if that was longer ago than the threshold, else None."""
        gap_s = 0.0 if self._seen_at is None else now - self._seen_at
        self._seen_at = now
        return gap_s if gap_s > self._threshold_s else None
