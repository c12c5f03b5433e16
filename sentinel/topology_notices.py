"""What a notice tells of a topology. Pure."""

from __future__ import annotations

from quorum.messages import Topology

_OF_CHANGE = (
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


def fields_of(topology: Topology) -> dict[str, object]:
    return {field: getattr(topology, field) for field in _OF_CHANGE}
