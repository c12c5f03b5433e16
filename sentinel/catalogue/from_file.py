"""The catalogue that the configuration file gives: fixed for the life of the process."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from config import GroupSettings, Settings
from sentinel.catalogue.catalogue import Catalogue, GroupOpened, OnChange


class FileCatalogue(Catalogue):
    """``settings`` are those of the whole file."""

    def __init__(self, settings: Settings) -> None:
        self._groups = MappingProxyType(dict(settings.groups))

    @property
    def groups(self) -> Mapping[str, GroupSettings]:
        return self._groups

    def on_change(self, listener: OnChange) -> None:
        """Nothing comes after the groups that there are: another file takes another process."""
        for name, settings in self._groups.items():
            listener(GroupOpened(name, settings))
