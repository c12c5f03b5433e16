"""Makes connections to Redis: resolved here, authenticated, encrypted, and without redis-py's extras.

A node's name is resolved again for each connection. The connection goes to the address, while TLS still
verifies the name. redis-py's own retries, maintenance notifications and CLIENT SETINFO are off: the probe and
the executor decide when to try again, and a restricted ACL user needs few commands.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from redis.asyncio.connection import AbstractConnection, Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from quorum.evidence import EvidenceKind
from sentinel.nodes.evidence import classify, os_error
from sentinel.nodes.reply_parser import BoundedParser
from sentinel.process.resolver import Resolver
from sentinel.process.tls_files import TlsFiles

T = TypeVar("T")

GREETING_S = 0.05
"""A server that turns a client away says so as soon as it accepts the connection."""
MAX_GREETING_BYTES = 512

_NO_WAY_FROM_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENETUNREACH})


@dataclass(frozen=True, slots=True)
class Credentials:
    """User, password and TLS for a node. ``tls`` None means plain TCP; ``TlsFiles`` are always the newest.

    ``tls_server_name`` is the name in the certificate; None means the host.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | TlsFiles | None = None
    tls_server_name: str | None = None


class _TlsConnection(Connection):
    """redis-py's own TLS connection takes no context and verifies only the name that it connects to."""

    def __init__(self, *, tls: ssl.SSLContext, tls_server_name: str, **kwargs: Any) -> None:
        self._tls = tls
        self._tls_server_name = tls_server_name
        super().__init__(**kwargs)

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {
            "host": self.host,
            "port": self.port,
            "ssl": self._tls,
            "server_hostname": self._tls_server_name,
        }

    async def disconnect(self, nowait: bool = False, *args: Any, **kwargs: Any) -> None:
        writer = self._writer
        await super().disconnect(nowait, *args, **kwargs)
        if nowait and writer is not None:
            # TLS would send a goodbye and wait for the answer, which a lost node never sends.
            writer.transport.abort()


