"""Runs the register of the cluster's id on the event loop, as ``driver`` runs a group's.

So no peer gets an id that this sentinel could forget.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from config import Settings
from quorum.cluster import CLUSTER, ClusterMember
from quorum.effects import Committed, Effect, Emit, Send
from quorum.inputs import Gossip, Input, StopLeading
from quorum.messages import HardState, Message
from quorum.raft.raft import Raft
from sentinel.coordination.coordinator import QUIET_GOSSIPS
from sentinel.group import picture
from sentinel.group.parameters import cluster_config
from sentinel.group.register_driver import RegisterDriver
from sentinel.group.view import Voting
from sentinel.process import clock
from sentinel.state.store import Store

logger = logging.getLogger(__name__)

ID_BYTES = 8


class ClusterDriver(RegisterDriver[Input, Effect]):
    """``send(to, group, message)``; ``fatal``: going on would be unsafe; ``on_id`` is told the cluster's id,
    once that is on disk here. Raises MembershipError.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        states: Mapping[str, HardState],
        *,
        send: Callable[[str, str, Message], None],
        fatal: Callable[[BaseException], None],
        check_run: Callable[[float], None],
        on_id: Callable[[str], None],
        rng: random.Random,
    ) -> None:
        super().__init__(CLUSTER, partial(store.persist, CLUSTER), fatal, check_run)
        state = states.get(CLUSTER, HardState())
        made_with = cluster_config(settings, store, state)
        own_rng, drawn = random.Random(rng.random()), secrets.token_hex(ID_BYTES)
        now = clock.monotonic()
        self.member = ClusterMember(made_with, Raft(made_with, state, own_rng, now, drawn), now)
        self.id = self.member.cluster_id
        """The cluster's, once it is agreed on and on disk here; empty before."""
        self._on_id = on_id
        on_id(self.id)
        self._send = send
        self._gossips = 0

    @property
    def voting(self) -> Voting:
        return picture.voting_of(self.member)

    def gossip(self) -> None:
        self.feed(Gossip())

    def gossip_if_due(self) -> None:
        """Call it at each gossip interval."""
        self._gossips += 1
        if self._gossips % QUIET_GOSSIPS == 0 or not (self.id and self.member.quiet):
            self.gossip()

    def close(self) -> None:
        """Stop leading, so that nobody has to wait for our lease."""
        self.feed(StopLeading())
        self._end()

    def _core_step(self, given: Input, now: float) -> Iterable[Effect]:
        return self.member.step(given, now)

    def _core_deadline(self, now: float) -> float | None:
        return self.member.next_deadline(now)

    def _apply(self, effect: Effect) -> None:
        match effect:
            case Send(to, message):
                self._send(to, CLUSTER, message)
            case Emit(Committed(entry)) if entry.cluster_id and entry.cluster_id != self.id:
                self.id = entry.cluster_id
                self._on_id(self.id)
                logger.info("this cluster is %s", self.id)
            case _:
                pass
