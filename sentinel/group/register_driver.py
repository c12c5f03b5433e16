"""Runs one register of this sentinel on the event loop: feeds its core, applies its effects, owns one timer.

The registers are those of the groups and the one of the cluster's id. This module has what is common to all:
that a stall is reported first, the errors that a core may raise, and the wake-ups. ``durable_effects`` keeps
the effects' order.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Generic, TypeAlias, TypeVar

from quorum.effects import Persist
from quorum.errors import NotLeaderError, PeerViolationError
from quorum.inputs import PeerGone, Received, Stalled, Wake
from quorum.messages import HardState, Message
from sentinel.group.durable_effects import DurableEffects
from sentinel.process import clock
from sentinel.process.limited_log import LimitedLog
from sentinel.state.thread import OnDurable

logger = logging.getLogger(__name__)

VIOLATION_AGAIN_S = 600.0
"""A peer whose state is spoiled says the same with each of its messages, many times a second."""

_Given = TypeVar("_Given")
_Effect = TypeVar("_Effect")

Common: TypeAlias = Received | PeerGone | Stalled | Wake


class RegisterDriver(ABC, Generic[_Given, _Effect]):
    """``check_run`` is called before each input: it tells every register when the process was stalled.

    ``persist(state, done)``: ``done`` is called once it is durable, or with why not; raises StoreError if it
    cannot be tried. ``fatal``: going on would be unsafe.
    """

    def __init__(
        self,
        name: str,
        persist: Callable[[HardState, OnDurable], None],
        fatal: Callable[[BaseException], None],
        check_run: Callable[[float], None],
    ) -> None:
        self.name = name
        self._fatal = fatal
        self._check_run = check_run
        self._effects: DurableEffects[_Effect] = DurableEffects(
            name, persist, self._apply, fatal, self._changed
        )
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self._stepped_at = 0.0
        self._closed = False
        self._violations = LimitedLog(logger, VIOLATION_AGAIN_S)
        self._on_change: list[Callable[[], None]] = []

    @abstractmethod
    def _core_step(self, given: _Given | Common, now: float) -> Iterable[_Effect | Persist]: ...

    @abstractmethod
    def _core_deadline(self, now: float) -> float | None: ...

    @abstractmethod
    def _apply(self, effect: _Effect) -> None:
        """Any effect but ``Persist``."""

    def _confirms(self, given: _Given | Common, now: float) -> bool:  # noqa: ARG002
        """Whether ``given`` is nothing new, and has been taken in by this call."""
        return False

    @property
    def is_settled(self) -> bool:
        """Everything that was to be written by now is on disk."""
        return self._effects.is_settled

    def check_run(self) -> None:
        """Before anything is told that a stall of this process may have made untrue."""
        self._check_run(clock.monotonic())

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back after every step; cheap checks only."""
        self._on_change.append(callback)

    def feed(self, given: _Given | Common) -> None:
        """Take in one input and start on its effects. Never blocks."""
        if self._closed:
            return
        now = clock.monotonic()
        # The stall is reported before the first input after it.
        self._check_run(now)
        if self._confirms(given, now):
            return
        self._step(given, now)
        self._effects.run()
        self._rearm(now)
        self._changed()

    def stalled(self, gap_s: float) -> None:
        self.feed(Stalled(gap_s))

    def received(self, sender: str, message: Message) -> None:
        self.feed(Received(sender, message))

    def peer_gone(self, peer: str) -> None:
        self.feed(PeerGone(peer))

    def _end(self) -> None:
        """No more inputs, and nothing that is still to be done."""
        self._closed = True
        self._effects.close()
        if self._timer is not None:
            self._timer.cancel()

    def _changed(self) -> None:
        for callback in self._on_change:
            callback()

    def _step(self, given: _Given | Common, now: float) -> None:
        try:
            self._effects.add(self._core_step(given, now))
        except PeerViolationError as error:
            key = f"{error.peer} {type(error).__name__}"
            self._violations.error(key, f"{self.name}: {error}; message dropped")
        except NotLeaderError as error:
            logger.warning("%s: %s", self.name, error)
        except Exception as error:
            logger.critical("%s: the core failed on %s", self.name, type(given).__name__, exc_info=True)
            self._fatal(error)
            raise

    def _rearm(self, now: float) -> None:
        """One timer, at the core's next deadline. Firing early is harmless, so an earlier timer may stand.

        ``now`` is that of the step: a deadline that has passed since then is due, not over.
        """
        self._stepped_at = now
        self._arm(self._core_deadline(now))

    def _arm(self, at: float | None) -> None:
        if at is None or (self._timer is not None and self._timer_at is not None and self._timer_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        delay = max(0.0, at - clock.monotonic())
        self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        """Mostly it is no longer due: a node that has answered since has moved its deadline on."""
        self._timer = None
        self._timer_at = None
        if self._closed:
            return
        now = clock.monotonic()
        self._check_run(now)
        # By the time of the last step, for what was still to come then and is over by now is due.
        at = self._core_deadline(self._stepped_at)
        if at is not None and at <= now:
            self.feed(Wake())
        elif self._timer is None:
            self._arm(at)
