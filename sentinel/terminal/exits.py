"""The exit codes that scripts may rely on, and the error that ends a command with one."""

from __future__ import annotations

import enum
import sys
from collections.abc import Mapping
from typing import Any

from sentinel.notices.story import clean


class ExitCode(enum.IntEnum):
    OK = 0
    REFUSED = 1
    """A sentinel refused the request, or a group is not healthy."""
    USAGE = 2
    """The configuration or the command line is wrong; typer uses it too."""
    STATE = 3
    LISTEN = 4
    UNREACHABLE = 5
    INTERRUPTED = 130
    """128 plus SIGINT's number, as in shells."""
    TERMINATED = 143


EPILOG = (
    "Exit codes: 0 all is well. 1 refused, or not healthy. 2 wrong configuration or usage. "
    "3 the state directory cannot be used. 4 cannot listen on the address. 5 no sentinel was reached. "
    "130, 143 interrupted by SIGINT, SIGTERM."
)


class CliError(Exception):
    """Ends a command. ``str()`` is for people: the problem, and on a second line what to do.

    ``body`` is the output in JSON.
    """

    def __init__(
        self, code: ExitCode, problem: str, advice: str = "", body: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{problem}\n{advice}" if advice else problem)
        self.code = code
        self.body = dict(body) if body is not None else {"detail": problem}


def complain(text: str) -> None:
    """Write the lines of ``text`` to standard error, without control characters."""
    for line in text.splitlines():
        sys.stderr.write(f"{clean(line)}\n")
    sys.stderr.flush()
