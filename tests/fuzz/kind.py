"""What a kind of input is to the fuzzer, and what it says of one that breaks a rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeAlias

Check: TypeAlias = Callable[[bytes], str]
"""Plays one input. Returns what came of it in a few words, for inputs that lead to something new are kept to
be changed further; raises for one that breaks a rule."""

CANARY = "hunter2canary"
"""A secret in the corpus. No error may repeat it."""

_CHANGING = re.compile(r"'.*?'|\"[^\"]*\"|[0-9]+|0x[0-9a-f]+")


class BrokenRuleError(AssertionError):
    """An input was not refused as its kind promises, or changed something though it was refused."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``opened`` gives the check while it is inside. ``words``: what inputs of this kind are made of."""

    name: str
    opened: Callable[[], AbstractContextManager[Check]]
    words: tuple[bytes, ...]


def must(holds: bool, what: str) -> None:
    if not holds:
        raise BrokenRuleError(what)


def outline(error: object) -> str:
    """Of an error's text what does not differ from one input to the next."""
    return f"{type(error).__name__}: {_CHANGING.sub('_', str(error))[:120]}"
