"""Turns the leader's side of a change of primary into the topology to agree on. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from promotion.actions import WriteTopology
from quorum.messages import Place, Topology


@dataclass(frozen=True, slots=True)
class Made:
    """By which leader a change was made, in which term, and when."""

    term: int
    leader: str
    wall_ms: int
    duration_ms: int

    def topology(self, asked: WriteTopology, primary_at: Place | None, previous_at: Place | None) -> Topology:
        return Topology(
            asked.primary,
            self.term,
            asked.previous,
            asked.cause,
            self.leader,
            self.wall_ms,
            self.duration_ms,
            asked.lost_bytes,
            asked.may_have_lost,
            primary_at=primary_at,
            previous_at=previous_at,
        )
