"""Classifies an error on the way to a node: what does it prove about the node?

An answer of a live process counts as life, however odd it is: a refused password, a missing permission, a bad
certificate. A reply that no Redis server sends proves nothing: another program has the port. A fault of this
machine (no file left, no memory, not permitted) says nothing about the node, which must look neither dead nor
alive because of it.
"""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator

import redis.exceptions as redis_errors

from quorum.evidence import Evidence, EvidenceKind
from sentinel.nodes.info import InfoError
from sentinel.process.resolver import OUR_FAULT, ResolveError

MAX_DETAIL = 200
NOT_REDIS = "does not speak the Redis protocol"
_TLS_ALERT = '"\\x15"'
"""The first byte of a TLS port's alert to a client without TLS, as the parser shows it."""
_MAX_CAUSES = 8

_CLOSED = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ESHUTDOWN})

_NOT_ALLOWED = (
    redis_errors.AuthenticationError,
    redis_errors.AuthorizationError,
    redis_errors.AuthenticationWrongNumberOfArgsError,
    redis_errors.NoPermissionError,
)
# The server's wording: redis-py has no type for these errors, or knows only some versions' wording.
_NOT_ALLOWED_TEXTS = (
    "NOAUTH",
    "WRONGPASS",
    "NOPERM",
    "DENIED",
    "invalid username-password",
    "called without any password",
)


def is_reply(error: Exception) -> bool:
    """Whether the server sent this error, so that the connection still works; else the connection is lost.

    redis-py makes some replies a ``ConnectionError`` too; those have a status code.
    """
    if isinstance(error, redis_errors.ResponseError):
        return True
    return isinstance(error, redis_errors.RedisError) and error.status_code is not None


def classify(error: BaseException) -> Evidence:
    """The evidence in an ``error`` of redis-py, the resolver or the socket; redis-py wraps the socket's."""
    if isinstance(error, ResolveError):
        return _evidence(EvidenceKind.BLIND if error.ours else EvidenceKind.UNRESOLVED, str(error))
    if isinstance(error, InfoError):
        return _evidence(EvidenceKind.MISCONFIGURED, str(error))
    if isinstance(error, redis_errors.InvalidResponse):
        kind = EvidenceKind.UNREACHABLE if _is_no_redis(str(error)) else EvidenceKind.MISCONFIGURED
        return _evidence(kind, f"{NOT_REDIS}: {error}")
    if isinstance(error, Exception) and is_reply(error):
        return _reply(error)
    for cause in _causes(error):
        if isinstance(cause, OSError):
            return _socket_error(cause)
    if isinstance(error, redis_errors.TimeoutError):
        return _evidence(EvidenceKind.UNREACHABLE, str(error))
    if isinstance(error, redis_errors.ConnectionError | EOFError):
        return _evidence(EvidenceKind.CLOSED, str(error) or "connection closed")
    return _evidence(EvidenceKind.BLIND, f"unexpected {type(error).__name__}: {error}")


def _is_no_redis(text: str) -> bool:
    """Whether a reply's first byte is not Redis's. A TLS alert may well come from a Redis."""
    return text.startswith("Protocol error, got") and _TLS_ALERT not in text


def os_error(error: BaseException) -> int | None:
    """The ``errno`` behind ``error``, if the operating system raised it."""
    return next((cause.errno for cause in _causes(error) if isinstance(cause, OSError)), None)


def error_text(error: Exception) -> str:
    """The server's error without the arguments: a server whose AUTH was renamed repeats the password."""
    return str(error).partition(", with args")[0]


def _reply(error: Exception) -> Evidence:
    text = error_text(error)
    if isinstance(error, redis_errors.BusyLoadingError) or text.startswith("LOADING"):
        return _evidence(EvidenceKind.LOADING, text)
    if isinstance(error, redis_errors.MasterDownError) or text.startswith("MASTERDOWN"):
        return _evidence(EvidenceKind.ALIVE, f"MASTERDOWN {text.removeprefix('MASTERDOWN ')}")
    if isinstance(error, _NOT_ALLOWED) or any(sign in text for sign in _NOT_ALLOWED_TEXTS):
        return _evidence(EvidenceKind.MISCONFIGURED, text)
    # This includes -BUSY, while a long script runs. Redis Sentinel does not count it as a reply; but the
    # process lives, and a failover would throw the script's writes away.
    return _evidence(EvidenceKind.ALIVE, f"answers with an error: {text}")


def _socket_error(error: OSError) -> Evidence:
    text = error.strerror or str(error) or type(error).__name__
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return _evidence(EvidenceKind.CLOSED, "connection closed by the other side")
    if isinstance(error, ssl.SSLError):
        return _evidence(EvidenceKind.MISCONFIGURED, f"TLS: {text}")
    if error.errno == errno.ECONNREFUSED:
        return _evidence(EvidenceKind.REFUSED, "connection refused")
    if error.errno in _CLOSED or isinstance(error, ConnectionError):
        return _evidence(EvidenceKind.CLOSED, text)
    if error.errno in OUR_FAULT:
        return _evidence(EvidenceKind.BLIND, f"cannot connect from here: {text}")
    return _evidence(EvidenceKind.UNREACHABLE, text)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and its causes, the outermost first."""
    for _ in range(_MAX_CAUSES):
        yield error
        inner = error.__cause__ or error.__context__
        if inner is None:
            return
        error = inner


def _evidence(kind: EvidenceKind, detail: str) -> Evidence:
    printable = "".join(character if character.isprintable() else "?" for character in detail)
    return Evidence(kind, printable[:MAX_DETAIL])
