"""The Redis protocol from the server's side: parses requests, writes replies. RESP2, and RESP3 after ``HELLO
3``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

MAX_REQUEST_BYTES = 64 * 1024
MAX_WORDS = 1024
MAX_HEADER_BYTES = 32
"""Of what announces how much is to come; a number is much shorter."""

_ARRAY = b"*"[0]
_BEGINS_LINE = frozenset(b"\t\n\r" + bytes(range(32, 127)))
_NUMBER = re.compile(rb"-?[0-9]{1,18}")


class RespError(Exception):
    """The client violates the protocol or its limits. Its connection must be closed."""


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
    """Takes in bytes, gives out commands as lists of words: the same ones wherever packets end.

    A request is an array of bulk strings, or a line, as from a person with telnet. An announced size is
    checked before memory is allocated for it.
    """

    def __init__(self) -> None:
        self._rest = b""
        """The bytes of a part that is not complete yet."""
        self._words: list[str] = []
        self._to_come = 0
        """Words of the request that are still to come."""
        self._length: int | None = None
        """Of the word that comes now, once that is known."""
        self._taken = 0
        """Bytes of the request, as far as they were announced."""

    def feed(self, data: bytes) -> Iterator[list[str]]:
        """To be gone through to the end. Raises RespError for garbage, and for a request beyond the limits,
        behind the requests that came before it.
        """
        data, self._rest, at = self._rest + data, b"", 0
        while at < len(data):
            end = self._end(data, at)
            if end is None:
                self._rest = data[at:]
                return
            if self._length is not None:
                words = self._word(data[at : end - 2])
            elif self._to_come:
                words = self._announce_word(data[at : end - 2])
            elif data[at] == _ARRAY:
                words = self._announce_words(data[at : end - 2])
            else:
                words = data[at:end].decode(errors="replace").split()
            at = end
            if words:
                yield words

    def _end(self, data: bytes, at: int) -> int | None:
        """The end of the part that begins at ``at``; None if it is not complete."""
        if self._length is not None:
            end = at + self._length + 2
            return end if end <= len(data) else None
        is_header = self._to_come or data[at] == _ARRAY
        if not is_header and data[at] not in _BEGINS_LINE:
            # Such as a client that speaks TLS: it would wait for an answer, and no end of a line ever comes.
            raise RespError("expected '*'")
        mark, most = (b"\r\n", MAX_HEADER_BYTES) if is_header else (b"\n", MAX_REQUEST_BYTES)
        found = data.find(mark, at, at + most)
        if found >= 0:
            return found + len(mark)
        if len(data) - at >= most:
            raise RespError(
                "a length that is no number" if is_header else f"a line of more than {most} bytes"
            )
        return None

    def _announce_words(self, header: bytes) -> list[str]:
        count = _announced(header)
        if count > MAX_WORDS:
            raise RespError(f"{count} items are announced, at most {MAX_WORDS}")
        self._to_come, self._taken, self._words = max(0, count), len(header), []
        return []

    def _announce_word(self, header: bytes) -> list[str]:
        if header[:1] != b"$":
            raise RespError("expected an array of bulk strings")
        self._length = _announced(header)
        if self._length < 0:
            raise RespError("expected bulk strings")
        self._taken += len(header) + self._length
        if self._length > MAX_REQUEST_BYTES:
            raise RespError(f"a string of {self._length} bytes is announced, at most {MAX_REQUEST_BYTES}")
        if self._taken > MAX_REQUEST_BYTES:
            raise RespError(f"request of more than {MAX_REQUEST_BYTES} bytes")
        return []

    def _word(self, word: bytes) -> list[str]:
        """The whole request, if this was the last one of it."""
        self._words.append(word.decode(errors="replace"))
        self._length = None
        self._to_come -= 1
        return [] if self._to_come else self._words


def _announced(header: bytes) -> int:
    if _NUMBER.fullmatch(header, 1) is None:
        raise RespError("a length that is no number")
    return int(header[1:])


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
