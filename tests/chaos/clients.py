"""A client host: four writers that follow the primary, and a line for each write that was acknowledged;
and a fifth client, of registers.

    python -m tests.chaos.clients NAME KIND DIRECTORY SENTINEL...

Two writers add unique values to a set, two increment a counter; one of each also asks for a replica's
copy (``WAIT 1``), and counts a write as acknowledged only when it got it. A write whose answer never came
is in no line: nobody was promised anything. It runs until SIGTERM.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tests.chaos.following import TIMEOUT_S, Following
from tests.chaos.locator import Locator
from tests.chaos.registers import RegisterClient
from tests.chaos.wire import ReplyError, Wire

PACE_S = 0.008
WAIT_MS = 500
SETS = "chaos:values:{writer}"
COUNTER = "chaos:counter:{mode}"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One write. ``value`` is unique for its writer, or what a counter became. Monotonic seconds."""

    sent_s: float
    answered_s: float
    writer: str
    kind: str
    waited: bool
    node: str
    value: str

    def line(self) -> str:
        return (
            f"{self.sent_s:.6f} {self.answered_s:.6f} {self.writer} {self.kind} {int(self.waited)} "
            f"{self.node} {self.value}\n"
        )

    @classmethod
    def parse(cls, line: str) -> Acknowledged:
        sent, answered, writer, kind, waited, node, value = line.split()
        return cls(float(sent), float(answered), writer, kind, waited == "1", node, value)


def read(directory: Path) -> list[Acknowledged]:
    """All writes, in the order of their answers. A last line that was cut short is left out."""
    found = [
        Acknowledged.parse(line)
        for file in directory.glob("*.writes")
        for line in file.read_text().splitlines(keepends=True)
        if line.endswith("\n")
    ]
    return sorted(found, key=lambda write: write.answered_s)


class Writer:
    def __init__(self, client: str, kind: str, *, waited: bool, locator: Locator, directory: Path) -> None:
        self._name = f"{client}-{kind}-{'wait' if waited else 'plain'}"
        self._kind = kind
        self._waited = waited
        self._following = Following(locator)
        self._log = directory / f"{self._name}.writes"
        self._next = 1

    def run(self, stop: threading.Event) -> None:
        with self._log.open("w", buffering=1) as output:
            while not stop.is_set():
                try:
                    wire = self._following.wire()
                    if wire is not None:
                        self._write(wire, output)
                except (OSError, ReplyError):
                    self._following.drop()
                stop.wait(PACE_S)

    def _write(self, wire: Wire, output: TextIO) -> None:
        value = str(self._next)
        self._next += 1
        sent = time.monotonic()
        if self._kind == "set":
            wire.ask("SADD", SETS.format(writer=self._name), value)
        else:
            value = str(wire.ask("INCR", COUNTER.format(mode="wait" if self._waited else "plain")))
        if self._waited and wire.ask("WAIT", 1, WAIT_MS) < 1:
            return
        done = time.monotonic()
        made = Acknowledged(sent, done, self._name, self._kind, self._waited, self._following.node, value)
        output.write(made.line())


def main(client: str, kind: str, directory: Path, sentinels: list[str]) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    locator = Locator(kind, sentinels)
    writers = [
        Writer(client, what, waited=waited, locator=locator, directory=directory)
        for what in ("set", "counter")
        for waited in (False, True)
    ]
    registers = RegisterClient(client, locator, directory)
    runs = (locator.run, *(writer.run for writer in writers), registers.run)
    threads = [threading.Thread(target=run, args=(stop,), daemon=True) for run in runs]
    for thread in threads:
        thread.start()
    while not stop.is_set():
        stop.wait(1)
    for thread in threads[1:]:
        thread.join(3 * TIMEOUT_S)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
