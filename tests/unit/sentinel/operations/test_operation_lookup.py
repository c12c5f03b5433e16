"""Anybody may ask for an operation; a sentinel that hangs must not be asked by ever more connections."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ThreadedResolver

from config.address import Address
from sentinel.operations.book import taken_by
from sentinel.operations.lookup import MOST_AT_ONCE, LookupFailedError, OperationLookup
from tests.waiting import wait_until


async def test_few_look_ups_are_under_way_at_once_and_the_next_ones_are_told_so() -> None:
    connected, done = 0, asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected
        connected += 1
        await done.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    lookup = OperationLookup("s1", {"s2": Address(host, port)}, ThreadedResolver())
    id_ = "op-s2-0123456789abcdef"
    assert taken_by(id_) == "s2"
    asked = [asyncio.create_task(lookup.ask(id_)) for _ in range(50)]
    early, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    refused = [task.exception() for task in early]
    assert len(refused) == 50 - MOST_AT_ONCE
    assert all(isinstance(error, LookupFailedError) and "asked for others" in str(error) for error in refused)
    await wait_until(lambda: connected == MOST_AT_ONCE, 20, "the few to be connected")
    done.set()
    with pytest.raises(LookupFailedError, match="cannot be asked"):
        await next(task for task in asked if task not in early)
    await asyncio.gather(*asked, return_exceptions=True)
    with pytest.raises(LookupFailedError, match="cannot be asked"):
        await lookup.ask(id_)
    server.close()
