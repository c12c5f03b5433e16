"""The entry point of ``vedette``. It starts a daemon without the libraries of the command line, which take 8
MB.

A daemon runs for months. Any command line other than plain ``run`` with its one option goes to ``cli.app``,
including mistakes and ``--help``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def main() -> None:
    file = daemon_file(sys.argv[1:])
    if file is None:
        from sentinel.cli.app import app

        app()
    else:
        _run(Path(file))


def daemon_file(arguments: Sequence[str]) -> str | None:
    """The configuration file if ``arguments`` are plainly ``run`` with its option; else None."""
    match arguments:
        case ["run", "--config" | "-c", file] if file and not file.startswith("-"):
            return file
        case ["run", option] if option.startswith("--config=") and option != "--config=":
            return option.removeprefix("--config=")
        case _:
            return None


def _run(file: Path) -> None:
    from sentinel.cli import run
    from sentinel.terminal.exits import CliError, complain

    try:
        run.run(file)
    except CliError as error:
        complain(str(error))
        raise SystemExit(error.code) from None
