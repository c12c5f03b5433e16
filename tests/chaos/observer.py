"""Who calls itself a master, asked of each node every few milliseconds from where nothing is ever cut off.

    python -m tests.chaos.observer DIRECTORY ADDRESS...

One line for each answer ``master``: when it was asked and answered, and by whom. It runs until SIGTERM.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

from tests.chaos.intervals import Look
from tests.chaos.systems import REDIS_PORT
from tests.chaos.wire import ReplyError, Wire

PERIOD_S = 0.005
TIMEOUT_S = 0.3


def watch(node: str, log: Path, stop: threading.Event) -> None:
    wire: Wire | None = None
    with log.open("w", buffering=1) as output:
        while not stop.is_set():
            try:
                wire = wire or Wire(f"{node}:{REDIS_PORT}", TIMEOUT_S)
                asked = time.monotonic()
                if wire.ask("ROLE")[0] == "master":
                    output.write(f"{asked:.6f} {time.monotonic():.6f} {node}\n")
            except (OSError, ReplyError):
                if wire is not None:
                    wire.close()
                wire = None
            stop.wait(PERIOD_S)


def read(directory: Path) -> list[Look]:
    """A last line that was cut short is left out."""
    lines = [
        line.split()
        for file in directory.glob("*.roles")
        for line in file.read_text().splitlines(keepends=True)
        if line.endswith("\n")
    ]
    return [Look(node, float(asked), float(answered)) for asked, answered, node in lines]


def main(directory: Path, nodes: list[str]) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threads = [
        threading.Thread(target=watch, args=(node, directory / f"{node}.roles", stop), daemon=True)
        for node in nodes
    ]
    for thread in threads:
        thread.start()
    while not stop.is_set():
        stop.wait(1)
    for thread in threads:
        thread.join(3 * TIMEOUT_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
