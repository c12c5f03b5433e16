"""The data set of a node and the history of its writes, as the replication stream carries them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = str | set[str]

PING_BYTES = 14


@dataclass(frozen=True, slots=True)
class Op:
    """``end`` is the offset behind it; ``name`` is SET, SADD, DEL, FLUSHALL, or PING: nothing changes."""

    end: int
    name: str
    key: str = ""
    value: str = ""


@dataclass(slots=True)
class DataSet:
    """``versions`` counts the changes of each key, which WATCH compares."""

    values: dict[str, Value] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    swaps: int = 0
    """How often all of it was replaced."""

    def copy(self) -> dict[str, Value]:
        return {key: set(value) if isinstance(value, set) else value for key, value in self.values.items()}

    def replace(self, values: dict[str, Value]) -> None:
        self.values = values
        self.swaps += 1

    def version(self, key: str) -> tuple[int, int]:
        return (self.swaps, self.versions[key])

    def apply(self, op: Op) -> None:
        match op.name:
            case "SET":
                self.values[op.key] = op.value
            case "SADD":
                held = self.values.setdefault(op.key, set())
                assert isinstance(held, set)
                held.add(op.value)
            case "DEL":
                self.values.pop(op.key, None)
            case "FLUSHALL":
                self.values = {}
                self.swaps += 1
        if op.key:
            self.versions[op.key] += 1


class Backlog:
    """The writes of this history. ``most`` of them can be asked for again by a replica that was away.

    A replica that is connected gets all of them, however late they get through.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._start = 0
        self._ends: list[int] = []
        self._ops: list[Op] = []

    def add(self, op: Op) -> None:
        self._ends.append(op.end)
        self._ops.append(op)

    def reaches(self, offset: int) -> bool:
        """Whether a replica at ``offset`` can go on where it was."""
        kept = len(self._ends) - self._most
        return (self._ends[kept - 1] if kept > 0 else self._start) <= offset

    def since(self, offset: int, upto: int) -> list[Op]:
        """The writes behind ``offset``, up to ``upto``."""
        return self._ops[bisect_right(self._ends, offset) : bisect_right(self._ends, upto)]

    def restart(self, offset: int) -> None:
        self._start = offset
        self._ends = []
        self._ops = []
