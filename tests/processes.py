"""Child processes that never outlive the test run, and free loopback ports for them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sentinel.demo.processes import dying_with, free_ports

# Random ports, whatever a test has seeded; and none that another worker of this run may have.
_RNG = random.SystemRandom()
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))

_GIVEN: deque[int] = deque(maxlen=1000)
"""Ports given lately: whoever got one may not listen yet, and two would have the same."""


def free_port() -> int:
    """A port that nobody listens on now. Whoever starts on it must be ready to find it taken."""
    for _ in range(1000):
        (port,) = free_ports(1, _RNG)
        if port % _WORKERS == _WORKER and port not in _GIVEN:
            _GIVEN.append(port)
            return port
    raise RuntimeError("a thousand times in vain: no free port that was not given to somebody just now")


def _prepared(parent: int) -> Callable[[], None]:
    """A run of the tests in the background ignores SIGINT, and a child would inherit that."""
    dying = dying_with(parent)

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if dying is not None:
            dying()

    return prepare


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
                preexec_fn=_prepared(os.getpid()),
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
