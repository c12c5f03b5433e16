"""What the histories of a run's registers show, in numbers. Pure.

An acknowledged write is *missed* by a read that began later and returned what was there before it. Missed by
a node that became primary no earlier than the one that acknowledged it, the write counts as *lost*: what
follows comes from that node, unless it is replaced for having lost its data. Missed by a node that was
primary before, the read is *stale*: the write is where it should be, but not where this client looked. Each
register's whole history is also put to the checker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.intervals import Look, Span, spans
from tests.chaos.linearizability import FOREVER, NOTHING, linearizable
from tests.chaos.registers import Seen

PAUSE_S = 0.25
"""A node that answers nothing for so long has stopped being who clients take for the primary."""


@dataclass(frozen=True, slots=True)
class Histories:
    """``unanswered``: writes that nobody was promised anything of, and that may have been done all the same.
    ``broken``: of the registers, those whose history no order explains."""

    writes: int
    reads: int
    unanswered: int
    lost: int
    stale: int
    registers: int
    broken: int


def judge(seen: Sequence[Seen]) -> Histories:
    reigns = _reigns(seen)
    lost, stale, broken = 0, 0, 0
    by_key: dict[str, list[Seen]] = {}
    for one in seen:
        by_key.setdefault(one.key, []).append(one)
    for history in by_key.values():
        gone, behind = _missed(history, reigns)
        lost, stale = lost + gone, stale + behind
        broken += not linearizable([one.operation for one in history])
    answered = [one.operation for one in seen if one.operation.answered_s < FOREVER]
    writes = sum(op.is_write for op in answered)
    return Histories(
        writes, len(answered) - writes, len(seen) - len(answered), lost, stale, len(by_key), broken
    )


def _reigns(seen: Sequence[Seen]) -> Mapping[str, list[Span]]:
    """For each node, when clients took it for the primary."""
    looks = [
        Look(one.node, one.operation.sent_s, one.operation.answered_s)
        for one in seen
        if one.operation.answered_s < FOREVER
    ]
    found: dict[str, list[Span]] = {}
    for span in spans(looks, PAUSE_S):
        found.setdefault(span.node, []).append(span)
    return found


def _since(one: Seen, reigns: Mapping[str, list[Span]]) -> float:
    """Since when its node had been the primary for clients, at the time of this operation."""
    begun = [span.start_s for span in reigns.get(one.node, []) if span.start_s <= one.operation.answered_s]
    return max(begun, default=one.operation.sent_s)


def _missed(history: Sequence[Seen], reigns: Mapping[str, list[Span]]) -> tuple[int, int]:
    """How many acknowledged writes are lost, and how many reads are stale."""
    reads = [one for one in history if not one.operation.is_write]
    writes = [one for one in history if one.operation.is_write]
    # A write without an answer had been done when somebody read it.
    done_s = {one.operation.value: one.operation.answered_s for one in writes}
    for one in reads:
        if one.operation.value in done_s:
            value = one.operation.value
            done_s[value] = min(done_s[value], one.operation.answered_s)
    done_s[NOTHING] = -FOREVER
    acknowledged = sorted(
        (one for one in writes if one.operation.answered_s < FOREVER),
        key=lambda one: one.operation.answered_s,
    )
    lost: set[str] = set()
    stale = 0
    for one in reads:
        before_s = done_s.get(one.operation.value, FOREVER)
        missed = [
            write
            for write in acknowledged
            if write.operation.answered_s < one.operation.sent_s and write.operation.sent_s > before_s
        ]
        since_s = _since(one, reigns)
        gone = {write.operation.value for write in missed if _since(write, reigns) <= since_s}
        lost |= gone
        stale += len(gone) < len(missed)
    return len(lost), stale
