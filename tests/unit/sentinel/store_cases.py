"""Waiting for what is persisted, which the product does not do: it is called back."""

from __future__ import annotations

import asyncio

from quorum.messages import HardState
from sentinel.state.file import StoreError
from sentinel.state.store import Store


async def persist(store: Store, group: str, state: HardState) -> None:
    """Returns once ``state`` is durable. Raises StoreError if it may not be."""
    durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def done(error: StoreError | None) -> None:
        if durable.done():
            return
        if error is None:
            durable.set_result(None)
        else:
            durable.set_exception(error)

    store.persist(group, state, done)
    await durable
