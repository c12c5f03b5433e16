"""Metrics for Prometheus that are counted as events happen; ``metrics.groups`` reads the rest from the
groups.

A failover is counted by the sentinel that led it, so the sum over all sentinels is the number of failovers.
Labels take their values only from the configuration and from fixed lists.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Collection, Iterable
from itertools import pairwise, product
from typing import TypeAlias, assert_never

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from promotion import events as work
from promotion.switchover import SWITCHOVER, UNWRITABLE
from quorum.messages import Grade
from sentinel.notices import leaders, nodes, operators
from sentinel.notices.change import Change
from sentinel.notices.notice import Notice
from sentinel.preflight.facts import GroupFacts

OPERATOR = "operator"

_NotCounted: TypeAlias = nodes.NodeEvent | operators.OperatorEvent | work.Event | leaders.OnTheWay
"""The events that no metric counts: gauges show the nodes' condition, read from the groups themselves."""
CAUSES = (*(grade.value for grade in Grade if grade is not Grade.NONE), OPERATOR, SWITCHOVER, UNWRITABLE)

_FAILOVER_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0)
_STEP_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_PROBE_BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_LOOP_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class Metrics:
    """One per process, with its own ``registry``. ``groups`` are the names of those that it watches."""

    def __init__(self, sentinel_id: str, version: str, groups: Collection[str] = ()) -> None:
        # When each series began would double their number, and nobody asks.
        disable_created_metrics()
        self.registry = registry = CollectorRegistry()
        self._sentinel_id = sentinel_id
        self._causes: dict[str, str] = {}
        self._steps_seen: dict[str, tuple[int, int]] = {}
        """Of each group's newest change: its term, and how many steps of its timeline are counted already."""
        Info("vedette_build", "This sentinel's program.", registry=registry).info({"version": version})
        self._failovers = _Failovers(groups)
        registry.register(self._failovers)
        self._durations = Histogram(
            "vedette_failover_duration_seconds",
            "From the first evidence, or the end of a pause, to the promotion, of failovers completed by "
            "this sentinel.",
            ("group",),
            buckets=_FAILOVER_BUCKETS_S,
            registry=registry,
        )
        self._steps = Histogram(
            "vedette_failover_step_duration_seconds",
            "From the step before to this one, in the timelines of changes made by this sentinel.",
            ("group", "step"),
            buckets=_STEP_BUCKETS_S,
            registry=registry,
        )
        self._probes = Histogram(
            "vedette_probe_latency_seconds",
            "From a PING to its reply.",
            buckets=_PROBE_BUCKETS_S,
            registry=registry,
        )
        self._loop_lag = Histogram(
            "vedette_event_loop_lag_seconds",
            "How late the event loop ran what was due, ten times a second.",
            buckets=_LOOP_BUCKETS_S,
            registry=registry,
        )
        self._loss = Gauge(
            "vedette_bytes_possibly_lost",
            "Upper bound of what the newest change of primary lost; absent until the old primary tells.",
            ("group",),
            registry=registry,
        )
        self._deliveries = Counter(
            "vedette_webhook_deliveries",
            "Attempts at delivering a webhook, by outcome.",
            ("outcome",),
            registry=registry,
        )
        self._pending = Gauge(
            "vedette_webhook_pending", "Webhooks that wait to be delivered.", registry=registry
        )
        self.preflight_problems = Gauge(
            "vedette_preflight_problems",
            "What would bite during a failover, as this sentinel's newest preflight found.",
            ("group", "severity"),
            registry=registry,
        )
        self._certificates = Gauge(
            "vedette_certificate_expires_timestamp_seconds",
            "Until when a TLS certificate holds, Unix time, as the newest preflight saw it: own, "
            "the last of its ca_file (ca), and each node's.",
            ("group", "certificate"),
            registry=registry,
        )
        self._listening = Gauge(
            "vedette_groups_without_part",
            "Groups in whose elections this sentinel takes no part, as its state may lack something.",
            registry=registry,
        )
        self._apart = Gauge(
            "vedette_peers_of_other_members",
            "Peers that are not listened to, as they have other members than this sentinel.",
            registry=registry,
        )
        self._twice = Gauge(
            "vedette_peers_running_twice",
            "Peers of whose ids there are two processes, so that neither counts.",
            registry=registry,
        )
        self._foreign = Gauge(
            "vedette_peers_of_another_cluster",
            "Peers whose cluster has another id, so that neither listens to the other.",
            registry=registry,
        )
        self._dead = Gauge("vedette_webhook_dead_letters", "Webhooks given up on.", registry=registry)
        for outcome in ("delivered", "failed", "dead"):
            self._deliveries.labels(outcome)
        self._stalls = _Stalls()
        registry.register(self._stalls)
        ProcessCollector(registry=registry)

    def watch(self, group: str) -> None:
        """One more group."""
        self._failovers.watch(group)

    def read_off(self, collector: Collector) -> None:
        """What is not counted here, but read at each scrape."""
        self.registry.register(collector)

    def on_notice(self, notice: Notice) -> None:
        event = notice.event
        if isinstance(event, _NotCounted):
            return
        match event:
            case leaders.FailoverStarted(cause=started):
                self._causes[notice.group] = started or OPERATOR
            case leaders.FailoverAborted():
                cause = self._causes.pop(notice.group, OPERATOR)
                self._failovers.count[notice.group, "aborted", cause] += 1
            case leaders.TopologyCommitted(made):
                self._causes.pop(notice.group, None)
                if made.leader == self._sentinel_id and made.previous is not None:
                    self._failovers.count[notice.group, "completed", made.cause] += 1
                    self._durations.labels(notice.group).observe(made.duration_ms / 1000)
                self._set_loss(notice.group, made.lost_bytes)
            case leaders.LossMeasured(made):
                self._set_loss(notice.group, made.lost_bytes)
            case leaders.Stalled():
                self._stalls.by_group[notice.group] += 1
            case _:
                assert_never(event)

    def on_timeline(self, change: Change) -> None:
        """Call it with the record of this sentinel's own change whenever it has more steps."""
        term, seen = self._steps_seen.get(change.group, (change.term, 0))
        if change.old_primary is None or change.term < term:
            return
        seen = seen if change.term == term else 0
        for before, step in pairwise(change.timeline[max(0, seen - 1) :]):
            name = step.name.partition(" ")[0]
            self._steps.labels(change.group, name).observe(max(0.0, step.at_ms - before.at_ms) / 1000)
        self._steps_seen[change.group] = (change.term, max(seen, len(change.timeline)))

    def _set_loss(self, group: str, lost_bytes: int | None) -> None:
        if lost_bytes is not None:
            self._loss.labels(group).set(lost_bytes)
        elif (group,) in self._loss._metrics:
            self._loss.remove(group)

    def observe_probe(self, seconds: float) -> None:
        self._probes.observe(seconds)

    def observe_loop_lag(self, seconds: float) -> None:
        self._loop_lag.observe(seconds)

    def on_delivery(self, outcome: str) -> None:
        """``outcome`` is ``delivered``, ``failed`` or ``dead``."""
        self._deliveries.labels(outcome).inc()

    def on_facts(self, group: str, facts: GroupFacts) -> None:
        """Record the facts of a preflight."""
        ends = {"own": facts.tls.own_ends_s, "ca": facts.tls.ca_ends_s}
        ends |= {node.name: node.certificate_ends_s for node in facts.nodes}
        for name, ends_s in ends.items():
            if ends_s is not None:
                self._certificates.labels(group, name).set(ends_s)

    def set_webhooks(self, pending: int, dead_letters: int) -> None:
        self._pending.set(pending)
        self._dead.set(dead_letters)

    def set_participation(self, without_part: int, apart: int, twice: int, foreign: int) -> None:
        self._listening.set(without_part)
        self._apart.set(apart)
        self._twice.set(twice)
        self._foreign.set(foreign)

    async def render(self, accept: str) -> tuple[bytes, str]:
        """The exposition in the format that the ``Accept`` header asks for, and its content type.

        For hundreds of groups it is half a megabyte, which a thread writes: probes must not wait for that.
        """
        encoder, content_type = choose_encoder(accept)
        collected = _Collected(list(self.registry.collect()))
        return await asyncio.to_thread(encoder, collected), content_type


