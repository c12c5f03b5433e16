"""How many files this process may open, raised to what the system allows, and how many it has open."""

from __future__ import annotations

import logging
import os
import resource
from contextlib import suppress
from pathlib import Path

from sentinel.process.client_room import Files

logger = logging.getLogger(__name__)

WANTED = 65_536
"""More than any sentinel needs; where all is allowed, so much is asked for."""
LEAST_LEFT = 32
"""A failover takes a few; what is kept back for nodes and peers is many times that, and partly in use."""
_OPEN = Path("/proc/self/fd")


def raise_limit() -> int | None:
    """To the hard limit. Returns what holds from now on; None: no limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return None
    wanted = WANTED if hard == resource.RLIM_INFINITY else hard
    if wanted > soft:
        # Some systems allow less than they say; then what there is has to do.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return soft


def open_files() -> int | None:
    """None where the system does not tell."""
    try:
        return len(os.listdir(_OPEN))  # noqa: PTH208  # only the number is wanted
    except OSError:
        return None


class FilesLeft:
    """Whether what is open leaves enough for nodes and peers. ``look`` is to be called now and then."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.trouble: str | None = None
        """Why connections may soon fail; None while enough are left."""

    def look(self) -> None:
        """Told in the log once, and once when it is over."""
        before, limit = self.trouble, self._files.limit
        self.trouble = None if limit is None else why_not(open_files(), limit)
        if self.trouble is not None and before is None:
            logger.error("%s", self.trouble)
        elif self.trouble is None and before is not None:
            logger.info("there are files again")


def why_not(taken: int | None, limit: int) -> str | None:
    if taken is None or limit - taken >= LEAST_LEFT:
        return None
    return f"files run out: {taken} of {limit} are open (ulimit -n, LimitNOFILE)"
