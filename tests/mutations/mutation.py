"""One safety rule taken out of the product: where, and what should miss it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


class StaleError(Exception):
    """The text to take out is not there exactly once: the product has changed, and the table must follow."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """``rule`` says in words what is taken out; ``serves`` is the number of the promise that rests on it.

    ``find`` occurs once in ``file`` and is replaced by ``replace``. ``tests`` are pytest node ids that must
    fail then. ``style`` is of the simulator's runs that are most about it: ``-`` for all, empty for none,
    where the simulator does not run the code in question.
    """

    name: str
    rule: str
    serves: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...] = ()
    style: str = "-"

    def applied_to(self, text: str) -> str:
        """Raises StaleError."""
        count = text.count(self.find)
        if count != 1:
            raise StaleError(f"{self.name}: {self.file} has {count} times, not once:\n{self.find}")
        return text.replace(self.find, self.replace)
