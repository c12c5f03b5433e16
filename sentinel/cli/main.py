"""Where ``vedette`` starts. A daemon lives for months, so it does without the libraries of the command line.

They take 8 MB. Whatever is not plainly ``run`` with its one option is for ``cli.app``, mistakes and
``--help`` included.
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
    """The configuration of the daemon that is asked for; None: something else is, or one in other words."""
    match arguments:
        case ["run", "--config" | "-c", file] if file and not file.startswith("-"):
            return file
        case ["run", option] if option.startswith("--config=") and option != "--config=":
            return option.removeprefix("--config=")
        case _:
            return None


def _run(file: Path) -> None:
    from sentinel.cli import run as cli_run
    from sentinel.terminal.exits import CliError, complain

    try:
        cli_run.run(file)
    except CliError as error:
        complain(str(error))
        raise SystemExit(error.code) from None
