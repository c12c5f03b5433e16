"""The registers of everything that this sentinel agrees on with its peers: one for each group, and the
cluster's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from sentinel.group.register_driver import RegisterDriver
from sentinel.process.run_check import RunCheck

AnyRegister: TypeAlias = RegisterDriver[Any, Any]


class Registers:
    """``run_check`` reports a stall of this process to each, also to those added later."""

    def __init__(self, run_check: RunCheck) -> None:
        self._by_name: dict[str, AnyRegister] = {}
        run_check.tell(self._stalled)

    def __iter__(self) -> Iterator[AnyRegister]:
        return iter(self._by_name.values())

    def add(self, register: AnyRegister) -> None:
        self._by_name[register.name] = register

    def find(self, name: str) -> AnyRegister | None:
        return self._by_name.get(name)

    def peer_gone(self, peer: str) -> None:
        for register in list(self):
            register.peer_gone(peer)

    def _stalled(self, _now: float, gap_s: float) -> None:
        for register in list(self):
            register.stalled(gap_s)
