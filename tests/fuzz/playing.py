"""Plays one input within limits: of time, of this process's memory, and of what may be raised."""

from __future__ import annotations

import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tests.fuzz.kind import BrokenRuleError, Check

HANGS_S = 60
"""By the wall clock, on a machine that may be busy with others: what takes long is told by its CPU time."""
SLOW_CPU_S = 1.5
"""Of one small input, on a machine that is busy with others too."""
GROWS_BYTES = 64 * 1024 * 1024
"""More than all limits of one connection together, and far less than what a few bytes can announce."""
ADDRESSES_BYTES = 1 << 30
"""May be asked for on top of what a kind has at its start, so that what is announced is not made room for."""

_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


class HangsError(BaseException):
    """Not an Exception: nothing that is tried out may catch it."""


def why_broken(check: Check, data: bytes) -> tuple[str, str | None]:
    """What came of it, and which rule it broke; None if none. Not for a thread."""
    peak, cpu_s = _peak_bytes(), time.process_time()
    try:
        with _alarm():
            came = check(data)
    except HangsError:
        return "hangs", f"it hangs: no end after {HANGS_S} s\n{traceback.format_exc()}"
    except BrokenRuleError as error:
        return "broken", f"{error}\n{traceback.format_exc()}" if error.__cause__ else str(error)
    except BaseException as error:  # Whatever it is, it is what is looked for.
        if isinstance(error, KeyboardInterrupt):
            raise
        return "raised", f"{type(error).__name__} comes out\n{traceback.format_exc()}"
    if (took_s := time.process_time() - cpu_s) > SLOW_CPU_S:
        return came, f"it takes {took_s:.1f} s of a processor"
    if (grown := _peak_bytes() - peak) > GROWS_BYTES:
        return came, f"it takes {grown // 1024 // 1024} MiB for {len(data)} bytes"
    return came, None


def limit_addresses() -> None:
    """Of this process, from now on."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as statm:  # noqa: PTH123  # no file, but what the kernel tells
        taken = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ADDRESSES_BYTES, hard))


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _PEAK_UNIT


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise HangsError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, HANGS_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
