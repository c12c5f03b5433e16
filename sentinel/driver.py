"""Runs one group's coordinator on the event loop: feeds it, applies its effects in order, owns one timer.

Invariant: effects are applied in the order in which they were made. A ``Persist`` holds back everything
behind it until it is on disk; meanwhile inputs are still taken, and their effects queue up.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

from promotion.conversation import FencedError, LeaseLostError, StepError, StepUnknownError
from promotion.step_types import Step, Taken
from quorum.effects import Persist, Send
from quorum.errors import NotLeaderError, PeerViolationError
from quorum.inputs import PeerGone, Received, Stalled, Wake
from quorum.messages import EntryId, HardState, Message, Topology
from sentinel import clock
from sentinel.background import Background
from sentinel.coordinator import Coordinator
from sentinel.group_inputs import (
    Command,
    GroupEffect,
    GroupInput,
    Perform,
    Read,
    ReadDone,
    StepDone,
    StepFailed,
    StepFenced,
    StepUnsent,
    Tell,
)
from sentinel.limited_log import LimitedLog
from sentinel.notices import Notice, NoticeName
from sentinel.state_file import StoreError
from sentinel.state_thread import OnDurable

logger = logging.getLogger(__name__)

VIOLATION_AGAIN_S = 600.0
"""A peer whose state is spoiled says the same with each of its messages, many times a second."""

_ABOUT_DIRECTIVES = (
    NoticeName.PAUSED,
    NoticeName.RESUMED,
    NoticeName.SCHEDULED,
    NoticeName.SCHEDULE_CLOSED,
)


class Ports(Protocol):
    """What a group's driver acts through. One object per group, made by the daemon."""

    def persist(self, state: HardState, done: OnDurable) -> None:
        """``done`` is called once it is durable, or with why not. Raises StoreError if it cannot be tried."""

    def send(self, to: str, message: Message) -> None: ...

    async def read(self, nodes: tuple[str, ...]) -> frozenset[str]:
        """INFO from all nodes at once; returns those that answered, after their ``InfoSeen`` were fed."""

    async def take(self, step: Step, term: int, guard: Callable[[], bool]) -> Taken:
        """Take the step against Redis. Raises StepError."""

    async def command(self, node: str, words: tuple[str, ...]) -> None:
        """Send this once. What goes wrong is told to the log alone: whoever asked will ask again."""

    def tell(self, notice: Notice) -> None: ...

    def fatal(self, error: BaseException) -> None:
        """Going on would be unsafe: end the process."""


