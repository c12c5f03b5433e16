"""Judges the sizes that RESP announces, before a parser allocates room for them.

Fourteen bytes announce a list of a billion items, and hiredis allocates that list at once, on the event loop.
So all data for a parser passes here first. The headers are found exactly as hiredis finds them (a line ends
with CR LF, a bulk string with any two bytes), so that both skip the same bytes.

The protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/.
"""

from __future__ import annotations

import re

MAX_LINE_BYTES = 64 * 1024
"""The longest status, error or number. Redis sends longer values as bulk strings."""

_NUMBER = re.compile(rb"-?[0-9]{1,18}")
_LINES = frozenset(b"+-:_,#(")
_BULKS = frozenset(b"$=!")
_ITEMS = {b"*"[0]: 1, b"~"[0]: 1, b">"[0]: 1, b"%"[0]: 2, b"|"[0]: 2}
_TYPES = _LINES | _BULKS | _ITEMS.keys()


class AnnouncedError(ValueError):
    """More is announced than will be read. The caller closes the connection."""


class AnnouncedSizes:
    """One direction of one connection. ``max_items`` limits all arrays of a message together.

    It is of no use after an error, as the connection is.
    """

    def __init__(self, *, max_items: int, max_bulk_bytes: int) -> None:
        self._max_items = max_items
        self._max_bulk_bytes = max_bulk_bytes
        self._rest = b""
        """The beginning of a header whose end has not arrived yet."""
        self._skip = 0
        """Bytes of a bulk string that are still to come, including the two after it."""
        self._open = 0
        """Items of the message that are still to come."""
        self._room = max_items
        self._is_over = False

    @property
    def is_between(self) -> bool:
        """Whether no message is incomplete."""
        return not (self._rest or self._skip or self._open or self._is_over)

    def judge(self, data: bytes) -> None:
        """Call it with all data that arrives, before it is parsed. Raises AnnouncedError.

        Nothing is judged after a value of an unknown type: the parser refuses that value and reads no more.
        """
        if self._is_over:
            return
        if self._rest:
            data, self._rest = self._rest + data, b""
        at, size = 0, len(data)
        while at < size:
            if self._skip:
                step = min(self._skip, size - at)
                self._skip -= step
                at += step
                continue
            if data[at] not in _TYPES:
                self._is_over = True
                return
            end = data.find(b"\r\n", at)
            if (size if end < 0 else end) - at > MAX_LINE_BYTES:
                raise AnnouncedError(f"a line of more than {MAX_LINE_BYTES} bytes")
            if end < 0:
                self._rest = data[at:]
                return
            self._header(data[at], data[at + 1 : end])
            at = end + 2

    def _header(self, kind: int, line: bytes) -> None:
        if not self._open:
            self._open, self._room = 1, self._max_items
        self._open -= 1
        if kind in _BULKS:
            length = _number(line)
            if length > self._max_bulk_bytes:
                raise AnnouncedError(
                    f"a string of {length} bytes is announced, at most {self._max_bulk_bytes}"
                )
            self._skip = length + 2 if length >= 0 else 0
        elif kind in _ITEMS:
            count = max(0, _number(line)) * _ITEMS[kind]
            self._room -= count
            if self._room < 0:
                raise AnnouncedError(f"{count} items are announced, at most {self._max_items}")
            self._open += count


def _number(line: bytes) -> int:
    if _NUMBER.fullmatch(line) is None:
        raise AnnouncedError("a length that is no number")
    return int(line)