class RedisLink:
    """Makes connections to nodes that share the same credentials."""

    def __init__(
        self, credentials: Credentials, resolver: Resolver, sentinel_id: str, connect_timeout_s: float
    ) -> None:
        self.client_name = f"vedette-{sentinel_id}"
        self._credentials = credentials
        self._resolver = resolver
        self._connect_timeout_s = connect_timeout_s

    def as_user(self, username: str | None, password: str | None) -> RedisLink:
        """A link to the same nodes as another user."""
        credentials = replace(self._credentials, username=username, password=password)
        link = RedisLink(credentials, self._resolver, "", self._connect_timeout_s)
        link.client_name = self.client_name
        return link

    def is_as_user(self, username: str | None, password: str | None) -> bool:
        """Whether this link connects as that user."""
        return (username, password) == (self._credentials.username, self._credentials.password)

    @property
    def tls_files(self) -> TlsFiles | None:
        return self._credentials.tls if isinstance(self._credentials.tls, TlsFiles) else None

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The current addresses of ``host``. Raises ``ResolveError``."""
        return await self._resolver.resolve(host)

    async def connection(self, host: str, port: int, prefer_ip: str | None = None) -> Connection:
        """An authenticated connection that never times out by itself; the caller disconnects it.

        It has no client name yet: setting one is a command that the ACL may forbid. Of several addresses
        ``prefer_ip`` is tried first. Raises ``ResolveError``, or errors of redis-py and the socket, for
        ``classify``.
        """

        async def attempt(ip: str) -> Connection:
            kind, arguments = self._arguments(host, ip, port)
            made = kind(socket_timeout=None, socket_connect_timeout=None, **arguments)
            try:
                await made.connect()
            except BaseException:
                await made.disconnect(nowait=True)
                raise
            return made

        return await self._first(host, prefer_ip, attempt)

    async def refusal(self, host: str, port: int) -> OSError | None:
        """The error of a bare connection to the node, at a tenth of the cost of a ``connection``.

        None if it is accepted, or if the name has several addresses. Raises as ``connection`` does.
        """
        addresses = await self._resolver.resolve(host)
        if len(addresses) > 1:
            return None
        family = socket.AF_INET6 if ":" in addresses[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as bare:
            try:
                async with asyncio.timeout(self._connect_timeout_s):
                    await asyncio.get_running_loop().sock_connect(bare, (addresses[0], port))
            except OSError as error:
                return error
        return None

    async def greeting(self, host: str, port: int) -> ResponseError | None:
        """The error that the node sends on a bare connection unasked, when it turns a client away.

        Nothing is sent, because data sent to a closed connection destroys the unread answer. None if the node
        sends nothing, or with TLS. Raises ``ResolveError`` or ``OSError``, also if the node only hangs up:
        then there is no need for a second connection.
        """
        addresses = await self._resolver.resolve(host)
        if len(addresses) > 1 or self._credentials.tls is not None:
            return None
        family, loop = socket.AF_INET6 if ":" in addresses[0] else socket.AF_INET, asyncio.get_running_loop()
        with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as bare:
            async with asyncio.timeout(self._connect_timeout_s):
                await loop.sock_connect(bare, (addresses[0], port))
            try:
                async with asyncio.timeout(GREETING_S):
                    greeting = await loop.sock_recv(bare, MAX_GREETING_BYTES)
            except TimeoutError:
                return None
        if not greeting:
            raise ConnectionResetError("connection closed by server")
        line = greeting.partition(b"\r")[0]
        return ResponseError(line[1:].decode("ascii", "replace")) if line.startswith(b"-") else None

    async def knock(self, host: str, port: int) -> None:
        """Tries whether anything listens there, without sending a byte. Raises ``OSError`` if not."""
        failures: list[Exception] = []
        for ip in await self._resolver.resolve(host):
            try:
                async with asyncio.timeout(self._connect_timeout_s):
                    _, writer = await asyncio.open_connection(ip, port)
            except OSError as error:
                failures.append(error)
            else:
                writer.close()
                return
        raise _telling(failures)

    async def named_connection(
        self, host: str, port: int, command_timeout_s: float, prefer_ip: str | None = None
    ) -> Connection:
        """A connection with our client name, for commands one at a time; the caller disconnects it.

        A command without an answer within ``command_timeout_s`` fails, and is never repeated. Raises as
        ``connection`` does. redis-py's clients are not used: they know every command, which takes 20 MB.
        """

        async def attempt(ip: str) -> Connection:
            kind, arguments = self._arguments(host, ip, port)
            made = kind(
                socket_timeout=command_timeout_s,
                socket_connect_timeout=self._connect_timeout_s,
                **arguments,
            )
            try:
                await made.connect()
                await self._name(made)
            except BaseException:
                await made.disconnect(nowait=True)
                raise
            return made

        return await self._first(host, prefer_ip, attempt)

    async def _name(self, made: AbstractConnection) -> None:
        """Set the client name, for CLIENT LIST. If that is refused, the connection has no name.

        A server that turns us away answers so to the first command, and not with a ``ResponseError``.
        """
        await made.send_command("CLIENT", "SETNAME", self.client_name)
        with suppress(ResponseError):
            await made.read_response()

    def _arguments(self, host: str, ip: str, port: int) -> tuple[type[Connection], dict[str, Any]]:
        credentials = self._credentials
        arguments: dict[str, Any] = {
            "host": ip,
            "port": port,
            "username": credentials.username,
            "password": credentials.password,
            "protocol": 2,
            "driver_info": None,
            "retry": Retry(NoBackoff(), 0),
            "parser_class": BoundedParser,
        }
        if credentials.tls is None:
            return Connection, arguments
        name = credentials.tls_server_name or host
        context = credentials.tls.context() if isinstance(credentials.tls, TlsFiles) else credentials.tls
        return _TlsConnection, {**arguments, "tls": context, "tls_server_name": name}

    async def _first(self, host: str, prefer_ip: str | None, attempt: Callable[[str], Awaitable[T]]) -> T:
        """The result of the first address for which ``attempt`` succeeds; raises the most telling failure."""
        addresses = sorted(await self._resolver.resolve(host), key=lambda ip: ip != prefer_ip)
        failures: list[Exception] = []
        for ip in addresses:
            try:
                async with asyncio.timeout(self._connect_timeout_s / len(addresses)):
                    return await attempt(ip)
            except TimeoutError:
                # A server that expects no TLS takes the handshake for a command and waits for its end.
                hint = "" if self._credentials.tls is None else " with TLS (does the node expect it?)"
                failures.append(TimeoutError(f"no answer while connecting to {ip}{hint}"))
            except (RedisError, OSError) as error:
                failures.append(error)
        raise _telling(failures)


def peer_certificate(connection: Connection) -> bytes | None:
    """The node's certificate as DER; None without TLS."""
    writer = connection._writer
    shown = writer.get_extra_info("ssl_object") if writer is not None else None
    certificate: bytes | None = shown.getpeercert(binary_form=True) if shown is not None else None
    return certificate


class Taking(Protocol):
    """The new protocol of a connection: an ``asyncio.BufferedProtocol`` that also takes bytes."""

    def data_received(self, data: bytes) -> None: ...

    def connection_lost(self, error: Exception | None) -> None: ...


def take_over(connection: Connection, protocol: Taking) -> asyncio.Transport:
    """``protocol`` gets all data from now on, beginning with what redis-py had not read yet.

    redis-py has no interface for this: its connection is left as if it were closed. Its streams are dropped:
    for each node they would cost as much memory as all that is known of it.
    """
    reader: Any = connection._reader
    writer: Any = connection._writer
    assert writer is not None
    connection._reader = connection._writer = None
    transport: asyncio.Transport = writer.transport
    transport.set_protocol(protocol)  # type: ignore[arg-type]
    writer._transport = _Closed()  # The dropped stream would close the transport.
    transport.resume_reading()
    if reader._buffer:
        protocol.data_received(bytes(reader._buffer))
    if reader._eof or transport.is_closing():
        protocol.connection_lost(reader.exception())
    return transport


class _Closed:
    """Stands in for a transport that was taken over."""

    def is_closing(self) -> bool:
        return True


def _telling(failures: list[Exception]) -> Exception:
    """The one error to report for the failures at each address of a name.

    One refusal proves nothing while another address may only be slow. An address that this machine cannot
    reach at all (mostly IPv6 without a route) does not count beside others.
    """
    counted = [failure for failure in failures if os_error(failure) not in _NO_WAY_FROM_HERE] or failures
    return next((f for f in counted if classify(f).kind is not EvidenceKind.REFUSED), counted[0])