class _Collected(Collector):
    """The contents of a registry at one moment, for an encoder."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class _Failovers(Collector):
    """Every combination is there from the start: a series that appears with its first event hides that event
    from increase(). As child metrics of the library they would be megabytes for hundreds of groups.
    """

    def __init__(self, groups: Collection[str]) -> None:
        self.count: Tally[tuple[str, str, str]] = Tally()
        self._groups = [*groups]

    def watch(self, group: str) -> None:
        self._groups.append(group)

    def collect(self) -> Iterable[CounterMetricFamily]:
        family = CounterMetricFamily(
            "vedette_failovers",
            "Failovers led by this sentinel, by how they ended and why they began.",
            labels=("group", "outcome", "cause"),
        )
        known = product(self._groups, ("completed", "aborted"), CAUSES)
        for labels in sorted({*known, *self.count}):
            family.add_metric(labels, self.count[labels])
        yield family


class _Stalls(Collector):
    """Every group tells of the same stall of the process, so the most that any group saw is their number."""

    def __init__(self) -> None:
        self.by_group: Tally[str] = Tally()

    def collect(self) -> Iterable[CounterMetricFamily]:
        most = max(self.by_group.values(), default=0)
        yield CounterMetricFamily(
            "vedette_stalls", "How often this process did not run for too long.", value=most
        )
