"""A connection without a socket: what is written to it is kept, and the other side is the fuzzer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

FAST_TURNS = 100
"""After these, something in a thread may be waited for."""
SLOW_TURNS = 200
PEER = ("127.0.0.1", 40_000)


class MemoryTransport(asyncio.Transport):
    """``protocol`` is told when the connection is closed, as asyncio does it."""

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self.written = b""
        self._told: Any = protocol
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing:
            self.written += bytes(data)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": PEER, "sockname": PEER, "socket": _NoSocket()}.get(name, default)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._told.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._told
        return protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._told = protocol

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def is_reading(self) -> bool:
        return True

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return 0, 65_536

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


class _NoSocket:
    """Takes what is set on it."""

    family = 2

    def setsockopt(self, *_: object) -> None:
        pass

    def fileno(self) -> int:
        return -1


async def idle(over: Callable[[], bool], fast_turns: int = FAST_TURNS) -> None:
    """Let the event loop turn until nothing more will come of what was sent, but not for ever."""
    for turn in range(fast_turns + SLOW_TURNS):
        if over():
            return
        await asyncio.sleep(0 if turn < fast_turns else 0.0005)
