"""A command on a terminal of its own, as a person would run it: its size, what it shows, keys."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType

from tests.waiting import wait_for


def _take_terminal() -> None:
    # A run of the tests in the background ignores SIGINT, and a child would inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """Ended on exit, by its pid. ``raw`` is all that the command has sent so far."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        columns: int = 120,
        lines: int = 40,
    ) -> None:
        self.raw = b""
        self._controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        unset = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")
        inherited = {name: value for name, value in os.environ.items() if name not in unset}
        self.process = subprocess.Popen(
            list(command),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**inherited, "TERM": "xterm-256color", **(env or {})},
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(terminal)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def text(self) -> str:
        """Without what moves the cursor or colours."""
        return re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", self.raw).decode(errors="replace")

    def wait_shown(self, text: str, deadline_s: float = 30.0) -> None:
        wait_for(lambda: text in self.text, deadline_s, f"the terminal to show {text!r}")

    def press(self, keys: bytes) -> None:
        os.write(self._controller, keys)

    def wait(self, deadline_s: float = 30.0) -> int:
        """The exit code, once it has ended and all that it said was read."""
        code = self.process.wait(deadline_s)
        self._reader.join(deadline_s)
        return code

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.wait()
        os.close(self._controller)

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._controller, 65536)
            except OSError:
                # How Linux says that nobody has the other end open any more.
                return
            if not chunk:
                return
            self.raw += chunk
