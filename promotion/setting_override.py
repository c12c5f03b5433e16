"""A Redis setting that is overridden for one transaction and then restored."""

from __future__ import annotations

from dataclasses import dataclass

from promotion.conversation import Word


@dataclass(frozen=True, slots=True)
class Override:
    """Setting ``name`` is ``value`` during a write and ``original`` again after it."""

    name: str
    value: Word
    original: Word

    @property
    def apply(self) -> tuple[Word, ...]:
        return ("CONFIG", "SET", self.name, self.value)

    @property
    def restore(self) -> tuple[Word, ...]:
        return ("CONFIG", "SET", self.name, self.original)
