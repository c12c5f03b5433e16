"""A client that writes and reads registers, and a line for each operation, also for what got no answer.

Each client host has one. All of them share the keys, write values that are never written twice, and ask who
is primary as the writers do. A refusal that changes nothing (``-READONLY``) is no operation at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TextIO

from tests.chaos.following import Following
from tests.chaos.linearizability import FOREVER, NOTHING, Operation
from tests.chaos.locator import Locator
from tests.chaos.wire import ReplyError, Wire

KEYS = tuple(f"chaos:register:{number}" for number in range(4))
PACE_S = 0.008
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Seen:
    """One operation on ``key``, and who answered it. Monotonic seconds, of one clock for all hosts."""

    key: str
    node: str
    operation: Operation

    def line(self) -> str:
        op = self.operation
        kind = "w" if op.is_write else "r"
        return f"{op.sent_s:.6f} {op.answered_s:.6f} {kind} {self.key} {self.node} {op.value or _NONE}\n"

    @classmethod
    def parse(cls, line: str) -> Seen:
        sent, answered, kind, key, node, value = line.split()
        value = NOTHING if value == _NONE else value
        return cls(key, node, Operation(float(sent), float(answered), kind == "w", value))


def read(directory: Path) -> list[Seen]:
    """All operations, in the order in which they were sent. A last line that was cut short is left out."""
    found = [
        Seen.parse(line)
        for file in directory.glob("*.operations")
        for line in file.read_text().splitlines(keepends=True)
        if line.endswith("\n")
    ]
    return sorted(found, key=lambda seen: seen.operation.sent_s)


class RegisterClient:
    def __init__(self, client: str, locator: Locator, directory: Path) -> None:
        self._name = client
        self._following = Following(locator)
        self._log = directory / f"{client}.operations"

    def run(self, stop: threading.Event) -> None:
        plan = self._plan()
        with self._log.open("w", buffering=1) as output:
            while not stop.is_set():
                try:
                    wire = self._following.wire()
                    if wire is not None:
                        self._take(wire, *next(plan), output)
                except (OSError, ReplyError):
                    self._following.drop()
                stop.wait(PACE_S)

    def _plan(self) -> Iterator[tuple[str, str | None]]:
        """A key, and what to write there; None: read it."""
        for number, key in enumerate(cycle(KEYS)):
            yield key, f"{self._name}.{number}"
            yield key, None

    def _take(self, wire: Wire, key: str, value: str | None, output: TextIO) -> None:
        sent = time.monotonic()
        try:
            reply = wire.ask("GET", key) if value is None else wire.ask("SET", key, value)
        except ReplyError:
            raise
        except OSError:
            if value is not None:
                output.write(Seen(key, self._following.node, Operation(sent, FOREVER, True, value)).line())
            raise
        answered = time.monotonic()
        seen = str(reply or NOTHING) if value is None else value
        output.write(
            Seen(key, self._following.node, Operation(sent, answered, value is not None, seen)).line()
        )
