"""The form of an interaction script: prose, a command or several, and what they are expected to answer.

    # Why this happens, for the reader.
    advance 50ms
    ----
    50ms s2 wakes
      s2->s1 PreVote term=2 entry=1/1

A block ends with a blank line. What stands before a command belongs to it and is kept as it is; only what
stands below the ``----`` is ever rewritten. ``ok`` is the answer of commands that have nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

RULE = "----"
SILENCE = "ok"


class ScriptError(Exception):
    """The script's fault, with where it is."""

    def __init__(self, name: str, line: int, problem: str) -> None:
        super().__init__(f"{name}:{line}: {problem}")


class CommandError(Exception):
    """What is wrong with a command; ``Script.play`` adds where it stands."""


@dataclass(frozen=True, slots=True)
class Block:
    """``before`` are the comments and blank lines above ``commands``, which begin in line ``line``."""

    before: tuple[str, ...]
    commands: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Script:
    name: str
    blocks: tuple[Block, ...]
    after: tuple[str, ...]
    """Comments behind the last command."""

    def play(self, run: Callable[[str], list[str]]) -> str:
        """The script's text with what ``run`` answers to each command. Raises ScriptError."""
        lines: list[str] = []
        for block in self.blocks:
            answers: list[str] = []
            for line, command in enumerate(block.commands, block.line):
                try:
                    answers += run(command)
                except CommandError as error:
                    raise ScriptError(self.name, line, str(error)) from error
            lines += [*block.before, *block.commands, RULE, *(answers or [SILENCE]), ""]
        return "\n".join([*lines, *self.after]).rstrip("\n") + "\n"


def parse(name: str, text: str) -> Script:
    """Raises ScriptError for text that is not in the form."""
    blocks: list[Block] = []
    before: list[str] = []
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip() or line.startswith("#"):
            before.append(line)
            continue
        first = at
        commands = [line]
        while at < len(lines) and lines[at].strip() and lines[at] != RULE:
            commands.append(lines[at])
            at += 1
        if at == len(lines) or lines[at] != RULE:
            raise ScriptError(name, first, f"no line {RULE!r} below {line!r}")
        at += 1
        while at < len(lines) and lines[at].strip():
            if lines[at].startswith("#"):
                raise ScriptError(name, at + 1, "a blank line is missing before this comment")
            at += 1
        at += 1  # the blank line belongs to the block
        blocks.append(Block(tuple(before), tuple(commands), first))
        before = []
    if not blocks:
        raise ScriptError(name, max(1, len(lines)), "there is no command in it")
    return Script(name, tuple(blocks), tuple(before))
