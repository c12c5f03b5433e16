"""The table of all metrics, made from what a sentinel registers, whether or not it has samples yet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

from sentinel.metrics.redis_exporter import PREFIX
from tests.unit.sentinel.http_cases import running

FROM_CLIENT_LIBRARY = "process_"


@dataclass(frozen=True)
class Described:
    """A metric as ``/metrics`` names it."""

    name: str
    type: str
    labels: tuple[str, ...]
    help: str


def described(registry: CollectorRegistry) -> list[Described]:
    """Every metric of ``registry``, in order of name; those of the process itself are the library's."""
    found = {
        metric.name: Described(_exposed(metric), metric.type, labels, metric.documentation)
        for metric, labels in _families(registry)
        if not metric.name.startswith(FROM_CLIENT_LIBRARY)
    }
    return [found[name] for name in sorted(found)]


@cache
def own_metrics() -> tuple[Described, ...]:
    """A sentinel's, as its HTTP API has them."""

    async def collect() -> tuple[Described, ...]:
        with TemporaryDirectory() as directory:
            async with running(Path(directory)) as world:
                return tuple(described(world.metrics.registry))

    # A loop of its own: whoever asks may have one already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, collect()).result()


def sample_names(metric: Described) -> tuple[str, ...]:
    """What can be asked for in a query."""
    endings = ("_bucket", "_sum", "_count") if metric.type == "histogram" else ("",)
    return tuple(metric.name + ending for ending in endings)


def metrics_table() -> str:
    rows = [
        f"| `{each.name}` | {each.type} | {_code(each.labels)} | {each.help} |"
        for each in own_metrics()
        if not each.name.startswith(PREFIX)
    ]
    theirs = [
        f"| `{each.name}` | {_code(each.labels)} | {each.help} |"
        for each in own_metrics()
        if each.name.startswith(PREFIX)
    ]
    return "\n".join(
        [
            "| metric | type | labels | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
            "As redis_exporter names them, all gauges:",
            "",
            "| metric | labels | meaning |",
            "|---|---|---|",
            *theirs,
        ]
    )


def _families(registry: CollectorRegistry) -> Iterator[tuple[Metric, tuple[str, ...]]]:
    for collector in list(registry._collector_to_names):
        for metric in collector.collect():
            source = collector if isinstance(collector, MetricWrapperBase) else metric
            labels = getattr(source, "_labelnames", ())
            # What never has more than one series (build_info) has its labels in the sample alone.
            if not labels and metric.type == "info" and metric.samples:
                labels = tuple(metric.samples[0].labels)
            yield metric, tuple(labels)


def _exposed(metric: Metric) -> str:
    suffix = {"counter": "_total", "info": "_info"}.get(metric.type, "")
    return metric.name + suffix


def _code(labels: tuple[str, ...]) -> str:
    return ", ".join(f"`{label}`" for label in labels)
