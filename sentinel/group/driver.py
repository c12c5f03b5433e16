"""Runs one group's coordinator on the event loop, and knows what clients may learn about the group.

Invariant: effects are applied in the order in which they were made. A ``Persist`` holds back everything
behind it until it is on disk (``durable_effects``), including every announcement to clients.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from typing import Protocol

from promotion.conversation import FencedError, LeaseLostError, StepError, StepUnknownError
from promotion.step_types import Step, Taken
from quorum.effects import Send
from quorum.inputs import Gossip, Observed
from quorum.messages import EntryId, HardState, Message
from sentinel.coordination.coordinator import Coordinator
from sentinel.coordination.inputs import (
    Command,
    GroupEffect,
    GroupInput,
    InfoSeen,
    Look,
    LookAgain,
    LookAnew,
    Perform,
    Publish,
    Read,
    ReadDone,
    StepDone,
    StepFailed,
    StepFenced,
    StepUnsent,
    Tell,
    WarmUp,
)
from sentinel.coordination.moment import Moment
from sentinel.coordination.repeating import confirms, said_again
from sentinel.coordination.steady import Steady
from sentinel.group import picture
from sentinel.group.queries import GroupQueries
from sentinel.group.register_driver import RegisterDriver
from sentinel.group.view import GroupView, Voting
from sentinel.notices.notice import Notice
from sentinel.process import clock
from sentinel.process.background import Background
from sentinel.state.thread import OnDurable

logger = logging.getLogger(__name__)


class Ports(Protocol):
    """The actions of a group's driver on the outside. One object per group, made by the daemon."""

    def persist(self, state: HardState, done: OnDurable) -> None:
        """``done`` is called once it is durable, or with why not. Raises StoreError if it cannot be tried."""

    def send(self, to: str, message: Message) -> None: ...

    async def read(self, nodes: tuple[str, ...]) -> frozenset[str]:
        """INFO from all nodes at once; returns those that answered, after their ``InfoSeen`` were fed."""

    async def take(self, step: Step, term: int, guard: Callable[[], bool]) -> Taken:
        """Take the step against Redis. Raises StepError."""

    async def command(self, node: str, words: tuple[str, ...]) -> None:
        """Send this once. Errors are only logged: the caller will ask again."""

    def look_soon(self, how: Look) -> None: ...

    def tell(self, notice: Notice) -> None: ...

    def fatal(self, error: BaseException) -> None:
        """Going on would be unsafe: end the process."""


class GroupDriver(RegisterDriver[GroupInput, GroupEffect]):
    """Of one group. Steps against Redis, and reading from it, go on in the background.

    ``owner`` and ``runbook`` are for people.
    """

    def __init__(
        self,
        coordinator: Coordinator,
        ports: Ports,
        check_run: Callable[[float], None],
        owner: str | None = None,
        runbook: str | None = None,
    ) -> None:
        super().__init__(coordinator.config.group, ports.persist, ports.fatal, check_run)
        self.coordinator = coordinator
        self._steady = Steady(coordinator)
        self._ports = ports
        self._background = Background(self._step_failed)
        self.queries = GroupQueries(coordinator)
        self._rules = picture.rules_of(coordinator, owner, runbook)
        self._published = coordinator.member.view.committed.topology
        self.directives = coordinator.directives
        """The operators' directives to the group, as far as they may be shown."""
        self._on_published: list[Callable[[], None]] = []
        self._inputs = 0
        self._answered: set[str] = set()
        """The nodes whose answers since the newest picture changed only their silence."""
        self._view: tuple[tuple[int, int], GroupView] | None = None
        """The newest picture, and the versions of the facts in it."""

    @property
    def view(self) -> GroupView:
        """The picture of the group now. It is drawn at the first question after a change, for all readers."""
        now, known = clock.monotonic(), (self._inputs, self.coordinator.who_is_who.shared_version)
        if self._view is None or self._view[0] != known or now >= self._view[1].until:
            drawn = picture.view_of(self.coordinator, self._rules, self._published, self.directives, now)
        elif self._answered:
            drawn = picture.heard(self._view[1], self.coordinator.member, self._answered, now)
        else:
            return self._view[1]
        self._view = (known, drawn)
        self._answered.clear()
        return drawn

    @property
    def voting(self) -> Voting:
        """As in ``view``, for what is asked about all groups every moment."""
        return picture.voting_of(self.coordinator.member)

    @property
    def published_term(self) -> int:
        """Of the newest committed topology that is on disk here, as clients may be told; 0: there is none."""
        return self._published.term if self._published is not None else 0

    def confirmed_at(self, stored_at: Callable[[str, str, EntryId], float], now: float) -> float:
        """Until when what is published was the newest that is agreed on, by a majority's word; -inf: that is
        not known. ``stored_at(peer, group, entry_id)``: until when the peer had stored nothing newer.
        """
        newest = self.coordinator.member.view.committed.topology
        if newest is not None and self.published_term < newest.term:
            return -math.inf  # The next one is known, and being written.
        return self.coordinator.member.confirmed_at(
            lambda peer, entry_id: stored_at(peer, self.name, entry_id), now
        )

    def on_published(self, callback: Callable[[], None]) -> None:
        """Call back whenever clients may learn a new topology."""
        self._on_published.append(callback)

    async def close(self) -> None:
        self._end()
        await self._background.cancel()

    # -- stepping ------------------------------------------------------------------------------

    def _confirms(self, given: GroupInput, now: float) -> bool:
        if isinstance(given, InfoSeen):
            self._inputs += 1
            return self._steady.notes(given, Moment(now, clock.wall_ms()))
        if not confirms(self.coordinator.member, given, now):
            self._inputs += 1
            return False
        if isinstance(given, Observed):
            self._answered.add(given.node)
        return True

    def _core_step(self, given: GroupInput, now: float) -> Iterable[GroupEffect]:
        if isinstance(given, Gossip) and not given.looks:
            return said_again(self.coordinator.member, now)
        effects = self.coordinator.step(given, Moment(now, clock.wall_ms()))
        self._steady.stepped(given)
        return effects

    def _core_deadline(self, now: float) -> float | None:
        return self.coordinator.next_deadline(now)

    # -- effects -------------------------------------------------------------------------------

    def _apply(self, effect: GroupEffect) -> None:
        match effect:
            case Send(to, message):
                self._ports.send(to, message)
            case Read(token, nodes):
                self._background.start(self._read(token, nodes))
            case Perform():
                self._background.start(self._perform(effect))
            case Command(node, words):
                self._background.start(self._ports.command(node, words))
            case Publish():
                # Behind its Persist in the queue: a restart cannot take a client back to an older topology.
                self._publish()
            case LookAnew() | LookAgain() | WarmUp():
                self._ports.look_soon(effect)
            case Tell(notice):
                self._ports.tell(notice)

    def _publish(self) -> None:
        before = self.published_term
        self._published = self.coordinator.member.view.committed.topology
        self.directives = self.coordinator.directives
        self._inputs += 1
        if self.published_term > before:
            for callback in self._on_published:
                callback()

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
