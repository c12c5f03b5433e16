"""Logs errors of the event loop itself, at most once in an interval.

When files run out, asyncio tries to accept as many connections as may wait, and logs a traceback for each: a
crowd of clients could fill the disk with them.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from sentinel.process.limited_log import LimitedLog

_logger = logging.getLogger(__name__)


class LoopErrors:
    """``asyncio.get_running_loop().set_exception_handler(LoopErrors())``."""

    def __init__(self) -> None:
        self._log = LimitedLog(_logger)

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError):
            # Only these come in crowds. The errno is the key, because the text contains addresses.
            self._log.error(f"{context.get('message')}:{error.errno}", f"{context.get('message')}: {error}")
        else:
            loop.default_exception_handler(context)
