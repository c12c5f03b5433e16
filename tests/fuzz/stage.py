"""One group of a sentinel, with all that is told and shown of it, for inputs that reach its core."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from prometheus_client import CollectorRegistry, generate_latest
from pydantic import TypeAdapter

from promotion.step_types import Step, Taken
from quorum.membership import Membership
from quorum.messages import HardState, Message
from sentinel.group.driver import GroupDriver
from sentinel.metrics.groups import GroupCollector
from sentinel.metrics.redis_exporter import RedisExporterCollector
from sentinel.metrics.registry import Metrics
from sentinel.notices import story
from sentinel.notices.notice import Notice
from sentinel.notices.recorder import Recorder
from sentinel.operations.book import Operations
from sentinel.peers.in_touch import InTouch
from sentinel.peers.wire import encode_item
from sentinel.preflight.report import Report
from sentinel.process import clock
from sentinel.resp import masters as resp_masters
from sentinel.resp.codec import encode
from sentinel.state.thread import OnDurable
from sentinel.status import group as group_status
from sentinel.status.authority import Authority
from sentinel.status.can_fail_over import FailoverChances
from sentinel.webhooks.alerts import Alerts
from tests.fuzz.kind import BrokenRuleError, must
from tests.unit.quorum.member_cases import hard_state
from tests.unit.sentinel.http_cases import GROUP, HEALTHY, TERM_7, MemoryRedis, make_driver

MEMBERS = frozenset({"s1", "s2", "s3"})
PEERS = frozenset({"s2", "s3"})
IN_TOUCH = InTouch("s1", Membership.of(MEMBERS), lambda: PEERS)
_HARD_STATE = TypeAdapter(HardState)

logging.getLogger(story.__name__).addHandler(logging.NullHandler())


class _Ports(MemoryRedis):
    """Whatever the core wants sent or stored must be fit for it."""

    said = 0

    def send(self, to: str, message: Message) -> None:
        self.said += 1
        encode_item(GROUP, message)

    def persist(self, state: HardState, done: OnDurable) -> None:
        written = _HARD_STATE.dump_json(state)
        must(_HARD_STATE.validate_json(written, strict=True) == state, "what is stored is read as another")
        super().persist(state, done)

    async def take(self, step: Step, term: int, guard: Callable[[], bool]) -> Taken:
        return Taken()

    async def command(self, node: str, words: tuple[str, ...]) -> None:
        pass


class GroupStage:
    """s1's, of three, that knows A as the primary, and whose nodes are well."""

    def __init__(self) -> None:
        self.ports = _Ports(dict(HEALTHY), self._on_notice)
        self._operations, self._metrics = Operations("s1"), Metrics("s1", "1.2.3", (GROUP,))
        self._alerts = Alerts(IN_TOUCH, 1)
        self._recorder = Recorder(GROUP, "s1", lambda _change: None, lambda _change: None)
        self.told = 0
        self.driver: GroupDriver = make_driver(GROUP, self.ports, members=MEMBERS, topology=TERM_7)
        self.ports.look()

    def _on_notice(self, notice: Notice) -> None:
        """As the daemon passes it on."""
        self.told += 1
        story.tell(notice)
        self._metrics.on_notice(notice)
        self._operations.on_notice(notice)
        self._recorder.on_notice(notice, clock.monotonic())
        for alert in self._alerts.on_notice(notice, 1_800_000_000_000):
            alert.event.body()

    @property
    def shown(self) -> str:
        """Everything that is agreed on, by the API."""
        return _HARD_STATE.dump_json(hard_state(self.driver.coordinator.member)).decode()

    async def settle(self) -> None:
        """Until nothing more follows from what was fed in, of what needs no time."""
        for _ in range(20):
            await asyncio.sleep(0)
        if self.ports.fatal_errors:
            raise BrokenRuleError("the sentinel would end") from self.ports.fatal_errors[0]

    def show(self) -> None:
        """Nobody's view of it may fail."""
        now, driver = clock.monotonic(), self.driver
        view = driver.view
        group_status.group(driver, IN_TOUCH, now).model_dump_json()
        registry, drivers = CollectorRegistry(), {GROUP: driver}
        registry.register(
            GroupCollector(
                drivers=drivers,
                authority=Authority(IN_TOUCH),
                chances=FailoverChances(in_touch=IN_TOUCH, preflight=lambda _: Report()),
                peers=dict,
            )
        )
        registry.register(RedisExporterCollector(drivers, IN_TOUCH))
        generate_latest(registry)
        generate_latest(self._metrics.registry)
        encode(resp_masters.master(view, 3), 3)
        encode([*resp_masters.replicas(view)], 2)
        resp_masters.flags_line(view)
        if view.published is not None:
            group_status.primary(
                view, view.published, stale=False, age_s=1.0, wall_ms=1_800_000_000_000
            ).model_dump_json()

    async def close(self) -> None:
        await self.driver.close()
