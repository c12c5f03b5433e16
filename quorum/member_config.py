"""The parameters of one sentinel's part in a group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from quorum.crowd import ALONE, Crowd
from quorum.detector import Patience, in_time
from quorum.timing import Timing


@dataclass(frozen=True, slots=True)
class MemberConfig:
    """What is fixed for the life of the process. ``boot`` grows with each start of this sentinel.

    ``members`` are the configured ones; who elects is asked of ``Membership`` alone.
    """

    self_id: str
    group: str
    members: frozenset[str]
    quorum: int
    patience: Patience
    timing: Timing
    opinion_ttl_s: float
    boot: int
    ballot: int = 0
    """Drawn anew for each process, so that no two of this sentinel ever have the same."""
    crowd: Crowd = ALONE
    late_s: Callable[[], float] = in_time
    """How late this process asks, and takes in what is answered: silence is to last longer by that."""
    unwritable_after_s: float | None = None
    """For how long a primary may refuse writes before another is to take its place; None: for ever."""
    vouched: bool = False
    """The state is the very one that the last process of this id wrote. Otherwise it listens first."""
