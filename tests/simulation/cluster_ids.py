"""The register of the cluster's id, beside that of the group: on the same disks, in the same processes.

A cluster gets its id while its sentinels are upgraded, one by one, from a release that has none: here each
begins to speak of it at a moment of its own, while things go wrong. It draws on a randomness of its own, so
that the rest of a run is the same with it and without it, but that many a leader is killed over it.
"""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from quorum.cluster import CLUSTER, ClusterMember
from quorum.detector import Patience
from quorum.effects import Committed, Effect, Elected, Emit, Send
from quorum.errors import NotLeaderError, PeerViolationError
from quorum.inputs import Gossip, Input, Received, Stalled, Wake
from quorum.member_config import MemberConfig
from quorum.messages import HardState, Message
from quorum.raft.raft import Raft
from quorum.timing import Timing
from quorum.votes import majority
from sentinel.coordination.coordinator import QUIET_GOSSIPS
from sentinel.state.file import StoreError
from sentinel.state.thread import OnDurable
from tests.simulation.effects import Effects
from tests.simulation.faults import SAFETY_S, Cast

if TYPE_CHECKING:
    from tests.simulation.host import Host

NAMED = 4
"""In one of so many runs the cluster gets an id."""
AGREED = "the id of a cluster agreed on"
SUCCEEDED = "an id that a second leader found"
KEPT = "an id on the disk of a sentinel that was killed"
KILLED = "a leader killed while it gave the cluster its id"
SITUATIONS = (AGREED, SUCCEEDED, KEPT, KILLED)
NOTHING_TO_WATCH = Patience(1.0, 1.0, 1.0)


def draw_ids(rng: random.Random, cast: Cast, *, upgraded: bool) -> tuple[tuple[str, float], ...]:
    """From when on each sentinel speaks of it: from its upgrade on, or from the first start on.

    An upgrade is finished before members are changed, as the documents ask for.
    """
    if not upgraded:
        return tuple((name, 0.0) for name in cast.sentinels)
    at_s = rng.uniform(6.0, 22.0)
    return tuple((name, at_s + rng.uniform(-3.0, 3.0)) for name in cast.sentinels)


