"""The demo's output: numbered acts, a table of the processes, and the failover as a timeline with bars."""

from __future__ import annotations

import io
from collections.abc import Sequence

from sentinel.demo.timeline import Step
from sentinel.terminal.screen import Screen

BAR_CHARS = 40


class Stage:
    """Prints for people; prints nothing if the demo's output is JSON."""

    def __init__(self, *, silent: bool) -> None:
        self._screen = Screen(io.StringIO()) if silent else Screen()
        self._act = 0

    def act(self, text: str) -> None:
        self._act += 1
        self._screen.line()
        self._screen.line(f"{self._act}. {text}", style="bold")

    def say(self, text: str = "") -> None:
        self._screen.line(f"   {text}" if text else "")

    def command(self, text: str) -> None:
        self._screen.line(f"     {text}", style="cyan")

    def topology(self, rows: Sequence[tuple[str, str, str]]) -> None:
        self._screen.table(("WHO", "WHERE", "WHAT"), rows)

    def timeline(self, steps: Sequence[Step]) -> None:
        """The steps as a table; on a terminal each has a bar that begins at the step before."""
        headers = ["MS", "WHO", "STEP", "WHAT"]
        rows = [[f"{step.after_ms:.1f}", step.who, step.name, step.what] for step in steps]
        if self._screen.is_terminal:
            for row, drawn in zip(rows, bars([step.after_ms for step in steps], BAR_CHARS), strict=True):
                row.insert(1, drawn)
            headers.insert(1, "")
        self._screen.table(headers, rows)


def bars(times: Sequence[float], width: int) -> list[str]:
    """A bar for each time, from the time before to it; ``width`` characters are the whole time."""
    end = max(times, default=0.0) or 1.0
    drawn, before = [], 0
    for time in times:
        at = min(width - 1, max(0, round(time / end * (width - 1))))
        drawn.append(" " * min(before, at) + "━" * (at - min(before, at)) + "●")
        before = at
    return drawn
