"""A setting that refuses what a step needs, and is off for as long as that takes."""

from __future__ import annotations

from dataclasses import dataclass

from promotion.conversation import Word


@dataclass(frozen=True, slots=True)
class Aside:
    """A setting that stands in the way: ``off`` for as long as needed, and ``kept`` again behind it."""

    name: str
    off: Word
    kept: Word

    @property
    def lift(self) -> tuple[Word, ...]:
        return ("CONFIG", "SET", self.name, self.off)

    @property
    def restore(self) -> tuple[Word, ...]:
        return ("CONFIG", "SET", self.name, self.kept)
