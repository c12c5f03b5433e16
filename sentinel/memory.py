"""Gives memory back that start-up, a mass failover or a large request took and that nobody uses any more."""

from __future__ import annotations

import ctypes
import gc

# Others than glibc have no such call, and less need of it: glibc keeps what is free below what is still used.
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> None:
    """Takes a millisecond or two. Does nothing where the C library has no way to do it."""
    if _trim is not None:
        _trim(0)


def keep_for_good() -> None:
    """What start-up made lives until the end: the collector need not look through all of it again.

    A full collection would stop the process for a tenth of a second and more, most likely in a mass failover,
    when much is allocated.
    """
    gc.collect()
    gc.freeze()
