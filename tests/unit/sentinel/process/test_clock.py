"""Whether the clocks run as a lease needs them to, and whether a stall of the process is noticed."""

from __future__ import annotations

import time

import pytest

from sentinel.process.clock import StallWatch, monotonic, wall_ms

pytestmark = pytest.mark.unit


def test_monotonic_never_goes_back() -> None:
    readings = [monotonic() for _ in range(1000)]
    assert readings == sorted(readings)


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no CLOCK_BOOTTIME")
def test_time_in_suspend_counts() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    now = monotonic()
    assert before <= now <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_wall_clock_is_milliseconds_since_the_epoch() -> None:
    before = time.time()
    now = wall_ms()
    assert int(before * 1000) <= now <= time.time() * 1000


def test_a_gap_above_the_threshold_is_a_stall() -> None:
    watch = StallWatch(threshold_s=2.0)
    assert watch.observe(100.0) is None, "nothing was observed before"
    assert watch.observe(101.0) is None
    assert watch.observe(103.0) is None, "the threshold itself is no stall"
    assert watch.observe(106.5) == 3.5
    assert watch.observe(107.0) is None, "a stall is told once"


def test_inputs_close_together_hide_no_stall_behind_them() -> None:
    watch = StallWatch(threshold_s=1.0)
    watch.observe(10.0)
    assert watch.observe(15.0) == 5.0
    assert watch.observe(15.0) is None


@pytest.mark.parametrize("threshold_s", [0.0, -1.0, float("nan")])
def test_the_threshold_must_be_positive(threshold_s: float) -> None:
    with pytest.raises(ValueError, match="threshold_s"):
        StallWatch(threshold_s)
