"""The gauges by which oliver006/redis_exporter shows a Redis Sentinel, so that its dashboards show Vedette
too.

Names, labels and units are that project's (``exporter/sentinels.go``). Gauges without a counterpart are left
out: TILT is over the moment it is noticed, and there are no scripts. Vedette's own metrics show more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from quorum.messages import Topology
from sentinel.group.driver import GroupDriver
from sentinel.group.view import GroupView
from sentinel.peers.in_touch import InTouch
from sentinel.process import clock
from sentinel.resp import masters as resp_masters

PREFIX = "redis_sentinel_"
_MASTER = ("master_name", "master_address")


class RedisExporterCollector(Collector):
    def __init__(self, drivers: Mapping[str, GroupDriver], in_touch: InTouch) -> None:
        self._drivers = drivers
        self._in_touch = in_touch

    def collect(self) -> Iterable[GaugeMetricFamily]:
        masters = GaugeMetricFamily(f"{PREFIX}masters", "How many groups this sentinel watches.")
        masters.add_metric([], len(self._drivers))
        families = _MasterFamilies(self._in_touch)
        now = clock.monotonic()
        for driver in self._drivers.values():
            families.add(driver.view, now)
        return masters, *families.all()


class _MasterFamilies:
    def __init__(self, in_touch: InTouch) -> None:
        self._sentinels = len(in_touch.membership.voters)
        self._ok_sentinels = len(in_touch.members())
        self._elects = in_touch.elects()
        self._status = _gauge("status", "1 while the primary is up.", *_MASTER, "master_status")
        self._ckquorum = _gauge(
            "ckquorum_status", "1 while a failover could be agreed on.", "master_name", "message"
        )
        self._numbers = {
            name: _gauge(name, text, *_MASTER)
            for name, text in (
                ("slaves", "How many replicas the group has."),
                ("ok_slaves", "How many of them are up."),
                ("sentinels", "How many sentinels watch the group."),
                ("ok_sentinels", "How many of them are in touch, this one included."),
                ("config_epoch", "The term in which the primary was agreed on."),
                ("last_ok_ping_reply_seconds", "Since the primary's last valid reply."),
                ("setting_ckquorum", "The group's quorum."),
                ("setting_failover_timeout", "The group's failover_timeout, in milliseconds."),
                ("setting_parallel_syncs", "The group's parallel_syncs."),
                ("setting_down_after_milliseconds", "The group's down_after, in milliseconds."),
            )
        }

    def all(self) -> tuple[GaugeMetricFamily, ...]:
        return self._status, self._ckquorum, *self._numbers.values()

    def add(self, view: GroupView, now: float) -> None:
        """A group whose primary is not agreed on yet has no master to tell of."""
        where = view.primary_address
        if where is None or view.published is None:
            return
        labels = [view.name, f"{where[0]}:{where[1]}"]
        status = resp_masters.flags_line(view)
        self._status.add_metric([*labels, status], status == "ok")
        self._ckquorum.add_metric([view.name, self._message()], self._elects)
        for name, value in self._values(view, view.published, now).items():
            if math.isfinite(value):
                self._numbers[name].add_metric(labels, value)

    def _message(self) -> str:
        usable = f"{self._ok_sentinels} usable Sentinels."
        if self._elects:
            return f"OK {usable} Quorum and failover authorization can be reached"
        return f"NOQUORUM {usable} Not enough available Sentinels to reach the majority"

    def _values(self, view: GroupView, topology: Topology, now: float) -> Mapping[str, float]:
        rules, primary = view.rules, view.node(topology.primary)
        replicas = [node for node in view.nodes.values() if node.name != topology.primary]
        return {
            "slaves": len(replicas),
            "ok_slaves": sum(not node.verdict.down for node in replicas),
            "sentinels": self._sentinels,
            "ok_sentinels": self._ok_sentinels,
            "config_epoch": topology.term,
            "last_ok_ping_reply_seconds": primary.silence_s(now) if primary is not None else 0.0,
            "setting_ckquorum": rules.quorum,
            "setting_failover_timeout": round(rules.failover_timeout_s * 1000),
            "setting_parallel_syncs": rules.parallel_syncs,
            "setting_down_after_milliseconds": round(rules.down_after_s * 1000),
        }


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}master_{name}", text, labels=labels)
