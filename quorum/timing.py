"""The times of the protocol, and the reasons why they fit together."""

from __future__ import annotations

from dataclasses import dataclass

UNTOLD_S = 0.3
"""The election timeout of a voter that does not tell it, unless it was given a shorter one."""
FASTEST = 0.1
"""The part of ``heartbeat_s`` that is always between two heartbeats."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. ``heartbeat_s < lease_s < election_min_s <= election_max_s``.

    A follower sticks to a live leader for ``election_min_s`` after it heard from it; the leader trusts
    its lease for ``lease_s`` after it *sent* what was acknowledged. The difference is the clock drift
    that is tolerated: with 250 ms and 300 ms, a clock may run 20 % fast. Where many groups need a leader at
    once, a voter sticks for longer if it is asked to, and all of the leader's times stretch by as much.

    Sentinels may have different times, as while they are restarted one by one with others. So each promise is
    a number, and a leader counts on what it was promised, never on what it would have promised itself.
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
    late_hold: float = 4.0
    """A candidate asks for so many times its own lateness: votes and entries take several turns."""
    hold_max_s: float = 2.0
    """No voter sticks to anybody for longer without hearing from it, whatever it is asked."""

    def __post_init__(self) -> None:
        if not 0 < self.heartbeat_s < self.lease_s < self.election_min_s <= self.election_max_s:
            raise ValueError(
                "need 0 < heartbeat < lease < election_min <= election_max, got "
                f"{self.heartbeat_s} s, {self.lease_s} s, {self.election_min_s} s, {self.election_max_s} s"
            )

    def hold_ms(self, crowd: int, late_s: float = 0.0) -> int:
        """How long a candidate asks its voters to stick to it, ``crowd`` groups wanting a leader at once.

        ``late_s``: how late it is itself. At least its own election timeout. A busy sentinel answers late: a
        leader whose lease runs out before its first entry is stored has made work for nothing, and so does
        the next one.
        """
        wanted_s = max(crowd * self.crowd_hold_s, late_s * self.late_hold)
        return round(max(self.election_min_s, min(wanted_s, self.hold_max_s)) * 1000)

    def promise_ms(self, asked_ms: int) -> int:
        """What a voter promises to whom asks for ``asked_ms``: its own election timeout, or more."""
        return round(max(self.election_min_s, min(asked_ms / 1000, self.hold_max_s)) * 1000)

    def stick_s(self, promised_ms: int) -> float:
        """For how long a voter sticks to a leader that it hears from, having promised ``promised_ms``."""
        return max(self.election_min_s, promised_ms / 1000)

    def stretch(self, asked_ms: int) -> float:
        """How much longer everything may take for a leader to whom its voters stick for that long."""
        return self.stick_s(asked_ms) / self.election_min_s

    def granted_s(self, promised_ms: int) -> float:
        """How long a leader counts on such a promise: less than it says, by the drift that is tolerated.

        0 is what a sentinel of a release says that told no numbers. It sticks for its own election timeout,
        whatever that is; so what counts is the shorter of ours and the usual one.
        """
        promised_s = promised_ms / 1000 or min(self.election_min_s, UNTOLD_S)
        return self.lease_s * promised_s / self.election_min_s

    def pace_s(self, promised_ms: int) -> float:
        """The time between two heartbeats of a leader to whom its voters stick for ``promised_ms``.

        A voter with shorter times must hear from it more often; but nobody makes it send without end.
        """
        return self.heartbeat_s * max(self.granted_s(promised_ms) / self.lease_s, FASTEST)

    @property
    def longest_promise_s(self) -> float:
        """No promise of a sentinel with these times is longer."""
        return max(self.election_max_s, self.hold_max_s, self.stick_s(0))

    def mute_s(self, promised_ms: int) -> float:
        """For so long after its start a sentinel neither votes nor stands: it may have promised not to.

        ``promised_ms`` is what it promised with its last vote, which is on disk.
        """
        return max(self.election_max_s, self.stick_s(promised_ms))
