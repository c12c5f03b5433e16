"""Times at which two nodes did the same thing, and times at which none did. Pure.

A span errs on the safe side: it begins when something was known to be so, and ends when it was last known,
so two spans overlap only if both nodes did it at the same moment, however late an answer was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise


@dataclass(frozen=True, slots=True)
class Look:
    """``node`` did it at some moment between ``asked_s`` and ``answered_s`` (monotonic)."""

    node: str
    asked_s: float
    answered_s: float


@dataclass(frozen=True, slots=True)
class Span:
    node: str
    start_s: float
    end_s: float


def spans(looks: Iterable[Look], pause_s: float) -> list[Span]:
    """The times during which each node went on, with pauses of at most ``pause_s``."""
    by_node: dict[str, list[Look]] = {}
    for look in sorted(looks, key=lambda look: look.asked_s):
        by_node.setdefault(look.node, []).append(look)
    found = []
    for node, seen in by_node.items():
        start, end, last = seen[0].answered_s, seen[0].asked_s, seen[0].answered_s
        for look in seen[1:]:
            if look.asked_s - last > pause_s:
                found.append(Span(node, start, end))
                start = look.answered_s
            start = min(start, look.answered_s)
            end, last = look.asked_s, max(last, look.answered_s)
        found.append(Span(node, start, end))
    return [span for span in found if span.end_s > span.start_s]


def overlaps(found: Sequence[Span]) -> list[tuple[float, float]]:
    """When two different nodes went on at once: disjoint times, in order."""
    shared = [
        (max(a.start_s, b.start_s), min(a.end_s, b.end_s))
        for a, b in combinations(found, 2)
        if a.node != b.node and max(a.start_s, b.start_s) < min(a.end_s, b.end_s)
    ]
    merged: list[tuple[float, float]] = []
    for start, end in sorted(shared):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def total_s(times: Iterable[tuple[float, float]]) -> float:
    return sum(end - start for start, end in times)


def longest_gap_s(moments: Iterable[float], start_s: float, end_s: float) -> float:
    """The longest time within ``start_s`` to ``end_s`` that holds none of ``moments``."""
    inside = [moment for moment in sorted(moments) if start_s < moment < end_s]
    return max(b - a for a, b in pairwise([start_s, *inside, end_s]))
