"""Splits the lines of a Redis configuration file into words, as Redis does (``sdssplitargs``).

Words may be quoted: in double quotes with escapes as in C, in single quotes literally. A line that Redis
refuses is refused here too, with its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_BYTES = 4 * 1024 * 1024

_SPACE = b" \t\n\r\v\f\0"
_ESCAPES = {ord("n"): 10, ord("r"): 13, ord("t"): 9, ord("b"): 8, ord("a"): 7}
_HEX = b"0123456789abcdefABCDEF"
_BACKSLASH, _DOUBLE, _SINGLE = ord("\\"), ord('"'), ord("'")


class SentinelConfError(Exception):
    """A fault in the file. ``line`` counts from 1; None means the whole file."""

    def __init__(self, line: int | None, problem: str) -> None:
        super().__init__(problem if line is None else f"line {line}: {problem}")
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Directive:
    """``name`` is in lower case: Redis ignores case."""

    line: int
    name: str
    words: tuple[str, ...]


def read_directives(text: bytes) -> Iterator[Directive]:
    """The directive of every line that has one. Raises SentinelConfError."""
    if len(text) > MAX_BYTES:
        raise SentinelConfError(None, f"is larger than {MAX_BYTES} bytes")
    for number, raw in enumerate(text.split(b"\n"), 1):
        line = raw.strip(_SPACE)
        if not line or line.startswith(b"#"):
            continue
        try:
            name, *words = (word.decode() for word in split_words(line))
        except UnicodeDecodeError:
            raise SentinelConfError(number, "is not UTF-8 text") from None
        except ValueError as error:
            raise SentinelConfError(number, str(error)) from None
        yield Directive(number, name.lower(), tuple(words))


def split_words(line: bytes) -> list[bytes]:
    """The words of a line. Raises ValueError for a quote that does not end, or ends inside a word."""
    words: list[bytes] = []
    at = 0
    while True:
        while at < len(line) and line[at] in _SPACE:
            at += 1
        if at == len(line):
            return words
        word, at = _word(line, at)
        words.append(word)


def _word(line: bytes, at: int) -> tuple[bytes, int]:
    found = bytearray()
    while at < len(line) and line[at] not in _SPACE:
        if line[at] not in (_DOUBLE, _SINGLE):
            found.append(line[at])
            at += 1
            continue
        quote = line[at]
        at = (_double if quote == _DOUBLE else _single)(line, at + 1, found)
        if at < len(line) and line[at] not in _SPACE:
            raise ValueError("has a quote that ends in the middle of a word")
        break
    return bytes(found), at


def _double(line: bytes, at: int, found: bytearray) -> int:
    while at < len(line):
        if line[at] == _DOUBLE:
            return at + 1
        if line[at] == _BACKSLASH and line[at + 1 : at + 2] == b"x" and _is_hex(line[at + 2 : at + 4]):
            found.append(int(line[at + 2 : at + 4], 16))
            at += 4
        elif line[at] == _BACKSLASH and at + 1 < len(line):
            found.append(_ESCAPES.get(line[at + 1], line[at + 1]))
            at += 2
        else:
            found.append(line[at])
            at += 1
    raise ValueError("has a quote that does not end")


def _single(line: bytes, at: int, found: bytearray) -> int:
    while at < len(line):
        if line[at] == _SINGLE:
            return at + 1
        if line[at : at + 2] == b"\\'":
            at += 1
        found.append(line[at])
        at += 1
    raise ValueError("has a quote that does not end")


def _is_hex(digits: bytes) -> bool:
    return len(digits) == 2 and all(digit in _HEX for digit in digits)
