"""Checks the free space of the disk that holds the state, and reports trouble before the disk is full.

A sentinel that cannot write its vote must stop. So it reports that it is not ready while it can still vote,
and its work goes on: an orchestrator stops sending it clients, and people have time.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MIN_FREE_BYTES = 32 * 1024 * 1024
"""Many times the size of a write: the state is small, but logs on the same disk may grow fast."""
MIN_FREE_FILES = 16
ANSWER_S = 1.0


@dataclass(frozen=True, slots=True)
class Room:
    """``free_files`` is None where the file system does not count them."""

    free_bytes: int
    free_files: int | None


class Disk:
    """``look`` may block, and raises OSError."""

    def __init__(self, directory: Path, look: Callable[[Path], Room] | None = None) -> None:
        self._directory = directory
        self._look = look or room
        self._looking: asyncio.Future[Room] | None = None

    async def trouble(self) -> str | None:
        """Why the state may soon not be writable; None if there is room."""
        # One look at a time: more and more threads must not wait for a file system that hangs.
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(asyncio.to_thread(self._look, self._directory))
            self._looking.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            async with asyncio.timeout(ANSWER_S):
                return why_not(await asyncio.shield(self._looking))
        except TimeoutError:
            return f"the disk of the state does not answer within {ANSWER_S:g} s"
        except OSError as error:
            return f"the disk of the state cannot be checked: {error.strerror}"


def why_not(found: Room) -> str | None:
    if found.free_bytes < MIN_FREE_BYTES:
        free, needed = (f"{size / (1024 * 1024):.0f} MiB" for size in (found.free_bytes, MIN_FREE_BYTES))
        return f"the disk of the state is nearly full: {free} free, {needed} needed"
    if found.free_files is not None and found.free_files < MIN_FREE_FILES:
        return (
            f"the disk of the state has room for {found.free_files} more files only, "
            f"{MIN_FREE_FILES} are needed (inodes)"
        )
    return None


def room(directory: Path) -> Room:
    """The free space for this process; blocks. Raises OSError."""
    found = os.statvfs(directory)
    return Room(found.f_bavail * found.f_frsize, found.f_favail if found.f_files else None)
