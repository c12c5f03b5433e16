"""What a situation is: a story on real servers, and what a user is entitled to at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.wild.bed import Bed

Who = Literal["another", "same", "any"]


@dataclass(frozen=True, slots=True)
class Wants:
    """What is judged, by the same measure for every system.

    ``primary``: who should have the writes at the end, compared with who had them before. ``spare``: how
    many acknowledged writes replication may lose by its nature; None where data is not looked at. ``tell``:
    of which nodes the system has to say that something is wrong; ``or_told``: that is enough, where nobody
    takes writes. ``loss_told``: more may be lost than ``spare``, because nobody has it any more, if people
    are told that it is.
    """

    primary: Who = "another"
    writes: bool = True
    spare: int | None = 0
    tell: tuple[str, ...] = ()
    or_told: bool = False
    loss_told: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """``title`` is the row's text: the first paragraph of what ``run`` says of itself."""

    name: str
    theme: str
    title: str
    wants: Wants
    seen: tuple[str, ...]
    """Where somebody met it, in public."""
    run: Callable[[Bed], None]


REGISTERED: dict[str, Situation] = {}


def situation(
    theme: str, wants: Wants, *seen: str
) -> Callable[[Callable[[Bed], None]], Callable[[Bed], None]]:
    """Registers a story under its function's name. Its docstring is what stands in the table."""

    def register(run: Callable[[Bed], None]) -> Callable[[Bed], None]:
        name = run.__name__.replace("_", "-")
        assert name not in REGISTERED, name
        title = " ".join((run.__doc__ or "").strip().partition("\n\n")[0].split()).rstrip(".")
        REGISTERED[name] = Situation(name, theme, title, wants, seen, run)
        return run

    return register
