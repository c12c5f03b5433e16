"""Nodes that live and refuse: what ails one, so that whole kinds of commands fail there for a while.

It stays over a restart, as what causes it would: a full memory, a full disk, a line in the configuration.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.model_redis.refusals import Refusal

if TYPE_CHECKING:
    from tests.simulation.model_redis import ModelServer


class Ailment(enum.Enum):
    FULL = "its memory is full, and nothing may be evicted"
    NO_DISK = "its snapshots fail"
    NO_CLIENTS = "it has no connections left"
    NO_STALE = "it serves nothing without its primary"


@dataclass(frozen=True, slots=True)
class Without:
    """A command that is renamed there."""

    command: str


Trouble = Ailment | Without | Refusal


class Sickness:
    """What one server suffers from. ``take_effect`` after each change, and after each start."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._troubles: list[Trouble] = []

    def __contains__(self, trouble: Trouble) -> bool:
        return trouble in self._troubles

    @property
    def any(self) -> bool:
        return bool(self._troubles)

    def begin(self, trouble: Trouble) -> None:
        self._troubles.append(trouble)
        self.take_effect()
        if trouble is Ailment.NO_DISK:
            self._server.saving.save()

    def end(self, trouble: Trouble) -> None:
        if trouble not in self._troubles:
            return
        self._troubles.remove(trouble)
        self.take_effect()
        if trouble is Ailment.NO_DISK and self._server.running:
            self._server.saving.save()

    def end_all(self) -> None:
        for trouble in list(self._troubles):
            self.end(trouble)

    def take_effect(self) -> None:
        server = self._server
        server.disk.broken = Ailment.NO_DISK in self
        server.refusals.set(*(each for each in self._troubles if isinstance(each, Refusal)))
        server.limits.hidden = {each.command for each in self._troubles if isinstance(each, Without)}
        limits = {
            "maxmemory": "1" if Ailment.FULL in self else "0",
            "maxclients": str(self._taken()) if Ailment.NO_CLIENTS in self else "10000",
            "replica-serve-stale-data": "no" if Ailment.NO_STALE in self else "yes",
        }
        server.config.set(tuple(word for pair in limits.items() for word in pair))

    def _taken(self) -> int:
        """So many that nobody new gets in; after a restart, those who are quickest do."""
        return max(1, self._server.limits.clients)
