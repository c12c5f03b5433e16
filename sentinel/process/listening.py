"""A listener's two limits, for which asyncio has one number: how many clients wait, and how many enter at
once.

Many may wait: all the clients of a sentinel return to it at the same moment. Few enter during one turn of the
event loop: none of them can be sent away before the turn is over, so all of them need files.
"""

from __future__ import annotations

import asyncio
import os
import socket

LET_IN_TOGETHER = 16
"""Pass it to asyncio as ``backlog``."""
MAY_WAIT = 1024
RECEIVED_BYTES = 32 * 1024
"""The receive buffer of each client, and so the most that is read from it in one turn; Linux doubles it. The
default would be megabytes for each of thousands of clients."""


def deepen(server: asyncio.AbstractServer | None) -> None:
    """Set the system's limits of ``server``, once it listens."""
    assert isinstance(server, asyncio.Server)
    for listener in server.sockets:
        with socket.socket(fileno=os.dup(listener.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
            same.listen(MAY_WAIT)
