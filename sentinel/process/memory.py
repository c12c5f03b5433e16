"""Returns unused memory to the system after start-up, a mass failover or a large request."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable

from sentinel.process import clock

RARELY = (2000, 10, 100)
"""The thresholds of the garbage collector (``gc.set_threshold``): it runs rarely."""

CHEAP_S = 0.02
"""A full collection that takes no longer than this delays nobody."""
DUE = 2
"""How many collections of the second generation must precede a full one: about a thousand closed connections,
since each leaves a reference cycle behind (a transport of asyncio refers to itself)."""

# Only glibc has this call, and needs it: it keeps free memory that lies below memory in use.
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> None:
    """Return free memory, in a millisecond or two. Does nothing if the C library has no such call."""
    if _trim is not None:
        _trim(0)


class Collecting:
    """Collects reference cycles in quiet moments; without it they would stay until ``RARELY`` is reached."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy = is_busy
        self._due = DUE

    def look(self) -> None:
        """Collect if it is due and the process is not busy. The longer one takes, the later the next."""
        if gc.get_count()[2] < self._due or self._is_busy():
            return
        began = clock.monotonic()
        gc.collect()
        self._due = max(DUE, round(DUE * (clock.monotonic() - began) / CHEAP_S))


def keep_for_good() -> None:
    """Exempt the objects of start-up from collection: they live until the end.

    A full collection stops the process, most likely in a mass failover, when much is allocated: with a sixth
    of a processor for 0.3 s, which counts as a stall. So full collections are also made rare.
    """
    gc.set_threshold(*RARELY)
    gc.collect()
    gc.freeze()
