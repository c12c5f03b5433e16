"""Raises this process's limit of open files to what the system allows, and watches how many are open."""

from __future__ import annotations

import logging
import os
import resource
from contextlib import suppress
from pathlib import Path

from sentinel.process.client_room import Files

logger = logging.getLogger(__name__)

WANTED = 65_536
"""More than any sentinel needs: the limit to set if the hard limit is infinite."""
LEAST_LEFT = 32
"""A failover needs a few; the reserve for nodes and peers is many times that, and partly in use."""
_OPEN = Path("/proc/self/fd")


def raise_limit() -> int | None:
    """Raise the limit to the hard limit. Returns the new limit; None: no limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return None
    wanted = WANTED if hard == resource.RLIM_INFINITY else hard
    if wanted > soft:
        # Some systems allow less than their hard limit; then the limit stays as it is.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return soft


def open_files() -> int | None:
    """How many files are open; None if the system does not tell."""
    try:
        return len(os.listdir(_OPEN))  # noqa: PTH208  # only the number is wanted
    except OSError:
        return None


class FilesLeft:
    """Whether enough files are left for nodes and peers. Call ``look`` from time to time."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.trouble: str | None = None
        """Why connections may soon fail; None while enough are left."""

    def look(self) -> None:
        """Update ``trouble``; its beginning and its end are logged once."""
        before, limit = self.trouble, self._files.limit
        self.trouble = None if limit is None else why_not(open_files(), limit)
        if self.trouble is not None and before is None:
            logger.error("%s", self.trouble)
        elif self.trouble is None and before is not None:
            logger.info("enough files are free again")


def why_not(taken: int | None, limit: int) -> str | None:
    if taken is None or limit - taken >= LEAST_LEFT:
        return None
    return f"files run out: {taken} of {limit} are open (ulimit -n, LimitNOFILE)"
