"""Asks another sentinel for the outcome of an operation that it took; the id names that sentinel.

An operator may ask any sentinel. Every sentinel knows the orders that were agreed on; the outcome of a
request that was to be carried out at once is known only to the one that took it.
"""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver
from pydantic import ValidationError
from yarl import URL

from config.address import Address
from sentinel.operations.book import taken_by
from sentinel.status.answers import OperationAnswer

TIMEOUT_S = 2.0
MOST_AT_ONCE = 4
"""Anybody may ask, and each look-up holds a connection for as long as the other sentinel takes."""
MAX_BYTES = 64 * 1024


class LookupFailedError(Exception):
    """The sentinel that took the operation cannot be asked now; the text says which, and why."""


class OperationLookup:
    """``members`` are all sentinels with their HTTP addresses."""

    def __init__(self, self_id: str, members: Mapping[str, Address], resolver: AbstractResolver) -> None:
        self._self_id = self_id
        self._members = members
        self._resolver = resolver
        self._asking = 0

    async def ask(self, id_: str) -> OperationAnswer | None:
        """None if no other sentinel took it, or if that one does not know it either.

        Raises LookupFailedError if it cannot be asked. It asks nobody in turn, since the id names itself.
        """
        taker = taken_by(id_)
        if taker is None or taker == self._self_id or taker not in self._members:
            return None
        address = self._members[taker]
        path = f"/v1/operations/{id_}"
        url = URL.build(scheme="http", host=address.host, port=address.port, path=path)
        if self._asking >= MOST_AT_ONCE:
            raise LookupFailedError(f"{taker} took it, and is being asked for others already.")
        self._asking += 1
        try:
            raw = await self._fetch(url)
            return None if raw is None else OperationAnswer.model_validate_json(raw)
        except (aiohttp.ClientError, OSError, TimeoutError, ValidationError) as error:
            why = "it answers oddly" if isinstance(error, ValidationError) else str(error) or "no answer"
            raise LookupFailedError(f"{taker} took it, and cannot be asked: {why:.200}.") from error
        finally:
            self._asking -= 1

    async def _fetch(self, url: URL) -> bytes | None:
        """None if it is not known there."""
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            ) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            return None if answer.status == 404 else await answer.content.read(MAX_BYTES)
