"""The evidence of errors about a node; and no reply makes the parser raise other errors than its own."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import exceptions as redis_errors

from quorum.evidence import EvidenceKind
from sentinel.nodes.evidence import MAX_DETAIL, classify, is_reply
from sentinel.nodes.info import InfoError
from sentinel.nodes.reply_parser import MAX_REPLY_BYTES, BoundedParser, BoundedReplies
from sentinel.process.resolver import ResolveError

pytestmark = pytest.mark.unit

ALIVE = EvidenceKind.ALIVE
LOADING = EvidenceKind.LOADING
CLOSED = EvidenceKind.CLOSED
REFUSED = EvidenceKind.REFUSED
UNRESOLVED = EvidenceKind.UNRESOLVED
UNREACHABLE = EvidenceKind.UNREACHABLE
MISCONFIGURED = EvidenceKind.MISCONFIGURED
BLIND = EvidenceKind.BLIND


def wrapped(inner: BaseException) -> Exception:
    """As in redis-py: the socket's error is only its own error's cause."""
    try:
        try:
            raise inner
        except OSError as error:
            raise redis_errors.ConnectionError(f"Error {error} connecting to somewhere") from None
    except redis_errors.ConnectionError as outer:
        return outer


async def parsed(data: bytes, replies: int = 1) -> object:
    """The last of the replies in ``data``, after which the connection ends."""
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    parser = BoundedParser(32768)
    connection = SimpleNamespace(_reader=stream, encoder=SimpleNamespace(decode_responses=False))
    parser.on_connect(connection)
    reply: object = None
    for _ in range(replies):
        reply = await parser.read_response(disable_decoding=True)
    return reply


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("LOADING Redis is loading the dataset in memory", LOADING),
        ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", ALIVE),
        ("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", ALIVE),
        ("ERR unknown command 'PING', with args beginning with: ", ALIVE),
        ("NOAUTH Authentication required.", MISCONFIGURED),
        ("WRONGPASS invalid username-password pair or user is disabled.", MISCONFIGURED),
        ("NOPERM this user has no permissions to run the 'info' command", MISCONFIGURED),
        ("ERR invalid password", MISCONFIGURED),
        ("ERR AUTH <password> called without any password configured for the default user.", MISCONFIGURED),
        ("ERR Client sent AUTH, but no password is set", MISCONFIGURED),
        ("ERR max number of clients reached", ALIVE),
        ("ERR max number of clients + cluster connections reached", ALIVE),
        ("DENIED Redis is running in protected mode because protected mode is enabled", MISCONFIGURED),
    ],
)
async def test_error_replies(reply: str, kind: EvidenceKind) -> None:
    try:
        error = await parsed(f"-{reply}\r\n".encode())
    except redis_errors.ConnectionError as raised:
        error = raised
    assert isinstance(error, Exception)
    assert is_reply(error)
    assert classify(error).kind is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), REFUSED),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), CLOSED),
        (ConnectionResetError("Connection lost"), CLOSED),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), CLOSED),
        (OSError(errno.EHOSTUNREACH, "No route to host"), UNREACHABLE),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), UNREACHABLE),
        (OSError(errno.ETIMEDOUT, "Connection timed out"), UNREACHABLE),
        (TimeoutError(), UNREACHABLE),
        (OSError(errno.EMFILE, "Too many open files"), BLIND),
        (OSError(errno.EPERM, "Operation not permitted"), BLIND),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), MISCONFIGURED),
        (ssl.SSLError(1, "wrong version number"), MISCONFIGURED),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), CLOSED),
    ],
)
def test_socket_errors_as_they_are_and_as_redis_py_hides_them(error: OSError, kind: EvidenceKind) -> None:
    assert classify(error).kind is kind
    assert classify(wrapped(error)).kind is kind
    assert not is_reply(wrapped(error))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ResolveError("nosuch.invalid", "unknown"), UNRESOLVED),
        (ResolveError("redis-a", "Too many open files", ours=True), BLIND),
        (redis_errors.ConnectionError("Connection closed by server."), CLOSED),
        (EOFError(), CLOSED),
        (redis_errors.TimeoutError("Timeout reading from socket"), UNREACHABLE),
        (redis_errors.InvalidResponse('Protocol error, got "H" as reply type byte'), UNREACHABLE),
        (redis_errors.InvalidResponse('Protocol error, got "\\x15" as reply type byte'), MISCONFIGURED),
        (InfoError("role", "is missing"), MISCONFIGURED),
        (ZeroDivisionError(), BLIND),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), UNREACHABLE),
    ],
)
def test_other_errors(error: Exception, kind: EvidenceKind) -> None:
    assert classify(error).kind is kind


async def test_a_password_that_the_server_repeats_is_not_repeated_to_people() -> None:
    error = await parsed(b"-ERR unknown command 'AUTH', with args beginning with: 'hunter2' \r\n")
    assert isinstance(error, Exception)
    assert "hunter2" not in classify(error).detail


def test_details_are_short_and_printable() -> None:
    detail = classify(redis_errors.ResponseError("\x1b[31m\n" + "x" * 10_000)).detail
    assert len(detail) <= MAX_DETAIL
    assert detail.isprintable()


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"-MOVED\r\n",
        b"*1000000000000000\r\n",
        b"%1\r\n*0\r\n+a\r\n",
        b">2\r\n+message\r\n+hello\r\n",
        b"$3000000\r\n" + b"x" * (MAX_REPLY_BYTES + 100_000),
        b"*3000000\r\n" + b":1\r\n" * (MAX_REPLY_BYTES // 4 + 100_000),
    ],
)
async def test_what_no_redis_says_is_a_protocol_error(data: bytes) -> None:
    with pytest.raises(redis_errors.InvalidResponse):
        await parsed(data)


@pytest.mark.parametrize("announced", [b"*1000000000\r\n", b"$1000000000\r\n", b"*1\r\n*1000000000\r\n"])
async def test_what_a_node_announces_is_judged_before_it_is_parsed(announced: bytes) -> None:
    with pytest.raises(redis_errors.InvalidResponse, match="announced"):
        await parsed(announced)
    with pytest.raises(redis_errors.InvalidResponse, match="announced"):
        list(BoundedReplies().read(announced))


async def test_the_limit_is_of_one_reply_not_of_the_connection() -> None:
    reply = b"$1000000\r\n" + b"x" * 1_000_000 + b"\r\n"
    assert await parsed(reply * 5, replies=5) == b"x" * 1_000_000


@given(st.one_of(st.binary(max_size=200), st.text("+-:$*%~>=(,#_!|0123456789\r\nMOVED ", max_size=60)))
def test_any_bytes_are_replies_or_a_redis_error(data: bytes | str) -> None:
    raw = data if isinstance(data, bytes) else data.encode()

    async def read_all() -> None:
        await parsed(raw, replies=len(raw) + 1)

    with pytest.raises(redis_errors.RedisError):
        asyncio.run(read_all())
