"""Applies a core's effects in their order; those behind a write wait until it is on disk.

"On disk before told" depends on this queue: a vote, an entry or an id is sent only once it cannot be
forgotten. Meanwhile inputs are still taken in, and their effects queue up. A failed write shuts the queue for
good, because the contents of the disk are unknown then: nothing more is sent, and the process has to end.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from quorum.effects import Persist
from quorum.messages import HardState
from sentinel.state.file import StoreError
from sentinel.state.thread import OnDurable

logger = logging.getLogger(__name__)

_Effect = TypeVar("_Effect")


class DurableEffects(Generic[_Effect]):
    """``persist(state, done)`` raises StoreError if it cannot be tried; ``apply`` does any other effect.

    ``went_on`` is told each time that a write has opened the queue again. ``fatal`` has to end the process.
    """

    def __init__(
        self,
        name: str,
        persist: Callable[[HardState, OnDurable], None],
        apply: Callable[[_Effect], None],
        fatal: Callable[[BaseException], None],
        went_on: Callable[[], None],
    ) -> None:
        self._name = name
        self._persist = persist
        self._apply = apply
        self._fatal = fatal
        self._went_on = went_on
        self._queue: deque[_Effect | Persist] = deque()
        self._writing = False
        self._shut = False

    @property
    def is_settled(self) -> bool:
        """All writes queued by now are on disk, and all effects behind them are done."""
        return not self._writing and not self._queue

    def add(self, effects: Iterable[_Effect | Persist]) -> None:
        """Add them behind all others. ``run`` applies them."""
        self._queue.extend(effects)

    def run(self) -> None:
        """Up to the next write. May be called while an effect is being applied."""
        while (effect := self._next()) is not None:
            if isinstance(effect, Persist):
                self._write(effect)
            else:
                self._apply(effect)

    @property
    def _is_ready(self) -> bool:
        """There is something to be done, and nothing that it waits for."""
        return bool(self._queue) and not self._writing and not self._shut

    def _next(self) -> _Effect | Persist | None:
        return self._queue.popleft() if self._is_ready else None

    def close(self) -> None:
        """Nothing more is done, also if a write ends later."""
        self._shut = True

    def _write(self, effect: Persist) -> None:
        # Nothing waits behind a lazy one: everything new in it can be learnt again.
        waits = not effect.lazy
        self._writing = self._writing or waits
        try:
            self._persist(effect.state, lambda error: self._written(error, waited=waits))
        except StoreError as error:
            self._fail(error)

    def _written(self, error: StoreError | None, *, waited: bool) -> None:
        if error is not None:
            self._fail(error)
        elif waited and not self._shut:
            self._writing = False
            self._go_on()

    def _go_on(self) -> None:
        try:
            self.run()
            self._went_on()
        except Exception as error:
            logger.critical("%s: failed after a write", self._name, exc_info=True)
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._shut = True
        self._fatal(error)
