"""The protocol's times, and why they fit together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. ``heartbeat_s < lease_s < election_min_s <= election_max_s``.

    A follower sticks to a live leader for ``election_min_s`` after it heard from it; the leader trusts
    its lease for ``lease_s`` after it *sent* what was acknowledged. The difference is the clock drift
    that is tolerated: with 250 ms and 300 ms, a clock may run 20 % fast. Where many groups need a leader at
    once, a voter sticks for longer if it is asked to, and all of the leader's times stretch by as much.
    """

    heartbeat_s: float = 0.1
    election_min_s: float = 0.3
    election_max_s: float = 0.5
    lease_s: float = 0.25
    stagger_s: float = 0.05
    """Head start of each rank over the next at the first attempt: more than one election normally takes."""
    crowd_s: float = 0.01
    """What the head start is for each group that wants a leader at the same time, if that is more."""
    crowd_hold_s: float = 0.02
    """The same for how long a voter is asked to stick to whom it votes for: 15 groups change nothing."""
    hold_max_s: float = 2.0
    """No voter sticks to anybody for longer without hearing from it, whatever it is asked."""

    def __post_init__(self) -> None:
        if not 0 < self.heartbeat_s < self.lease_s < self.election_min_s <= self.election_max_s:
            raise ValueError(
                "need 0 < heartbeat < lease < election_min <= election_max, got "
                f"{self.heartbeat_s} s, {self.lease_s} s, {self.election_min_s} s, {self.election_max_s} s"
            )

    def hold_ms(self, crowd: int) -> int:
        """How long a candidate asks its voters to stick to it, ``crowd`` groups wanting a leader at once.

        0 for an election timeout. A busy sentinel answers late: a leader whose lease runs out before its
        first entry is stored has made work for nothing, and so does the next one.
        """
        wanted_s = crowd * self.crowd_hold_s
        return round(min(wanted_s, self.hold_max_s) * 1000) if wanted_s > self.election_min_s else 0

    def promise_ms(self, asked_ms: int) -> int:
        """What a voter promises to whom asks for ``asked_ms``."""
        return min(asked_ms, round(self.hold_max_s * 1000))

    def stick_s(self, promised_ms: int) -> float:
        """For how long a voter sticks to a leader that it hears from, having promised ``promised_ms``."""
        return max(self.election_min_s, promised_ms / 1000)

    def stretch(self, promised_ms: int) -> float:
        """How much longer everything may take for a leader to whom its voters stick for that long."""
        return self.stick_s(promised_ms) / self.election_min_s

    def mute_s(self, promised_ms: int) -> float:
        """For so long after its start a sentinel neither votes nor stands: it may have promised not to.

        ``promised_ms`` is what it promised with its last vote, which is on disk.
        """
        return max(self.election_max_s, self.stick_s(promised_ms))
