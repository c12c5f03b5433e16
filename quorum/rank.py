"""The order in which the sentinels of a group stand for election, and take over each other's duties.

Rendezvous hashing (highest random weight): every sentinel computes the same order without talking,
and different groups get different orders, so that leaders spread over the sentinels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def ranking(group: str, members: Iterable[str]) -> tuple[str, ...]:
    """The members of ``group``, first in line first."""
    return tuple(sorted(members, key=lambda member: (_weight(group, member), member)))


def _weight(group: str, member: str) -> bytes:
    # The length prefix keeps ("a", "bc") and ("ab", "c") apart.
    return hashlib.sha256(f"{len(group)}:{group}{member}".encode()).digest()
