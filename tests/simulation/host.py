"""One sentinel on its machine: the production brain, a disk, a clock of its own, and a process that can stop.

Effects are applied by the daemon's own queue: in order, and what stands behind a ``Persist`` waits until that
is on disk. Between any two of them the process may crash or be stopped.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from promotion.candidates import Policy
from promotion.sealing import WriteRules
from promotion.work_settings import WorkSettings
from quorum.crowd import Always, Crowd
from quorum.detector import Patience
from quorum.directives import Schedule
from quorum.effects import Send
from quorum.errors import NotLeaderError, PeerViolationError
from quorum.inputs import Gossip, IdTwice, PeerGone, Received, Stalled, Wake, Watch
from quorum.member_config import MemberConfig
from quorum.messages import HardState, Message
from quorum.timing import Timing
from sentinel.coordination.coordinator import QUIET_GOSSIPS, Coordinator
from sentinel.coordination.inputs import (
    Command,
    GroupEffect,
    GroupInput,
    InfoSeen,
    LookAnew,
    Perform,
    Read,
    Tell,
)
from sentinel.coordination.moment import Moment
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.repeating import confirms, said_again
from sentinel.coordination.situation import CoordinatorConfig
from sentinel.coordination.steady import Steady
from sentinel.process.clock import STALL_S
from sentinel.state.file import StoreError
from sentinel.state.thread import OnDurable
from tests.simulation import seen
from tests.simulation.contact import GROUP, Contact
from tests.simulation.directories import LISTENED, REFUSED
from tests.simulation.effects import Effects
from tests.simulation.hands import Hands
from tests.simulation.naming import Naming, specs
from tests.simulation.probing import Eye, Probing
from tests.simulation.twins import look_for_twins
from tests.unit.quorum.member_cases import raft_member

if TYPE_CHECKING:
    from tests.simulation.world import World

TICK_S = 0.25
QUICK_S = 0.01
"""A disk that is not slow has written by then."""
GOSSIP_TICKS = 4
ALARM_S = 1.0
UNWRITABLE_AFTER_S = 3.0
TIMINGS = (
    Timing(heartbeat_s=0.03, election_min_s=0.1, election_max_s=0.2, lease_s=0.08, stagger_s=0.02),
    Timing(),
    Timing(heartbeat_s=0.3, election_min_s=0.9, election_max_s=1.5, lease_s=0.75),
)
"""What operators may have changed the times to, or from."""


@dataclass(frozen=True, slots=True)
class GroupShape:
    """What the group's configuration would say."""

    rules: WriteRules = field(default_factory=WriteRules)
    down_after_s: float = 1.0
    limit_s: float = 10.0
    fence_key: str | None = "vedette:g:term"
    crowd: int = 1
    name: str = GROUP


