"""The voter's side: the candidate that gets this sentinel's vote, and the leader that it has promised to
stick to.
"""

from __future__ import annotations

from quorum.messages import HardState, PreVoteRequest, VoteRequest
from quorum.timing import Timing


class Voter:
    """Sticks to a leader that it hears from, or has just voted for, for as long as it promised.

    That is an election timeout, or more if it was asked for more: ``promised_ms``, of its last vote. Until
    ``mute_until``, after a start, it votes for nobody: before it stopped it may have promised to stick to a
    leader that it no longer remembers (Raft section 6.4.1).
    """

    def __init__(self, timing: Timing, now: float, promised_ms: int) -> None:
        self._timing = timing
        self.mute_until = now + timing.mute_s(promised_ms)
        self.stick_until = now
        self._sticks_to: str | None = None

    def stick_to(self, leader: str, now: float, promised_ms: int = 0) -> None:
        """An earlier promise to ``leader`` is never shortened."""
        before = self.stick_until if self._sticks_to == leader else now
        self._sticks_to = leader
        self.stick_until = max(before, now + self._timing.stick_s(promised_ms))

    def release(self, leader: str, now: float) -> bool:
        """``leader`` has resigned. False if this sentinel does not stick to it."""
        if self._sticks_to != leader:
            return False
        self._sticks_to = None
        self.stick_until = now
        return True

    def loyalty(self, sender: str, now: float) -> str:
        """Why an earlier promise keeps this sentinel from voting for ``sender`` now, whatever its term."""
        if now < self.mute_until:
            return "started less than an election timeout ago"
        if now < self.stick_until and self._sticks_to != sender:
            return f"hears from {self._sticks_to}"
        return ""

    def refusal(self, sender: str, request: PreVoteRequest | VoteRequest, state: HardState) -> str:
        """Why not to vote for ``sender``, in words; empty if there is no reason.

        The last rule keeps every committed entry: a candidate whose entry is older may not know of it
        (Raft section 5.4.1).
        """
        if request.term < state.term:
            return f"is in term {state.term}"
        if request.term == state.term and state.voted_for not in (None, sender):
            return f"voted for {state.voted_for} in term {state.term}"
        if request.entry_id < state.entry.id:
            return f"has the newer entry {state.entry.id}"
        return ""
