"""Turns the sentinels' log lines after the kill into the steps of the failover, in order. Pure."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promotion.events import Promoted
from sentinel.notices.leaders import Elected, TopologyCommitted
from sentinel.notices.nodes import NodeDown, QuorumDown


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line of a sentinel's log. ``event`` is empty if it is not a notice; ``at_ms`` is wall clock."""

    sentinel: str
    at_ms: float
    event: str
    message: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """``after_ms`` counts from the kill."""

    after_ms: float
    who: str
    name: str
    what: str


def parse_line(sentinel: str, text: str) -> StoryLine | None:
    """The parsed line; None if it is not a line of a JSON log."""
    try:
        fields = json.loads(text)
        return StoryLine(
            sentinel, float(fields["at_ms"]), str(fields.get("event", "")), str(fields["message"]), fields
        )
    except (ValueError, KeyError, TypeError):
        return None


def failover_steps(lines: Iterable[StoryLine], killed_at_ms: float, old: str) -> list[Step]:
    """The sentinels' steps since ``old`` was killed, in the order of their clocks."""
    steps = []
    for line in lines:
        described = _describe(line, old) if line.at_ms >= killed_at_ms else None
        if described is not None:
            name, what = described
            steps.append(Step(line.at_ms - killed_at_ms, line.sentinel, name, what))
    return in_order(steps)


def in_order(steps: Iterable[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: step.after_ms)


def knows_successor(lines: Iterable[StoryLine], killed_at_ms: float, old: str) -> set[str]:
    """The sentinels that have learned of another primary since the kill."""
    steps = failover_steps(lines, killed_at_ms, old)
    return {step.who for step in steps if step.name in ("committed", "learned")}


def longest_gap_ms(accepted_at_ms: Sequence[float]) -> float:
    """The longest time between two successive accepted writes; 0 if there were not two."""
    pairs = itertools.pairwise(accepted_at_ms)
    return max((later - earlier for earlier, later in pairs), default=0.0)


def merged_tail(lines: Iterable[StoryLine], most: int) -> list[str]:
    """The newest lines of all sentinels in one order, for people."""
    newest = sorted(lines, key=lambda line: line.at_ms)[-most:]
    return [f"{str(line.fields.get('time', ''))[11:23]} {line.sentinel} {line.message}" for line in newest]


def _describe(line: StoryLine, old: str) -> tuple[str, str] | None:
    fields = line.fields
    match line.event:
        case NodeDown.name if fields.get("node") == old:
            return "sdown", f"subjectively down: {fields.get('grade')}"
        case QuorumDown.name if fields.get("node") == old:
            return "odown", f"objectively down: {', '.join(fields.get('agree') or ())} agree"
        case Elected.name:
            return "elected", f"elected leader in term {fields.get('term')}"
        case Promoted.name:
            return "promoted", f"promoted {fields.get('node')}"
        case TopologyCommitted.name if fields.get("primary") != old:
            if fields.get("leader") == line.sentinel:
                return "committed", f"committed by a majority: {fields.get('primary')} is primary"
            return "learned", f"learned that {fields.get('primary')} is primary"
    return None
