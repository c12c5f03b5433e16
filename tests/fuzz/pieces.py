"""The same bytes, cut at other places: whoever reads a connection must not mind where a packet ends."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from itertools import pairwise

ALL_PLACES = 120
"""Inputs up to this length are cut in two at every place."""


def cuts(data: bytes, also: int = 3) -> Iterator[list[bytes]]:
    """Ways to cut ``data``: at each place, into single bytes, and ``also`` some that the data decides on."""
    size = len(data)
    if size <= ALL_PLACES:
        yield from ([data[:at], data[at:]] for at in range(1, size))
    if size <= 4096:
        yield [data[at : at + 1] for at in range(size)]
    rng = random.Random(zlib.crc32(data))
    for _ in range(also):
        places = sorted(rng.randrange(size + 1) for _ in range(rng.randint(1, 6)))
        yield [data[one:other] for one, other in pairwise((0, *places, size))]
