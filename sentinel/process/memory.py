"""Gives memory back that start-up, a mass failover or a large request took and that nobody uses any more."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable

from sentinel.process import clock

RARELY = (2000, 10, 100)
"""So many objects more, and so many collections of the younger, until the collector looks again."""

CHEAP_S = 0.02
"""A full collection that takes no longer holds nobody up."""
DUE = 2
"""So many collections of the younger must have come since the last full one: of some thousand connections
that have ended, for each leaves a ring behind (a transport of asyncio refers to itself)."""

# Others than glibc have no such call, and less need of it: glibc keeps what is free below what is still used.
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> None:
    """Takes a millisecond or two. Does nothing where the C library has no way to do it."""
    if _trim is not None:
        _trim(0)


class Collecting:
    """Looks for rings in quiet moments: without it they would be kept until ``RARELY`` comes."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy = is_busy
        self._due = DUE

    def look(self) -> None:
        """The longer it took the last time, the more has to have come together for the next one."""
        if gc.get_count()[2] < self._due or self._is_busy():
            return
        began = clock.monotonic()
        gc.collect()
        self._due = max(DUE, round(DUE * (clock.monotonic() - began) / CHEAP_S))


def keep_for_good() -> None:
    """What start-up made lives until the end: the collector need not look through all of it again.

    A full collection stops the process, most likely in a mass failover, when much is allocated: with a sixth
    of a processor for 0.3 s, which counts as a stall. So it comes rarely besides.
    """
    gc.set_threshold(*RARELY)
    gc.collect()
    gc.freeze()
