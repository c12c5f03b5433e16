"""Whether what clients saw of one register can be explained by one order: a linearizability checker. Pure.

Each operation took effect at one moment between when it was sent and when it was answered, and a read
returns what the newest write before it wrote: if all operations have an order of which that is true, the
history is linearizable (Herlihy and Wing). The search is Wing and Gong's, with Lowe's memory of what was
tried: at each step an operation is put next that was sent before any other one left was answered, and the
same set of operations with the same value is never searched twice. An operation without an answer may have
taken effect at any time after it was sent, or never.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

NOTHING = ""
"""What a register holds before anything was written."""
FOREVER = math.inf


@dataclass(frozen=True, slots=True)
class Operation:
    """``answered_s`` is ``FOREVER`` where no answer came; such a read says nothing and is to be left out."""

    sent_s: float
    answered_s: float
    is_write: bool
    value: str


def linearizable(history: Sequence[Operation], first: str = NOTHING) -> bool:
    """Whether one order explains ``history``, of a register that holds ``first`` at its beginning."""
    ops = sorted(history, key=lambda op: op.sent_s)
    needed = sum(op.answered_s < FOREVER for op in ops)
    # ``base`` operations from the first on are placed, besides those in ``later``.
    begin = (0, frozenset[int](), first, 0)
    stack, seen = [begin], {begin[:3]}
    while stack:
        base, later, value, answered = stack.pop()
        if answered == needed:
            return True
        for index in _next(ops, base, later):
            op = ops[index]
            if not op.is_write and op.value != value:
                continue
            after = _advance(base, later | {index})
            state = (*after, op.value)
            if state not in seen:
                seen.add(state)
                stack.append((*state, answered + (op.answered_s < FOREVER)))
    return False


def _next(ops: Sequence[Operation], base: int, placed: frozenset[int]) -> list[int]:
    """Those not placed that were sent before any other one, not placed either, was answered."""
    found: list[int] = []
    first_answer_s = FOREVER
    for index in range(base, len(ops)):
        if ops[index].sent_s > first_answer_s:
            break
        if index not in placed:
            found.append(index)
            first_answer_s = min(first_answer_s, ops[index].answered_s)
    return [index for index in found if ops[index].sent_s <= first_answer_s]


def _advance(base: int, placed: frozenset[int]) -> tuple[int, frozenset[int]]:
    while base in placed:
        placed -= {base}
        base += 1
    return base, placed
