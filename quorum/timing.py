"""The protocol's times, and why they fit together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. ``heartbeat_s < lease_s < election_min_s <= election_max_s``.

    A follower sticks to a live leader for ``election_min_s`` after it heard from it; the leader trusts
    its lease for ``lease_s`` after it *sent* what was acknowledged. The difference is the clock drift
    that is tolerated: with 250 ms and 300 ms, a clock may run 20 % fast.
    """

    heartbeat_s: float = 0.1
    election_min_s: float = 0.3
    election_max_s: float = 0.5
    lease_s: float = 0.25
    stagger_s: float = 0.05
    """Head start of each rank over the next at the first attempt: more than one election normally takes."""
    crowd_s: float = 0.01
    """What the head start is for each group that wants a leader at the same time, if that is more."""

    def __post_init__(self) -> None:
        if not 0 < self.heartbeat_s < self.lease_s < self.election_min_s <= self.election_max_s:
            raise ValueError(
                "need 0 < heartbeat < lease < election_min <= election_max, got "
                f"{self.heartbeat_s} s, {self.lease_s} s, {self.election_min_s} s, {self.election_max_s} s"
            )

    @property
    def mute_s(self) -> float:
        """For so long after its start a sentinel neither votes nor stands: it may have promised not to."""
        return self.election_max_s
