"""The Redis protocol from the server's side: requests in, replies out. RESP2, and RESP3 after ``HELLO 3``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import hiredis

from sentinel.resp_sizes import AnnouncedError, AnnouncedSizes

MAX_REQUEST_BYTES = 64 * 1024
MAX_WORDS = 1024


class RespError(Exception):
    """The client does not speak the protocol, or too much of it. Its connection is to be closed."""


@dataclass(frozen=True, slots=True)
class Simple:
    """A status, such as ``OK``."""

    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error reply; ``text`` begins with its code."""

    text: str


@dataclass(frozen=True, slots=True)
class Push:
    """A message of a subscription."""

    items: tuple[Reply, ...]


Reply: TypeAlias = "Simple | Failure | Push | str | int | list[Reply] | dict[str, Reply] | None"


class Requests:
    """Takes in bytes, gives out commands as lists of words."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader(encoding="utf-8", errors="replace")
        self._announced = AnnouncedSizes(max_items=MAX_WORDS, max_bulk_bytes=MAX_REQUEST_BYTES)
        self._waiting = 0

    def feed(self, data: bytes) -> list[list[str]]:
        """Raises RespError for garbage, and for a request beyond the limits."""
        if self._waiting == 0 and data[:1] not in (b"*", b""):
            return self._inline(data)
        self._waiting += len(data)
        commands = []
        try:
            self._announced.judge(data)
            self._reader.feed(data)
            while (words := self._reader.gets()) is not False:
                commands.append(_words(words))
        except (AnnouncedError, hiredis.ProtocolError, MemoryError) as error:
            raise RespError(str(error) or "out of memory") from error
        self._waiting = 0 if commands else self._waiting
        if self._waiting > MAX_REQUEST_BYTES:
            raise RespError(f"request of more than {MAX_REQUEST_BYTES} bytes")
        return commands

    @staticmethod
    def _inline(data: bytes) -> list[list[str]]:
        """A person with telnet. A line is expected whole."""
        if len(data) > MAX_REQUEST_BYTES or not data.endswith(b"\n"):
            raise RespError("expected '*'")
        lines = data.decode(errors="replace").splitlines()
        return [line.split() for line in lines if line.split()]


def _words(parsed: object) -> list[str]:
    if not isinstance(parsed, list) or len(parsed) > MAX_WORDS:
        raise RespError("expected an array of bulk strings")
    if not all(isinstance(word, str) for word in parsed):
        raise RespError("expected bulk strings")
    return parsed


def encode(reply: Reply, protocol: int = 2) -> bytes:
    match reply:
        case Simple(text):
            return f"+{text}\r\n".encode()
        case Failure(text):
            return f"-{_one_line(text)}\r\n".encode()
        case Push(items):
            head = ">" if protocol == 3 else "*"
            return f"{head}{len(items)}\r\n".encode() + b"".join(encode(i, protocol) for i in items)
        case None:
            return b"_\r\n" if protocol == 3 else b"$-1\r\n"
        case int():
            return f":{reply}\r\n".encode()
        case str():
            data = reply.encode()
            return b"$%d\r\n%b\r\n" % (len(data), data)
        case dict():
            head = f"%{len(reply)}\r\n" if protocol == 3 else f"*{2 * len(reply)}\r\n"
            pairs = (encode(key) + encode(value, protocol) for key, value in reply.items())
            return head.encode() + b"".join(pairs)
        case list():
            return f"*{len(reply)}\r\n".encode() + b"".join(encode(item, protocol) for item in reply)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:512]