class Host:
    """``rate`` is how fast its clock runs; ``crash_in`` and ``stop_in`` count boundaries to a fault."""

    def __init__(self, name: str, world: World, shape: GroupShape, members: frozenset[str]) -> None:
        self.name = name
        self.label = name
        """Tells it from another process of its id."""
        self.process = 0
        self.is_twice = False
        """It was told that there is another process of its id."""
        self.world = world
        self.shape = shape
        self.disk = HardState()
        self.boots = 0
        self.links = members
        """Whom this process has links to: the members of its own configuration."""
        self.vouched = False
        """The disk is the one that it wrote last, and it has taken part with that."""
        self.disk_refuses = False
        self.members = members
        """By the configuration of its next start."""
        self.removed = False
        self.brain: Coordinator | None = None
        self.paused_until = 0.0
        self._stopped_at: float | None = None
        self.rate = 1.0
        self.fsync_s = 0.002
        self.crash_in: int | None = None
        self.stop_in: tuple[int, float] | None = None
        self._epoch = (world.schedule.now, world.schedule.now)
        self._lazy: HardState | None = None
        self._effects = self._new_effects()
        self._unwritten = HardState()
        self.lag_s = 0.0
        """How late its event loop may be at each callback, which costs it something as well."""
        self._free_at = 0.0
        self._late: list[Callable[[], None]] = []
        self._wake_at: float | None = None
        self._stepped_at = 0.0
        self._alarm_for: Schedule | None = None
        self._ticks = 0
        self._tick_waits = False
        self._slept_s = 0.0
        self._ahead_s = 0.0
        self.crowd: Crowd = Always(shape.crowd)
        self.naming = (Naming.PLAIN, "")
        """How the configuration of its next start names the nodes."""
        self.ids = world.make_ids(self)
        self.contact = Contact(self)
        self.phase = 0
        """In which of its rounds it leaves something out, being late."""
        self.probing = Probing(self)
        self.hands = Hands(self)

    # -- the process ---------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self.brain is not None

    @property
    def awake(self) -> bool:
        return self.brain is not None and self.world.schedule.now >= self.paused_until

    @property
    def now(self) -> float:
        """By its own clock."""
        real, own = self._epoch
        return own + (self.world.schedule.now - real) * self.rate

    @property
    def loop_now(self) -> float:
        """By a clock that stands still while the machine is suspended, as an event loop's does."""
        return self.now - self._slept_s

    def set_rate(self, rate: float) -> None:
        self._epoch = (self.world.schedule.now, self.now)
        self.rate = rate

    def start(self) -> None:
        if self.brain is not None or self.disk_refuses or self.removed:
            return
        world = self.world
        self.boots += 1
        self.process = world.next_process()
        self.is_twice = False
        self._effects = self._new_effects()
        self._late = []
        self._wake_at = None
        self._alarm_for = None
        self._tick_waits = False
        self.contact.restart()
        self.links = members = self.members
        quorum = len(members) // 2 + 1
        patience = Patience(0.1, self.shape.down_after_s, 30.0)
        config = MemberConfig(
            self.name,
            self.shape.name,
            members,
            quorum,
            patience,
            self._draw_timing(),
            3.0,
            self.boots,
            ballot=self.boots,
            crowd=self.crowd,
            late_s=self.unread_s,
            vouched=self.vouched,
            unwritable_after_s=UNWRITABLE_AFTER_S,
        )
        member = raft_member(config, self.disk, random.Random(world.rng.random()), self.now)
        listed = specs(world.nodes, *self.naming)
        policy = Policy(max_link_down_s=10 * self.shape.down_after_s, max_age_s=5.0)
        work = WorkSettings(policy, 1, self.shape.limit_s, TICK_S, rules=self.shape.rules)
        book = NodeBook(listed, discover=True)
        self.brain = Coordinator(CoordinatorConfig(self.shape.name, work, None), member, book, self.now)
        self._steady = Steady(self.brain)
        self.brain.who_is_who.keep()
        self.probing.restart()
        self.feed(Watch(book.names, book.aliases))
        self.world.schedule.at(world.rng.uniform(0.0, TICK_S), partial(self._tick, self.boots))
        if self.shape.rules.self_fence:
            every_s = min(TICK_S, config.timing.heartbeat_s)
            self.world.schedule.at(every_s, partial(self._ask_peers, self.boots, every_s))
        if self.ids is not None:
            self.ids.start()

    def _draw_timing(self) -> Timing:
        if not self.world.setup.mixed_times:
            return Timing()
        self.world.coverage.add("sentinels with different times")
        # Whoever pauses a primary when it is cut off finds that out by pings, four a second.
        return self.world.rng.choice(TIMINGS[1:] if self.shape.rules.self_fence else TIMINGS)

    def crash(self, *, keep_lazy: bool = True) -> None:
        """What was only to be written with the next write may be lost."""
        if self.brain is None:
            return
        if self._lazy is not None:
            if keep_lazy:
                self.disk = self._lazy
            else:
                self.world.coverage.add("a crash lost a lazy write")
        self.world.coverage.on_crash(self.name)
        if self.ids is not None:
            self.ids.crash(keep_lazy=keep_lazy)
        self._lazy = None
        self._effects.close()
        self.brain = None
        self.crash_in = None
        self.stop_in = None
        self.paused_until = 0.0
        self._stopped_at = None
        self.boots += 1
        self.probing.stop()

    def pause(self, seconds: float) -> None:
        """SIGSTOP, a long collection, a machine that swaps: nothing runs, and what arrives waits."""
        if self.brain is None:
            return
        now = self.world.schedule.now
        if self._stopped_at is None:
            self._stopped_at = now
        self.paused_until = max(self.paused_until, now + seconds)
        self.world.schedule.at(self.paused_until - now, partial(self._resume, self.boots))

    @property
    def wall_ms(self) -> int:
        """By its own wall clock, which may be wrong."""
        return self.world.wall_ms + round(self._ahead_s * 1000)

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.wall_ms)

    def set_wall(self, ahead_s: float) -> None:
        self._ahead_s = ahead_s

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: as a pause, but that one of its clocks stands still."""
        if self.brain is not None:
            self.pause(seconds)
            self._slept_s += seconds * self.rate

    def go_on(self) -> None:
        """SIGCONT."""
        self.paused_until = self.world.schedule.now
        self._resume(self.boots)

    def _resume(self, boots: int) -> None:
        if self.boots != boots or not self.awake or self._stopped_at is None:
            return
        gap_s = (self.world.schedule.now - self._stopped_at) * self.rate
        self._stopped_at = None
        if gap_s > STALL_S:
            self.world.coverage.add("a stalled sentinel")
            self.contact.freshness.stalled(self.now)
            self.tell_all(Stalled(gap_s))
        late, self._late = self._late, []
        for call in late:
            call()

    @property
    def lags(self) -> bool:
        return bool(self.lag_s)

    def late_s(self) -> float:
        return 0.0

    def unread_s(self) -> float:
        return 0.0

    @property
    def spares(self) -> bool:
        """Whether it leaves rounds out, being late."""
        return False

    @property
    def read_up_to(self) -> float:
        """What has arrived by then has been taken in."""
        return self.world.schedule.now

    def when_awake(self, call: Callable[[], None], can_wait: object = None) -> None:
        """Now, or when the process goes on; never, if it is gone by then."""
        if self.awake and not self.lag_s:
            call()
        elif self.awake:
            rng, now = self.world.rng, self.world.schedule.now
            start = max(now + rng.uniform(0.0, self.lag_s), self._free_at)
            self.world.network.did[seen.LOOP] += start > now
            self._free_at = start + rng.uniform(0.0002, 0.001)
            self.world.schedule.at(start - now, partial(self._run_late, self.boots, call))
        elif self.running:
            self._late.append(call)

    def _run_late(self, boots: int, call: Callable[[], None]) -> None:
        if self.boots != boots:
            return
        if self.awake:
            call()
        else:
            self._late.append(call)

    def later(self, call: Callable[[], None]) -> None:
        """When the process goes on."""
        self._late.append(call)

    def boundary(self) -> bool:
        """Between two effects. False if the process died here."""
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in <= 0:
                self.world.network.did[seen.CRASHED] += 1
                self.world.tell(self.name, "crashes between two effects")
                self.crash(keep_lazy=self.world.rng.random() < 0.5)
                return False
        if self.stop_in is not None:
            left, seconds = self.stop_in
            self.stop_in = (left - 1, seconds) if left > 1 else None
            if left <= 1:
                self.world.network.did[seen.STOPPED] += 1
                self.world.tell(self.name, f"is stopped for {seconds:.1f} s between two effects")
                self.pause(seconds)
        return True

    # -- stepping ------------------------------------------------------------------------------

    def feed(self, given: GroupInput) -> None:
        if self.brain is None:
            return
        if not self.awake and not isinstance(given, Stalled):
            self._late.append(partial(self.feed, given))
            return
        if self._notes(self.brain, given):
            self.worked(given, stepped=False)
            return
        self.worked(given, stepped=True)
        try:
            self._effects.add(self._step(self.brain, given))
            self._steady.stepped(given)
        except (NotLeaderError, PeerViolationError):
            return
        self.world.checks.leads_for_something(self)
        self._stepped_at = self.now
        self.probing.follow()
        self._pump()
        self._arm()
        self._set_alarm()
        self.probing.look()
        self.stepped()

    def _notes(self, brain: Coordinator, given: GroupInput) -> bool:
        if isinstance(given, InfoSeen):
            return self._steady.notes(given, self.moment)
        return confirms(brain.member, given, self.now)

    def _step(self, brain: Coordinator, given: GroupInput) -> Iterable[GroupEffect]:
        """As the daemon's driver."""
        if isinstance(given, Gossip) and not given.looks:
            return said_again(brain.member, self.now)
        return brain.step(given, self.moment)

    def tell_all(self, given: Stalled | PeerGone | IdTwice) -> None:
        """Its registers."""
        self.feed(given)
        if self.ids is not None:
            self.ids.feed(given)

    def worked(self, given: GroupInput, *, stepped: bool) -> None:
        """It takes in ``given``; a process whose time is counted pays for that."""

    def stepped(self) -> None:
        """As the daemon's groups are called back after each step."""

    def ask_info(self, eye: Eye) -> None:
        """Because of an event; one with many groups does not ask for all at once."""
        eye.ask_info()

    def ask_link(self, eye: Eye) -> None:
        eye.ask_link()

    def _set_alarm(self) -> None:
        """As the daemon's date job: woken when a schedule is due."""
        schedule = self.brain.directives.schedule if self.brain is not None else None
        if schedule is None or schedule == self._alarm_for:
            return
        self._alarm_for = schedule
        boots = self.boots

        def ring() -> None:
            if self.boots == boots and self._alarm_for == schedule:
                self.feed(Wake())
                look()

        def look() -> None:
            left_s = (schedule.at_ms - self.wall_ms + 1) / 1000
            if left_s > 0:
                # The clock may be set in between.
                self.world.schedule.at(min(left_s, ALARM_S), ring)

        self.world.schedule.at(0.0, ring)

    def _arm(self) -> None:
        if self.brain is None:
            return
        at = self.brain.next_deadline(self._stepped_at)
        if at is None or (self._wake_at is not None and self._wake_at <= at):
            return
        self._wake_at = at
        delay_s = max(0.0, (at - self.now) / self.rate) + 1e-6
        self.world.schedule.at(delay_s, partial(self._wake, self.boots, at))

    def _wake(self, boots: int, at: float) -> None:
        def wake() -> None:
            if self.boots == boots and self._wake_at == at:
                self._wake_at = None
                self._wake_if_due()

        self.when_awake(wake) if self.lags else wake()

    def _wake_if_due(self) -> None:
        """As the daemon's drivers do it."""
        at = self.brain.next_deadline(self._stepped_at) if self.brain is not None and self.awake else None
        if not self.awake or (at is not None and at <= self.now):
            self.feed(Wake())
        else:
            self.worked(Wake(), stepped=False)
            self._arm()

    def _new_effects(self) -> Effects[GroupEffect]:
        return Effects(self.name, self._persist, self._apply, self._fail, self._hold, self._goes_on)

    def _goes_on(self) -> bool:
        return self.awake and self.boundary() and self.awake

    def _pump(self) -> None:
        self._effects.run()
        self._hold()

    def _hold(self) -> None:
        """What is left is done when the process goes on."""
        if self._effects.is_held and self.running and not self.awake:
            self._late.append(self._pump)

    def _persist(self, state: HardState, done: OnDurable) -> None:
        if self.disk_refuses:
            self._unwritten = state
            raise StoreError("the disk refuses")
        self.contact.note_stored()
        if self._effects.lazy:
            self._lazy = state
        else:
            delay_s = self.world.rng.uniform(0.3, 1.7) * self.fsync_s
            self.world.network.did[seen.SLOW_DISK] += delay_s > QUICK_S
            self.world.schedule.at(delay_s, partial(self._written, self.boots, state, done))

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, StoreError):
            raise error
        self._refused_write(self._unwritten)

    def _apply(self, effect: GroupEffect) -> None:
        match effect:
            case Send(to, message):
                self._send(to, message)
            case Read(token, nodes):
                self.probing.read(token, nodes)
            case Perform():
                self.hands.take(effect)
            case Command(node, words):
                self.hands.say(node, words)
            case Tell(notice):
                self.world.on_notice(self, notice)
            case LookAnew():
                self.probing.ask_all()

    def _refused_write(self, state: HardState) -> None:
        """Nothing that depends on it may be said, so the process ends.

        An fsync that fails does not tell whether what was written is there.
        """
        self.world.tell(self.name, "ends, for its disk refuses a write")
        self.world.coverage.add(REFUSED)
        if self.world.rng.random() < 0.5:
            self.world.checks.persisted(self.name, self.disk, state)
            self.disk, self._lazy = state, None
        self.crash(keep_lazy=self.world.rng.random() < 0.5)

    def _written(self, boots: int, state: HardState, done: OnDurable) -> None:
        if self.boots != boots:
            return
        if self.world.rng.random() < 0.5 and not self.boundary():
            return
        self.world.checks.persisted(self.name, self.disk, state)
        self.disk = state
        self._lazy = None
        self.when_awake(partial(done, None))

    # -- peers ---------------------------------------------------------------------------------

    def _send(self, to: str, message: Message) -> None:
        self.world.checks.sending(self.name, to, message, self.disk)
        peer = self.world.pairs.reached(self, to)
        if peer is None:
            return
        for delay_s in self.world.network.messages(self.name, to):
            self.world.schedule.at(delay_s, partial(self.deliver, peer, peer.receive, message))

    def deliver(self, peer: Host, take: Callable[[str, Message], None], message: Message) -> None:
        # A connection: what was sent to a process that is gone is lost, what its successor gets is new.
        network = self.world.network
        dialled = network.dials(self.name, peer.name) and self.world.pairs.has_link(self, peer)
        if network.reaches(self.name, peer.name) and dialled:
            peer.when_awake(partial(take, self.name, message))

    def receive(self, sender: str, message: Message) -> None:
        if sender not in self.links:
            return
        self.contact.heard(sender)
        if not self.contact.twins.is_twice(sender, self.now):
            self.feed(Received(sender, message))

    def _tick(self, boots: int) -> None:
        if self.boots != boots:
            return
        self.world.schedule.at(TICK_S / self.rate, partial(self._tick, boots))
        if self.awake:
            self._on_tick()
        elif self.running and not self._tick_waits:
            # Once for all that were missed.
            self._tick_waits = True
            self._late.append(self._on_tick)

    def _ask_peers(self, boots: int, every_s: float) -> None:
        """Whoever must see within the lease that it is cut off asks as often as a leader does."""
        if self.boots == boots:
            self.world.schedule.at(every_s / self.rate, partial(self._ask_peers, boots, every_s))
            if self.awake:
                self.contact.tick()

    def _on_tick(self) -> None:
        self._tick_waits = False
        self._ticks += 1
        look_for_twins(self)
        self._vouch()
        if not self.shape.rules.self_fence:
            self.contact.tick()
        quiet = self.brain is not None and self.brain.quiet
        if self._ticks % (GOSSIP_TICKS * (QUIET_GOSSIPS if quiet else 1)) == 0:
            self.gossip()
        if self.ids is not None and self._ticks % GOSSIP_TICKS == 0:
            self.ids.tick()
        self.probing.tick(self._ticks)

    def _vouch(self) -> None:
        """A start finds on disk whether what is there was all that this sentinel knew."""
        if self.brain is None:
            return
        if self.brain.member.view.listening or (self.ids is not None and self.ids.listens):
            self.vouched = False
            self.world.coverage.add(LISTENED)
        elif not self._effects.is_writing:
            self.vouched = self.vouched or self.disk.membership is not None

    def gossip(self) -> None:
        self.feed(Gossip(looks=self.probing.looks_at_gossip()))
