"""Free memory is returned to the system."""

from __future__ import annotations

import ctypes
import gc
import sys
import weakref
from pathlib import Path

import pytest

from sentinel.process import clock, memory

BLOCKS = 4000
BLOCK_BYTES = 8000


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.skipif(
    sys.platform != "linux" or getattr(ctypes.CDLL(None), "malloc_trim", None) is None, reason="needs glibc"
)
def test_what_is_free_below_what_is_used_goes_back() -> None:
    blocks = [bytes(BLOCK_BYTES) + b"1" for _ in range(BLOCKS)]
    kept = blocks[::100]
    full = resident_bytes()
    del blocks
    before = resident_bytes()
    assert before > full - BLOCKS * BLOCK_BYTES / 2, "glibc has given it back by itself: nothing to test"

    memory.give_back()

    assert resident_bytes() < before - BLOCKS * BLOCK_BYTES / 2
    assert all(block[-1:] == b"1" for block in kept)


def test_a_c_library_without_it_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_trim", None)
    memory.give_back()


def test_what_start_up_made_is_not_looked_through_again_and_the_rest_rarely() -> None:
    before = gc.get_threshold()
    memory.keep_for_good()
    try:
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold()[2] >= 10 * before[2], "a full collection counts as a stall"
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


class _Ring:
    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of younger collections since the last full one."""
    count = [0]
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, count[0]))
    return count


def test_rings_are_found_in_a_quiet_moment_once_there_may_be_many(counted: list[int]) -> None:
    busy = True
    collecting = memory.Collecting(lambda: busy)
    ring = _Ring()
    seen = weakref.ref(ring)
    del ring
    collecting.look()
    assert seen() is not None, "too few"
    counted[0] = memory.DUE
    collecting.look()
    assert seen() is not None, "busy"
    busy = False
    collecting.look()
    assert seen() is None


def test_where_it_takes_long_it_comes_rarely(counted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100.0, 100.0 + 5 * memory.CHEAP_S])
    monkeypatch.setattr(clock, "monotonic", lambda: next(times))
    collecting = memory.Collecting(lambda: False)
    counted[0] = memory.DUE
    collecting.look()
    counted[0] = 5 * memory.DUE - 1
    collecting.look()
    counted[0] = 5 * memory.DUE
    with pytest.raises(StopIteration):
        collecting.look()
