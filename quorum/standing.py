"""The order in which a group's sentinels stand for election: by rank, but those that cannot do the work go
last.

The rank (``rank``) does not know which nodes a sentinel can use. A sentinel whose user or route keeps it from
every replica would win each election, give up, and win the next. So a sentinel that gave up goes last; and
one that sees that it could promote no node, while another reports that it could, lets all others try first.
No sentinel is kept from standing, for the others may be down. The reasons are sent along, so that the leader
can report them; so are the waits, so that failed attempts become rarer, whichever sentinel makes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

FORGET_S = 60.0
"""For this long a sentinel that gave up goes after the others; of several, the latest goes last."""


def _can(_now: float) -> str:
    return ""


class Standing:
    """``order`` is by rank. ``why_not`` answers why this sentinel could promote nobody; empty if it could."""

    def __init__(self, self_id: str, order: Sequence[str]) -> None:
        self.why_not: Callable[[float], str] = _can
        self._self_id = self_id
        self._rank = {member: rank for rank, member in enumerate(order)}
        self._gave_up: dict[str, tuple[float, str]] = {}
        self._stands_back: dict[str, str] = {}
        self._waited: tuple[float, float] = (-math.inf, 0.0)

    def place(self, now: float) -> int:
        """The number of sentinels that stand before this one."""
        mine = self._key(self._self_id, now)
        ahead = sum(self._key(member, now) < mine for member in self._rank)
        return ahead + (len(self._rank) if self.able_peers() and self.why_not(now) else 0)

    def is_before(self, member: str, now: float) -> bool:
        """Whether ``member`` stands before this sentinel does."""
        return member in self._rank and self._key(member, now) < self._key(self._self_id, now)

    def gave_up(self, member: str, reason: str, now: float, wait_s: float = 0.0) -> None:
        """Its attempt at the work came to nothing. ``wait_s``: how long it wants all to wait for the next."""
        if member in self._rank:
            self._gave_up[member] = (now, reason)
            self._waited = (now, wait_s)

    def next_wait_s(self, now: float) -> float:
        """For how long at least all are to wait if an attempt comes to nothing now, whoever made it.

        Twice as long as they have waited for it; one that came sooner, as each may once, makes it no longer.
        """
        at, wait_s = self._waited
        if now - at >= FORGET_S:
            return 0.0
        return 2 * wait_s if now - at >= wait_s else wait_s

    def heard(self, peer: str, stands_back: str | None) -> None:
        """Why it could promote nobody, as it says itself; empty if it could, None if it does not say."""
        if stands_back is not None:
            self._stands_back[peer] = stands_back

    def done(self) -> None:
        """There is a new topology, of whichever leader."""
        self._gave_up.clear()
        self._waited = (-math.inf, 0.0)

    def may_try(self, now: float) -> bool:
        """Whether another's failure need not keep this sentinel from trying at once: once each."""
        return not self.has_given_up(self._self_id, now) and not self.why_not(now)

    def has_given_up(self, member: str, now: float) -> bool:
        return now - self._gave_up.get(member, (-math.inf, ""))[0] < FORGET_S

    def passed_over(self, now: float) -> dict[str, str]:
        """Whom the ranking has in front of this sentinel and who cannot do the work, with the reasons."""
        found = {member: why for member, why in self._stands_back.items() if why}
        found |= {member: why for member, (_, why) in self._gave_up.items() if self.has_given_up(member, now)}
        mine = self._rank[self._self_id]
        return {member: why for member, why in sorted(found.items()) if self._rank.get(member, mine) < mine}

    def standing_back(self, now: float) -> dict[str, str]:
        """Who could promote nobody, this sentinel or a peer, with the reasons; empty unless another could."""
        own = self.why_not(now)
        if not (self.able_peers() or (self._stands_back and not own)):
            return {}
        said = {self._self_id: own, **self._stands_back}
        return {member: why for member, why in sorted(said.items()) if why}

    def able_peers(self) -> tuple[str, ...]:
        """The sentinels that have reported that they could promote a node."""
        return tuple(sorted(peer for peer, why in self._stands_back.items() if not why))

    def _key(self, member: str, now: float) -> tuple[float, int]:
        at = self._gave_up[member][0] if self.has_given_up(member, now) else -math.inf
        return at, self._rank[member]
