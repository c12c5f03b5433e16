"""Waiting for a condition, with a deadline: the only way in which tests let time pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.02


def wait_for(condition: Callable[[], T | None], deadline_s: float = 10.0, what: str = "") -> T:
    """The first true value of ``condition``. Raises AssertionError after ``deadline_s``."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s} s in vain for {what or condition}; last: {value!r}")
        time.sleep(POLL_S)


async def wait_until(
    condition: Callable[[], Awaitable[T] | T], deadline_s: float = 10.0, what: str = ""
) -> T:
    """As ``wait_for``, on the event loop; ``condition`` may be a coroutine function."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s} s in vain for {what or condition}; last: {value!r}")
        await asyncio.sleep(POLL_S)


def stays(condition: Callable[[], bool], for_s: float, what: str = "") -> None:
    """For what must not happen: ``condition`` holds at every look for ``for_s``."""
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        assert condition(), f"did not stay: {what or condition}"
        time.sleep(POLL_S)
