"""Makes an input out of others: bits, slices, numbers and lines changed, repeated, moved or left out."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

MAX_BYTES = 128 * 1024
_NUMBER = re.compile(rb"-?[0-9]+")
_NUMBERS = (
    b"0", b"-0", b"-1", b"1", b"2", b"00", b"127", b"255", b"256", b"1024", b"65535", b"65536",
    b"2147483648", b"4294967296", b"1000000000", b"4611686018427387903", b"4611686018427387904",
    b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"99999999999999999999999999",
    b"1e400", b"-1e9", b"0.5", b"1_0", "\u0663".encode(), b"0x10", b"nan", b"inf",
)  # fmt: skip
_BYTES = (
    b"\0", b"\r", b"\n", b"\r\n", b"\t", b" ", b"'", b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"%",
    b"\xff", b"\xc0\x80", "\u2028".encode(), "\ud7ff".encode(), b"\xed\xa0\x80", "\U0001f600".encode(),
)  # fmt: skip

Change = Callable[[bytes], bytes]


class Changing:
    """``words`` are put in now and then. The same ``rng`` makes the same inputs."""

    def __init__(self, rng: random.Random, words: Sequence[bytes]) -> None:
        self._rng = rng
        self._words = words
        self._changes: tuple[Change, ...] = (
            self._flip, self._byte, self._word, self._word, self._number, self._number, self._without,
            self._without, self._again, self._many, self._short, self._line, self._line, self._noise,
        )  # fmt: skip

    def next(self, pool: Sequence[bytes]) -> bytes:
        rng = self._rng
        data = rng.choice(pool)
        if rng.random() < 0.15:
            other = rng.choice(pool)
            data = data[: self._at(data)] + other[self._at(other) :]
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4, 8))):
            data = rng.choice(self._changes)(data)[:MAX_BYTES]
        return data

    def _at(self, data: bytes) -> int:
        return self._rng.randint(0, len(data))

    def _slice(self, data: bytes) -> tuple[int, int]:
        at = self._at(data)
        return at, min(len(data), at + self._rng.choice((1, 2, 4, 8, 16, 64, 256)))

    def _put(self, data: bytes, what: bytes) -> bytes:
        """Between what is there, or over it."""
        at = self._at(data)
        return data[:at] + what + data[at + self._rng.choice((0, 0, len(what), 1)) :]

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return b"x"
        at = self._rng.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << self._rng.randrange(8))]) + data[at + 1 :]

    def _byte(self, data: bytes) -> bytes:
        return self._put(data, self._rng.choice(_BYTES))

    def _word(self, data: bytes) -> bytes:
        return self._put(data, self._rng.choice(self._words or _BYTES))

    def _number(self, data: bytes) -> bytes:
        found = list(_NUMBER.finditer(data))
        if not found:
            return self._put(data, self._rng.choice(_NUMBERS))
        number = self._rng.choice(found)
        return data[: number.start()] + self._rng.choice(_NUMBERS) + data[number.end() :]

    def _without(self, data: bytes) -> bytes:
        at, end = self._slice(data)
        return data[:at] + data[end:]

    def _again(self, data: bytes) -> bytes:
        at, end = self._slice(data)
        return self._put(data, data[at:end])

    def _many(self, data: bytes) -> bytes:
        at, end = self._slice(data)
        times = self._rng.choice((2, 10, 30, 300, 3000))
        return data[:end] + data[at:end] * min(times, MAX_BYTES // max(1, end - at)) + data[end:]

    def _short(self, data: bytes) -> bytes:
        return data[: self._at(data)]

    def _line(self, data: bytes) -> bytes:
        """One line left out, doubled, or put elsewhere."""
        lines = data.splitlines(keepends=True)
        if not lines:
            return data
        line = lines.pop(self._rng.randrange(len(lines)))
        for _ in range(self._rng.choice((0, 1, 1, 2))):
            lines.insert(self._rng.randint(0, len(lines)), line)
        return b"".join(lines)

    def _noise(self, data: bytes) -> bytes:
        return self._put(data, self._rng.randbytes(self._rng.choice((1, 2, 4, 16))))
