"""Runs the register of the cluster's id on the event loop, as ``driver`` runs a group's.

Invariant: effects are applied in their order, and what is behind a ``Persist`` waits until that is on disk.
So no peer is told an id that this sentinel could forget.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections import deque
from collections.abc import Callable, Mapping

from config import Settings
from quorum.cluster import CLUSTER, ClusterMember
from quorum.effects import Committed, Effect, Emit, Persist, Send
from quorum.errors import PeerViolationError
from quorum.inputs import Gossip, Input, PeerGone, Received, Stalled, StopLeading, Wake
from quorum.messages import HardState, Message
from sentinel import clock
from sentinel.coordinator import QUIET_GOSSIPS
from sentinel.driver import VIOLATION_AGAIN_S
from sentinel.limited_log import LimitedLog
from sentinel.member_settings import cluster_config
from sentinel.state_file import StoreError
from sentinel.store import Store

logger = logging.getLogger(__name__)

ID_BYTES = 8


class ClusterDriver:
    """``send(to, group, message)``; ``fatal``: going on would be unsafe. Raises MembershipError."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        states: Mapping[str, HardState],
        send: Callable[[str, str, Message], None],
        fatal: Callable[[BaseException], None],
        rng: random.Random,
    ) -> None:
        state = states.get(CLUSTER, HardState())
        made_with = cluster_config(settings, store, state)
        own_rng, drawn = random.Random(rng.random()), secrets.token_hex(ID_BYTES)
        self.member = ClusterMember(made_with, state, own_rng, clock.monotonic(), drawn)
        self.id = self.member.cluster_id
        """The cluster's, once it is agreed on and on disk here; empty before."""
        self._store = store
        self._send = send
        self._fatal = fatal
        self._violations = LimitedLog(logger, VIOLATION_AGAIN_S)
        self._queue: deque[Effect] = deque()
        self._writing = False
        self._timer: asyncio.TimerHandle | None = None
        self._gossips = 0
        self._closed = False

    @property
    def is_settled(self) -> bool:
        """Everything that was to be written by now is on disk."""
        return not self._writing and not self._queue

    def feed(self, given: Input) -> None:
        if self._closed:
            return
        now = clock.monotonic()
        try:
            self._queue.extend(self.member.step(given, now))
        except PeerViolationError as error:
            self._violations.error(error.peer, f"{CLUSTER}: {error}; message dropped")
        except Exception as error:
            logger.critical("%s: the core failed on %s", CLUSTER, type(given).__name__, exc_info=True)
            self._fatal(error)
            raise
        self._pump()
        self._rearm(now)

    def stalled(self, gap_s: float) -> None:
        self.feed(Stalled(gap_s))

    def received(self, sender: str, message: Message) -> None:
        self.feed(Received(sender, message))

    def peer_gone(self, peer: str) -> None:
        self.feed(PeerGone(peer))

    def gossip(self) -> None:
        self.feed(Gossip())

    def gossip_if_due(self) -> None:
        """To be called at each gossip interval."""
        self._gossips += 1
        if self._gossips % QUIET_GOSSIPS == 0 or not (self.id and self.member.quiet):
            self.gossip()

    def close(self) -> None:
        """Stop leading, so that nobody has to wait for our lease."""
        self.feed(StopLeading())
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _rearm(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self.member.next_deadline(now)
        if at is not None:
            delay = max(0.0, at - clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self.feed, Wake())

    def _pump(self) -> None:
        while self._queue and not self._writing:
            match self._queue.popleft():
                case Persist(state, lazy):
                    self._write(state, lazy)
                case Send(to, message):
                    self._send(to, CLUSTER, message)
                case Emit(Committed(entry)) if entry.cluster_id and entry.cluster_id != self.id:
                    self.id = entry.cluster_id
                    logger.info("this cluster is %s", self.id)
                case _:
                    pass

    def _write(self, state: HardState, lazy: bool) -> None:
        def written(error: StoreError | None) -> None:
            # What could not be written shuts the queue for good: nothing that depends on it may be said.
            if error is not None:
                self._fatal(error)
            elif not lazy and not self._closed:
                self._writing = False
                self._pump()

        self._writing = self._writing or not lazy
        try:
            self._store.persist(CLUSTER, state, written)
        except StoreError as error:
            self._fatal(error)
