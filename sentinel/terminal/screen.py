"""Text and tables for people: coloured on a terminal, aligned plain text in a pipe.

Text from the network is never markup and never controls the terminal: every cell is cleaned of control
characters and shown literally.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sentinel.notices.story import clean

STYLES = {
    "up": "green",
    "primary": "bold",
    "completed": "green",
    "down": "bold red",
    "failed": "bold red",
    "misconfigured": "yellow",
    "refuses_writes": "bold red",
    "refuses_clients": "yellow",
    "unknown": "yellow",
    "not_watched": "yellow",
    "out of touch": "bold red",
    "reachable": "green",
    "unreachable": "bold red",
    "error": "bold red",
    "warning": "yellow",
}
"""The style of a cell with exactly this text."""


class Screen:
    """Standard output, or ``file``."""

    def __init__(self, file: IO[str] | None = None, *, terminal: bool | None = None) -> None:
        self._console = Console(file=file, force_terminal=terminal, highlight=False, soft_wrap=True)

    @property
    def is_terminal(self) -> bool:
        return self._console.is_terminal

    @property
    def width(self) -> int:
        return self._console.width

    def line(self, text: str = "", style: str = "") -> None:
        self._console.print(Text(clean(text), style=style))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """``None`` is shown as a dash."""
        cells = [[clean("-" if cell is None else str(cell)) for cell in row] for row in rows]
        if not self.is_terminal:
            self._plain([list(headers), *cells])
            return
        table = Table(*headers, box=SIMPLE_HEAD, pad_edge=False)
        for row in cells:
            table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
        self._console.print(table, soft_wrap=False)

    def _plain(self, rows: Sequence[Sequence[str]]) -> None:
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            padded = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._console.print(Text(padded.rstrip()))
