"""Collects the problems of a configuration, and knows the line of each location in the file.

A location with a problem is *broken*: nothing more is reported about it, nor about what depends on it.
So one mistake gives one line, and every other mistake still gets its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from config.errors import ConfigError, Loc, Problem, format_path

MAX_PROBLEMS = 200


class Report:
    """Each step of loading adds its problems; ``raise_if_any`` raises them together at the end."""

    def __init__(self, file: Path, lines: dict[Loc, int] | None = None) -> None:
        self.file = file
        self.lines: dict[Loc, int] = lines if lines is not None else {}
        self._problems: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}
        self._broken: set[Loc] = set()
        self._around_broken: set[Loc] = set()

    def problem(self, loc: Loc, message: str) -> None:
        self._problems[Problem(format_path(loc), self.line(loc), message)] = None
        self.mark_broken(loc)

    def repeated(self, loc: Loc, line: int, message: str) -> None:
        """A problem at another line than the one where ``loc`` stands first."""
        self._problems[Problem(format_path(loc), line, message)] = None

    def fatal(self, problem: Problem) -> NoReturn:
        """Raises ``ConfigError`` at once: nothing after this can be judged."""
        self._problems[problem] = None
        raise ConfigError(self.file, _in_file_order(self._problems))

    def warning(self, loc: Loc, message: str) -> None:
        self._warnings[Problem(format_path(loc), self.line(loc), message)] = None

    def mark_broken(self, loc: Loc) -> None:
        """Mark ``loc`` as unusable because of a problem that is already reported elsewhere."""
        self._broken.add(loc)
        self._around_broken.update(loc[:length] for length in range(len(loc)))

    def inherit(self, origin: Loc, heirs: Mapping[Loc, Collection[str]]) -> None:
        """The keys of each heir come from ``origin``: they have its lines, and are broken with it."""
        depth = len(origin)
        lines = [(place[depth:], line) for place, line in self.lines.items() if place[:depth] == origin]
        broken = [place[depth:] for place in self._broken if place[:depth] == origin]
        for loc, keys in heirs.items():
            self.lines.update({(*loc, *rest): line for rest, line in lines if rest and rest[0] in keys})
            for rest in broken:
                if rest and rest[0] in keys:
                    self.mark_broken((*loc, *rest))

    def only_about(self, locs: Collection[Loc]) -> Report:
        """A report of the same file that starts with what is known about ``locs``, around or inside them."""
        kept = Report(self.file, self.lines)
        around = {format_path(loc[:length]) for loc in locs for length in range(len(loc) + 1)}
        inside = tuple(format_path(loc) + end for loc in locs for end in (".", "["))
        kept._problems = {p: None for p in self._problems if p.path in around or p.path.startswith(inside)}
        for broken in self._broken:
            if any(broken[: len(loc)] == loc[: len(broken)] for loc in locs):
                kept.mark_broken(broken)
        return kept

    def is_inside_broken(self, loc: Loc) -> bool:
        """Whether ``loc`` or a location around it is broken."""
        return any(loc[:length] in self._broken for length in range(len(loc) + 1))

    def touches_broken(self, locs: Iterable[Loc]) -> bool:
        """Whether any of ``locs``, or a location around it or inside it, is broken."""
        return any(loc in self._around_broken or self.is_inside_broken(loc) for loc in locs)

    def line(self, loc: Loc) -> int | None:
        """The line of ``loc``, or of the nearest location around it that is in the file."""
        for length in range(len(loc), 0, -1):
            if loc[:length] in self.lines:
                return self.lines[loc[:length]]
        return None

    def warnings(self) -> tuple[Problem, ...]:
        return _in_file_order(self._warnings)

    def raise_if_any(self) -> None:
        """Raises ``ConfigError`` with everything that was reported, in the order of the file."""
        if self._problems:
            raise ConfigError(self.file, _in_file_order(self._problems))


def _in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    ordered = sorted(problems, key=lambda problem: problem.line or 0)
    if len(ordered) > MAX_PROBLEMS:
        rest = Problem("", None, f"and {len(ordered) - MAX_PROBLEMS} more problems")
        return (*ordered[:MAX_PROBLEMS], rest)
    return tuple(ordered)
