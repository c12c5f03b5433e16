"""Child processes that never outlive the test run, and free loopback ports for them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from sentinel.demo_processes import dying_with, free_ports

# Random ports, and others in each of the runs side by side, whatever a test has seeded.
_RNG = random.SystemRandom()


_GIVEN: deque[int] = deque(maxlen=1000)
"""Ports given lately: whoever got one may not listen yet, and two would have the same."""


def free_port() -> int:
    """A port that nobody listens on now. Whoever starts on it must be ready to find it taken."""
    for _ in range(100):
        (port,) = free_ports(1, _RNG)
        if port not in _GIVEN:
            _GIVEN.append(port)
            return port
    raise RuntimeError("a hundred times in vain: no free port that was not given to somebody just now")


class Process:
    """One child; its output goes to ``log``. Ended by its own pid, stopped or not."""

    def __init__(
        self, command: Sequence[str], directory: Path, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        with log.open("ab") as out:
            self._child = subprocess.Popen(
                list(command),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                preexec_fn=dying_with(os.getpid()),
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def send(self, number: signal.Signals) -> None:
        if self.running:
            self._child.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM, patience_s: float = 10.0) -> int:
        """Send ``number`` and wait; after ``patience_s`` SIGKILL. Returns the exit code."""
        self.send(number)
        self.send(signal.SIGCONT)
        try:
            return self._child.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()

    def kill(self) -> None:
        self.end(signal.SIGKILL)