class GroupDriver:
    """``check_run`` is called before each input: it tells every group when the process was stalled."""

    def __init__(self, coordinator: Coordinator, ports: Ports, check_run: Callable[[float], None]) -> None:
        self.coordinator = coordinator
        self._ports = ports
        self._check_run = check_run
        self._queue: deque[GroupEffect] = deque()
        self._writing = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self._background = Background(self._step_failed)
        self._closed = False
        self._violations = LimitedLog(logger, VIOLATION_AGAIN_S)
        self._topology = coordinator.member.register.state.committed.topology
        self.directives = coordinator.directives
        """The same of what operators have told the group for later."""
        self._on_change: list[Callable[[], None]] = []

    @property
    def name(self) -> str:
        return self.coordinator.config.group

    @property
    def topology(self) -> Topology | None:
        """The newest committed topology that is on disk here, in the names that are used here: what clients
        may be told.
        """
        return self.coordinator.member.names.localized(self._topology) if self._topology else None

    def confirmed_at(self, stored_at: Callable[[str, str, EntryId], float], now: float) -> float:
        """Until when ``topology`` was the newest that is agreed on, by a majority's word; -inf: that is not
        known. ``stored_at(peer, group, entry_id)``: until when the peer had stored nothing newer.
        """
        newest = self.coordinator.member.register.state.committed.topology
        if newest is not None and (self._topology is None or self._topology.term < newest.term):
            return -math.inf  # The next one is known, and being written.
        return self.coordinator.member.confirmed_at(
            lambda peer, entry_id: stored_at(peer, self.name, entry_id), now
        )

    def check_run(self) -> None:
        """Before anything is told that a stall of this process may have made untrue."""
        self._check_run(clock.monotonic())

    @property
    def is_settled(self) -> bool:
        """Everything that was to be written by now is on disk."""
        return not self._writing and not self._queue

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back after every step; cheap checks only."""
        self._on_change.append(callback)

    def feed(self, given: GroupInput) -> None:
        """Take in one input and start on its effects. Never blocks."""
        if self._closed:
            return
        now = clock.monotonic()
        # Whatever arrives first after a stall, the stall is told first.
        self._check_run(now)
        if self.coordinator.confirms(given, now):
            return
        self._step(given, now)
        self._pump()
        self._rearm(now)
        self._changed()

    def _changed(self) -> None:
        for callback in self._on_change:
            callback()

    def stalled(self, gap_s: float) -> None:
        self.feed(Stalled(gap_s))

    def received(self, sender: str, message: Message) -> None:
        self.feed(Received(sender, message))

    def peer_gone(self, peer: str) -> None:
        self.feed(PeerGone(peer))

    async def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._background.cancel()

    # -- stepping ------------------------------------------------------------------------------

    def _step(self, given: GroupInput, now: float) -> None:
        try:
            self._queue.extend(self.coordinator.step(given, now, clock.wall_ms()))
        except PeerViolationError as error:
            key = f"{error.peer} {type(error).__name__}"
            self._violations.error(key, f"{self.name}: {error}; message dropped")
        except NotLeaderError as error:
            logger.warning("%s: %s", self.name, error)
        except Exception as error:
            logger.critical("%s: the core failed on %s", self.name, type(given).__name__, exc_info=True)
            self._ports.fatal(error)
            raise

    def _rearm(self, now: float) -> None:
        """One timer, at the core's next deadline. Firing early is harmless, so an earlier timer may stand.

        ``now`` is that of the step: a deadline that has passed since then is due, not over.
        """
        at = self.coordinator.next_deadline(now)
        if at is None or (self._timer is not None and self._timer_at is not None and self._timer_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        delay = max(0.0, at - clock.monotonic())
        self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._timer_at = None
        self.feed(Wake())

    # -- effects -------------------------------------------------------------------------------

    def _pump(self) -> None:
        while self._queue and not self._writing:
            effect = self._queue.popleft()
            match effect:
                case Persist(state, lazy):
                    self._write(state, lazy)
                case Send(to, message):
                    self._ports.send(to, message)
                case Read(token, nodes):
                    self._background.start(self._read(token, nodes))
                case Perform():
                    self._background.start(self._perform(effect))
                case Command(node, words):
                    self._background.start(self._ports.command(node, words))
                case Tell(notice):
                    self._tell(notice)

    def _tell(self, notice: Notice) -> None:
        if notice.name is NoticeName.TOPOLOGY:
            # Behind its Persist in the queue: a restart cannot take a client back to an older topology.
            self._topology = self.coordinator.member.register.state.committed.topology
        elif notice.name in _ABOUT_DIRECTIVES:
            self.directives = self.coordinator.directives
        self._ports.tell(notice)

    def _write(self, state: HardState, lazy: bool) -> None:
        def written(error: StoreError | None) -> None:
            # What could not be written shuts the queue for good: nothing that depends on it may be said.
            if error is not None:
                self._ports.fatal(error)
            elif not lazy and not self._closed:
                self._writing = False
                self._go_on()

        self._writing = self._writing or not lazy
        try:
            self._ports.persist(state, written)
        except StoreError as error:
            self._ports.fatal(error)

    def _go_on(self) -> None:
        try:
            self._pump()
            self._changed()
        except Exception as error:
            logger.critical("%s: failed after a write", self.name, exc_info=True)
            self._ports.fatal(error)

    async def _read(self, token: int, nodes: tuple[str, ...]) -> None:
        self.feed(ReadDone(token, await self._ports.read(nodes)))

    async def _perform(self, effect: Perform) -> None:
        def guard() -> bool:
            return self.coordinator.lease_valid(effect.term, clock.monotonic())

        try:
            taken = await self._ports.take(effect.step, effect.term, guard)
        except LeaseLostError:
            self.feed(StepUnsent(effect.token))
        except FencedError as fenced:
            self.feed(StepFenced(effect.token, fenced.found_term))
        except StepError as error:
            self.feed(StepFailed(effect.token, str(error), isinstance(error, StepUnknownError)))
        else:
            done = StepDone(effect.token, taken.measured, taken.refused, taken.absurd_fence)
            self.feed(done)

    def _step_failed(self, error: BaseException) -> None:
        logger.critical("%s: a step failed unexpectedly", self.name, exc_info=error)
        self._ports.fatal(error)
