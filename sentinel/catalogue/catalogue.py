"""Which groups there are: whoever opens them asks the catalogue, and nobody knows where it has them from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from config import GroupSettings


@dataclass(frozen=True, slots=True)
class GroupOpened:
    """From now on there is this group."""

    name: str
    settings: GroupSettings


OnChange: TypeAlias = Callable[[GroupOpened], None]


class Catalogue(Protocol):
    @property
    def groups(self) -> Mapping[str, GroupSettings]:
        """Those that there are now, by name."""

    def on_change(self, listener: OnChange) -> None:
        """``listener`` is told of each group that there is, before this returns, and then of each change."""
