"""How many clients hold a connection open to be told something: what there is a limit on can be watched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sentinel.long_poll import Limit


class ClientCollector(Collector):
    """``limits`` by what the clients wait for."""

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        self._limits = limits

    def collect(self) -> Iterable[GaugeMetricFamily]:
        waiting = GaugeMetricFamily(
            "vedette_waiting_clients", "Clients that wait to be told something.", labels=["waiting_for"]
        )
        for what, limit in self._limits.items():
            waiting.add_metric([what], limit.inside)
        yield waiting
