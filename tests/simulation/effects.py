"""The daemon's queue of durable effects, in a process that may be stopped or die between any two of them.

It is the daemon's own, so that a fault in its order breaks a rule here: what is said, or done to a node,
before it is on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from quorum.effects import Persist
from quorum.messages import HardState
from sentinel.group.durable_effects import DurableEffects
from sentinel.state.thread import OnDurable

_Effect = TypeVar("_Effect")


class Effects(DurableEffects[_Effect]):
    """``goes_on`` is asked before each effect; ``went_on`` is told after a write. What fails is raised."""

    def __init__(
        self,
        name: str,
        persist: Callable[[HardState, OnDurable], None],
        apply: Callable[[_Effect], None],
        fatal: Callable[[BaseException], None],
        went_on: Callable[[], None],
        goes_on: Callable[[], bool],
    ) -> None:
        super().__init__(name, persist, apply, fatal, went_on)
        self._goes_on = goes_on
        self.lazy = False
        """Whether nothing waits for the write that is asked for."""

    @property
    def is_held(self) -> bool:
        """The process was stopped before what could be done."""
        return self._is_ready

    @property
    def is_writing(self) -> bool:
        return self._writing

    def _next(self) -> _Effect | Persist | None:
        return super()._next() if self._is_ready and self._goes_on() else None

    def _write(self, effect: Persist) -> None:
        self.lazy = effect.lazy
        super()._write(effect)
