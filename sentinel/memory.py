"""Gives memory back that start-up, a mass failover or a large request took and that nobody uses any more."""

from __future__ import annotations

import ctypes
import gc

RARELY = (2000, 10, 100)
"""So many objects more, and so many collections of the younger, until the collector looks again."""

# Others than glibc have no such call, and less need of it: glibc keeps what is free below what is still used.
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> None:
    """Takes a millisecond or two. Does nothing where the C library has no way to do it."""
    if _trim is not None:
        _trim(0)


def keep_for_good() -> None:
    """What start-up made lives until the end: the collector need not look through all of it again.

    A full collection stops the process, most likely in a mass failover, when much is allocated: with a sixth
    of a processor for 0.3 s, which counts as a stall. So it comes rarely besides.
    """
    gc.set_threshold(*RARELY)
    gc.collect()
    gc.freeze()
