"""A change of primary: how the leader's side of it becomes the agreed topology, and what is told of that."""

from __future__ import annotations

from dataclasses import dataclass

from promotion.actions import WriteTopology
from quorum.messages import Place, Topology

_TOLD = (
    "term",
    "primary",
    "previous",
    "cause",
    "leader",
    "since_ms",
    "duration_ms",
    "lost_bytes",
    "may_have_lost",
)


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


def told_of_change(topology: Topology) -> dict[str, object]:
    """The fields of the notice."""
    return {field: getattr(topology, field) for field in _TOLD}