class IdRegister:
    """Of one sentinel. ``disk`` is what it has of it in its directory."""

    def __init__(self, host: Host, from_s: float) -> None:
        self.disk = HardState()
        self.member: ClusterMember | None = None
        self._host = host
        self._from_s = from_s
        self._rng = random.Random(f"{host.world.setup.seed} ids {host.label}")
        self._lazy: HardState | None = None
        self._effects = self._new_effects()
        self._wake_at: float | None = None
        self._gossips = 0
        self._crash_in: int | None = None

    @property
    def id(self) -> str:
        """As it is told to peers: what is on disk."""
        return self.disk.committed.cluster_id

    def start(self) -> None:
        host = self._host
        if host.world.at_s < self._from_s:
            # The release that has it is installed later, and the sentinel restarted for that.
            host.world.schedule.at(self._from_s - host.world.at_s, partial(self._begin, host.boots))
            return
        self._begin(host.boots)

    def crash(self, *, keep_lazy: bool) -> None:
        if self._lazy is not None and keep_lazy:
            self.disk = self._lazy
        if self.id and self.member is not None:
            self._host.world.coverage.add(KEPT)
        self.member, self._lazy, self._crash_in = None, None, None
        self._effects.close()

    def feed(self, given: Input) -> None:
        host = self._host
        if self.member is None:
            return
        if not host.awake and not isinstance(given, Stalled):
            host.later(partial(self.feed, given))
            return
        try:
            self._effects.add(self.member.step(given, host.now))
        except (NotLeaderError, PeerViolationError):
            return
        self._pump()
        self._arm()

    def tick(self) -> None:
        """At each gossip of the group's."""
        self._gossips += 1
        if self.member is not None and (
            self._gossips % QUIET_GOSSIPS == 0 or not (self.id and self.member.quiet)
        ):
            self.feed(Gossip())

    def receive(self, sender: str, message: Message) -> None:
        host = self._host
        if sender in host.links and not host.contact.twins.is_twice(sender, host.now):
            self.feed(Received(sender, message))

    @property
    def listens(self) -> bool:
        return self.member is not None and bool(self.member.view.listening)

    def _begin(self, boots: int) -> None:
        host = self._host
        if host.boots != boots or host.brain is None:
            return
        config = MemberConfig(
            host.name,
            CLUSTER,
            host.links,
            majority(len(host.links)),
            NOTHING_TO_WATCH,
            Timing(),
            3.0,
            host.boots,
            ballot=host.boots,
            vouched=host.vouched,
        )
        self._effects, self._wake_at = self._new_effects(), None
        drawn = f"drawn by {host.label} in process {host.process}"
        rng = random.Random(self._rng.random())
        self.member = ClusterMember(config, Raft(config, self.disk, rng, host.now, drawn), host.now)
        self.feed(Gossip())

    def _new_effects(self) -> Effects[Effect]:
        name = self._host.label
        return Effects(name, self._persist, self._apply, self._fail, self._hold, self._goes_on)

    def _goes_on(self) -> bool:
        return self.member is not None and self._host.awake and not self._dies()

    def _pump(self) -> None:
        self._effects.run()
        self._hold()

    def _hold(self) -> None:
        if self._effects.is_held and self.member is not None and not self._host.awake:
            self._host.later(self._pump)

    def _apply(self, effect: Effect) -> None:
        host = self._host
        match effect:
            case Send(to, message):
                self._send(to, message)
            case Emit(Committed(entry)):
                host.world.coverage.add(AGREED)
                host.world.checks.calls_cluster(host.label, entry.cluster_id, self.id)
            case Emit(Elected(_, _, entry)):
                if entry.cluster_id:
                    host.world.coverage.add(SUCCEEDED)
                in_trouble = 0.0 < self._from_s <= host.world.at_s < SAFETY_S
                if in_trouble and self._rng.random() < 0.5:
                    self._crash_in = self._rng.randrange(1, 12)
            case _:
                pass

    def _dies(self) -> bool:
        if self._crash_in is None:
            return False
        self._crash_in -= 1
        if self._crash_in > 0:
            return False
        host = self._host
        host.world.tell(host.label, "is killed while it gives the cluster its id")
        host.world.coverage.add(KILLED)
        host.crash(keep_lazy=self._rng.random() < 0.5)
        host.world.schedule.at(self._rng.uniform(0.5, 3.0), host.start)
        return True

    def _persist(self, state: HardState, done: OnDurable) -> None:
        host = self._host
        if host.disk_refuses:
            raise StoreError("the disk refuses")
        if self._effects.lazy:
            self._lazy = state
        else:
            delay_s = self._rng.uniform(0.3, 1.7) * host.fsync_s
            host.world.schedule.at(delay_s, partial(self._written, self.member, state, done))

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, StoreError):
            raise error
        self._host.crash(keep_lazy=False)

    def _written(self, member: ClusterMember | None, state: HardState, done: OnDurable) -> None:
        if self.member is None or self.member is not member:
            return
        self.disk, self._lazy = state, None
        self._host.when_awake(partial(done, None))

    def _send(self, to: str, message: Message) -> None:
        host, world = self._host, self._host.world
        peer = world.pairs.reached(host, to)
        if peer is None or peer.ids is None:
            return
        for delay_s in world.network.messages(host.name, to, self._rng):
            world.schedule.at(delay_s, partial(host.deliver, peer, peer.ids.receive, message))

    def _arm(self) -> None:
        host = self._host
        at = self.member.next_deadline(host.now) if self.member is not None else None
        if at is None or (self._wake_at is not None and self._wake_at <= at):
            return
        self._wake_at = at
        delay_s = max(0.0, (at - host.now) / host.rate) + 1e-6
        host.world.schedule.at(delay_s, partial(self._wake, self.member, at))

    def _wake(self, member: ClusterMember | None, at: float) -> None:
        if self.member is member and self._wake_at == at:
            self._wake_at = None
            self.feed(Wake())
