"""Helpers for a websocket that both ends of a link use."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TypeAlias

from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType, web

from sentinel.peers.wire import MAX_FRAME_BYTES, Frame, PeerProtocolError, decode

HANDSHAKE_TIMEOUT_S = 2.0
CLOSE_TIMEOUT_S = 0.5
"""The time for the other side to answer a close."""
MAX_CLOSE_REASON_BYTES = 120
"""A websocket's control frame carries at most 123 bytes of reason (RFC 6455 section 5.5)."""

Socket: TypeAlias = ClientWebSocketResponse | web.WebSocketResponse


class LinkEndedError(Exception):
    """The other side, or the network, ended the connection."""


async def receive_frame(socket: Socket) -> bytes:
    """The next binary frame. Raises LinkEndedError, or PeerProtocolError for anything else."""
    message = await socket.receive()
    if message.type is WSMsgType.BINARY:
        return bytes(message.data)
    if message.type is WSMsgType.ERROR:
        raise PeerProtocolError(f"not a frame of at most {MAX_FRAME_BYTES} bytes: {message.data}")
    if message.type is WSMsgType.TEXT:
        raise PeerProtocolError("a text frame")
    if message.type in (WSMsgType.PING, WSMsgType.PONG):
        # No sentinel sends any. To answer them would let a stranger keep this process busy with a few bytes.
        raise LinkEndedError("a control frame, which no sentinel sends")
    reason = message.extra if message.type is WSMsgType.CLOSE else None
    raise LinkEndedError(f"closed by the other side: {reason!r:.200}" if reason else "connection closed")


async def receive_plain(socket: Socket) -> Frame:
    """The next frame of a handshake, not sealed yet. Raises as ``receive_frame``."""
    return decode(await receive_frame(socket))


async def close_with(socket: Socket, problem: str) -> None:
    """Tell the other side why, and close; it may not be reading, so this takes CLOSE_TIMEOUT_S at most."""
    reason = problem.encode("ascii", "replace")[:MAX_CLOSE_REASON_BYTES]
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=reason)
