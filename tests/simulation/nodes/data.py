"""The data set of a node and the history of its writes, as the replication stream carries them."""

from __future__ import annotations

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


@dataclass(slots=True)
class Backlog:
    """The newest writes. A replica at ``base`` or later can go on where it was."""

    most: int
    base: int = 0
    ops: list[Op] = field(default_factory=list)

    def add(self, op: Op) -> None:
        self.ops.append(op)
        if len(self.ops) > self.most:
            gone = self.ops[: len(self.ops) - self.most]
            self.base = gone[-1].end
            del self.ops[: len(gone)]

    def reaches(self, offset: int) -> bool:
        return self.base <= offset

    def since(self, offset: int, upto: int) -> list[Op]:
        """The writes behind ``offset``, up to ``upto``."""
        found = []
        for op in reversed(self.ops):
            if op.end <= offset:
                break
            if op.end <= upto:
                found.append(op)
        found.reverse()
        return found

    def restart(self, offset: int) -> None:
        self.base = offset
        self.ops = []
