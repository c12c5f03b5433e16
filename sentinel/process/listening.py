"""How many may wait at a listener, and how many are let in at once, for which asyncio has one number.

Many may wait: all the clients of a sentinel come back to it at the same moment. Few are let in during one
turn of the event loop: before the turn is over none of them can be sent away, so they all need files.
"""

from __future__ import annotations

import asyncio
import os
import socket

LET_IN_TOGETHER = 16
"""To be given to asyncio as ``backlog``."""
MAY_WAIT = 1024
RECEIVED_BYTES = 32 * 1024
"""What the system keeps of what a client has sent, and so the most that is read of it in one turn; the system
doubles it. By itself it would keep megabytes for each of thousands."""


def deepen(server: asyncio.AbstractServer | None) -> None:
    """To be called once it listens."""
    assert isinstance(server, asyncio.Server)
    for listener in server.sockets:
        with socket.socket(fileno=os.dup(listener.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
            same.listen(MAY_WAIT)
