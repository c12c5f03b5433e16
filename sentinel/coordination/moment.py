"""The time of a step, by both clocks of this sentinel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """``now`` is monotonic, in seconds: ages and deadlines count on it. ``wall_ms`` is the time of day, in
    milliseconds since the epoch: for people, and for a schedule that an operator has set.
    """

    now: float
    wall_ms: int
