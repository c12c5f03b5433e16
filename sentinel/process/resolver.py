"""Resolves names to addresses without ever blocking other work on the name service.

``getaddrinfo`` cannot be interrupted, and may hang for half a minute when a name server is gone. So each
lookup has a daemon thread of its own: a hung one holds up neither other names, nor the event loop's
shared executor, nor the exit of the process. Nothing is cached: a name is looked up again for each
connection, which is how a moved node is found.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from sentinel.process import clock

MAX_ADDRESSES = 8
"""Addresses of one name that are tried; the name service may answer with any number."""

OUR_FAULT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EACCES, errno.EPERM})
"""Errors of the operating system that are faults of this machine, and not of the other one."""

GIVEN_UP_S = 60.0
"""A lookup that hangs for longer is not waited for again: the next call starts another one."""

Lookup: TypeAlias = Callable[[str], Sequence[str]]
"""Blocking. Returns the addresses of a name, the preferred first; raises ``OSError`` if it has none."""


class ResolveError(OSError):
    """The name does not resolve. It is an ``OSError``, as aiohttp expects of a resolver.

    ``ours``: the name service was not asked, because this machine lacks something.
    """

    def __init__(self, host: str, detail: str, *, ours: bool = False) -> None:
        super().__init__(f"{host} {'could not be resolved' if ours else 'does not resolve'}: {detail}")
        self.host = host
        self.detail = detail
        self.ours = ours


@dataclass(frozen=True, slots=True)
class _InFlight:
    started_at: float
    answer: asyncio.Future[tuple[str, ...]]


class Resolver:
    """Belongs to the event loop that uses it. Callers that ask for the same name share one lookup."""

    def __init__(self, timeout_s: float, max_workers: int = 64, lookup: Lookup | None = None) -> None:
        self._timeout_s = timeout_s
        self._max_workers = max_workers
        self._lookup = lookup or system_lookup
        self._in_flight: dict[str, _InFlight] = {}
        self._workers = 0

    async def resolve(self, host: str) -> tuple[str, ...]:
        """The addresses of ``host``, the preferred first; never empty. An address is its own answer.

        Raises ``ResolveError`` if the name does not resolve, or not within the timeout, or at once when
        too many lookups hang already.
        """
        if is_address(host):
            return (host,)
        answer = self._joinable(host) or self._start(host)
        try:
            async with asyncio.timeout(self._timeout_s):
                # Shielded, because others may be waiting for the same answer.
                return await asyncio.shield(answer)
        except TimeoutError:
            raise ResolveError(host, f"no answer within {self._timeout_s:g} s") from None

    def _joinable(self, host: str) -> asyncio.Future[tuple[str, ...]] | None:
        running = self._in_flight.get(host)
        if running is None or clock.monotonic() - running.started_at > GIVEN_UP_S:
            return None
        return running.answer

    def _start(self, host: str) -> asyncio.Future[tuple[str, ...]]:
        if self._workers >= self._max_workers:
            raise ResolveError(host, f"{self._workers} lookups hang already", ours=True)
        loop = asyncio.get_running_loop()
        running = _InFlight(clock.monotonic(), loop.create_future())
        # An answer that comes after everybody gave up is nobody's error.
        running.answer.add_done_callback(lambda done: done.cancelled() or done.exception())

        def finish(found: tuple[str, ...] | ResolveError) -> None:
            self._workers -= 1
            if self._in_flight.get(host) is running:
                del self._in_flight[host]
            if isinstance(found, ResolveError):
                running.answer.set_exception(found)
            else:
                running.answer.set_result(found)

        def work() -> None:
            found = _outcome(self._lookup, host)
            # The loop may be closed by now: nobody waits any more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(finish, found)

        try:
            threading.Thread(target=work, name=f"resolve {host}", daemon=True).start()
        except RuntimeError as error:
            raise ResolveError(host, f"no thread for the lookup ({error})", ours=True) from error
        self._workers += 1
        self._in_flight[host] = running
        return running.answer


class HttpResolver(AbstractResolver):
    """The same lookups for aiohttp's sessions (peer links, webhooks)."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises ``ResolveError`` as ``Resolver.resolve`` does, also if no address is of ``family``."""
        results = [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=_family(address),
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._resolver.resolve(host)
            if family in (socket.AF_UNSPEC, _family(address))
        ]
        if not results:
            raise ResolveError(host, f"no address of family {family.name}")
        return results

    async def close(self) -> None:
        """Nothing to release: the lookups belong to the ``Resolver``, which is shared."""


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def system_lookup(host: str) -> list[str]:
    """Asks the operating system (hosts file, DNS, ...), in its order of preference (RFC 6724)."""
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    # The address is a number only where Python was built without that address family.
    return [address for *_, (address, *_) in answers if isinstance(address, str)]


def _outcome(lookup: Lookup, host: str) -> tuple[str, ...] | ResolveError:
    try:
        found = tuple(dict.fromkeys(lookup(host)))[:MAX_ADDRESSES]
    except OSError as error:
        lack = _lack()
        return ResolveError(host, lack or error.strerror or str(error), ours=lack is not None)
    except Exception as error:  # noqa: BLE001 (a worker that dies would never be counted off)
        return ResolveError(host, f"not a valid name ({error})")
    return found or ResolveError(host, "it has no address")


def _lack() -> str | None:
    """What this machine lacks to ask the name service, whose own error does not tell; None if nothing."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError as error:
        return (error.strerror or str(error)) if error.errno in OUR_FAULT else None
    return None


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
