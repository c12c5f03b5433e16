"""Errors of a configuration: each problem with its place in the file and a full message for the user.

A location is a tuple of keys and indexes (``Loc``) while the file is read, and a dotted path
(``groups.mymaster.nodes[1]``) for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Loc: TypeAlias = tuple[str | int, ...]

MAX_KEY_CHARS = 80


def format_path(loc: Loc) -> str:
    """``("groups", "a", "nodes", 1)`` as ``groups.a.nodes[1]``, always on one line."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            key = part if len(part) <= MAX_KEY_CHARS else part[:MAX_KEY_CHARS] + "..."
            path += ("." if path else "") + (key if key and key.isprintable() else repr(key))
    return path


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. ``path`` is empty and ``line`` None if it concerns the whole file."""

    path: str
    line: int | None
    """Counted from 1, in the configuration file."""
    message: str
    """Plain English on one line; never contains a secret."""

    def at(self, file: Path) -> str:
        """``vedette.yml:12: groups.mymaster.quorum: 'two' is not a whole number``."""
        place = f"{file}:{self.line}" if self.line is not None else str(file)
        return f"{place}: {self._text()}"

    def __str__(self) -> str:
        return self._text() if self.line is None else f"line {self.line}: {self._text()}"

    def _text(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigError(Exception):
    """The configuration cannot be used. ``str()`` gives every problem, one on each line."""

    def __init__(self, file: Path, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(problem.at(file) for problem in problems))
        self.file = file
        self.problems = problems


class InvalidValueError(ValueError):
    """A value that cannot be parsed.

    ``why`` continues a sentence that begins with the value: "is not a duration (try 1s)". It does
    not repeat the value, so that the caller decides whether the value may be shown.
    """

    def __init__(self, value: object, why: str) -> None:
        super().__init__(f"{value!r} {why}")
        self.why = why
