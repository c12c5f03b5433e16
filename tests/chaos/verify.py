"""Compares what the surviving primary holds with what clients were promised.

For unique values the comparison is exact. For a counter, what is lost is the number of acknowledged
increments minus its final value: a lower bound, since increments whose answer never came may have counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.chaos.clients import COUNTER, SETS, Acknowledged
from tests.chaos.wire import ask_once

READ_S = 5.0


class UnreadableError(Exception):
    """The survivor did not answer, so nothing can be said about losses."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """What one node holds: each writer's values, and each mode's counter."""

    values: Mapping[str, frozenset[str]]
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """Writes of unique values, and increments, that were acknowledged; and those of them that are gone."""

    values: int
    values_lost: int
    increments: int
    increments_lost: int

    @property
    def acknowledged(self) -> int:
        return self.values + self.increments

    @property
    def lost(self) -> int:
        return self.values_lost + self.increments_lost


def read_survivor(node: str, writes: Iterable[Acknowledged]) -> Survivor:
    """Raises UnreadableError."""
    writers = {write.writer for write in writes if write.kind == "set"}
    values = {}
    for writer in writers:
        members = ask_once(node, "SMEMBERS", SETS.format(writer=writer), timeout_s=READ_S)
        if members is None:
            raise UnreadableError(f"{node} does not answer")
        values[writer] = frozenset(members)
    counters = {}
    for mode in ("plain", "wait"):
        answer = ask_once(node, "MGET", COUNTER.format(mode=mode), timeout_s=READ_S)
        if answer is None:
            raise UnreadableError(f"{node} does not answer")
        counters[mode] = int(answer[0] or 0)
    return Survivor(values, counters)


def survived(write: Acknowledged, survivor: Survivor) -> bool:
    """For a unique value."""
    return write.value in survivor.values.get(write.writer, frozenset())


def judge(writes: Iterable[Acknowledged], survivor: Survivor, *, waited: bool) -> Tally:
    mine = [write for write in writes if write.waited == waited]
    values = [write for write in mine if write.kind == "set"]
    increments = len(mine) - len(values)
    counted = survivor.counters["wait" if waited else "plain"]
    return Tally(
        values=len(values),
        values_lost=sum(not survived(write, survivor) for write in values),
        increments=increments,
        increments_lost=max(0, increments - counted),
    )
