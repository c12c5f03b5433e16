"""The numbers of clients that hold a connection open to be notified: all limited numbers are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sentinel.process.client_room import HTTP, RESP, ClientRoom
from sentinel.process.waiting import Limit


class ClientCollector(Collector):
    """``limits`` by what the clients wait for; ``room``: that of all of them."""

    def __init__(self, limits: Mapping[str, Limit], room: ClientRoom) -> None:
        self._limits = limits
        self._room = room

    def collect(self) -> Iterable[Metric]:
        waiting = GaugeMetricFamily(
            "vedette_waiting_clients", "Clients that wait to be told something.", labels=["waiting_for"]
        )
        for what, limit in self._limits.items():
            waiting.add_metric([what], limit.inside)
        yield waiting
        connected = GaugeMetricFamily(
            "vedette_connected_clients", "Connections of clients and peers.", labels=["protocol"]
        )
        ended = CounterMetricFamily(
            "vedette_ended_clients",
            "Connections that were ended or refused because as many as there may be were connected.",
            labels=["protocol", "why"],
        )
        for protocol in (HTTP, RESP):
            connected.add_metric([protocol], self._room.inside[protocol])
            ended.add_metric([protocol, "made_way"], self._room.made_way[protocol])
            ended.add_metric([protocol, "refused"], self._room.refused[protocol])
        yield connected
        yield GaugeMetricFamily(
            "vedette_connected_clients_limit", "How many may be connected.", self._room.most
        )
        yield ended
