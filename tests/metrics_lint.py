"""Prometheus's conventions for names, as a check of an exposition; ``promtool`` knows some of them too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from sentinel.metrics.redis_exporter import PREFIX

NAME = re.compile(r"(vedette|process)(_[a-z]+)+")
LABEL = re.compile(r"[a-z]+(_[a-z]+)*")
NOT_BASE = re.compile(
    r"(^|_)(milliseconds?|ms|us|ns|microseconds?|nanoseconds?|minutes?|hours?|days?"
    r"|kilobytes?|kb|mb|megabytes?|gigabytes?|bits?|percent|time)(_|$)"
)
QUANTITIES: dict[str, str | tuple[str, ...]] = {
    "duration": "_seconds",
    "lag": ("_seconds", "_bytes"),
    "latency": "_seconds",
    "silence": "_seconds",
}
RESERVED = ("_total", "_count", "_sum", "_bucket", "_info", "_created")


def families(text: str) -> list[Metric]:
    return list(text_string_to_metric_families(text))


def is_theirs(metric: Metric) -> bool:
    """Named by redis_exporter, or by the client library: taken as they are."""
    return metric.name.startswith((PREFIX, "process_"))


def problems(text: str) -> Iterator[str]:
    """What is wrong with our metrics in an exposition."""
    # The parser gives every counter its ending, so this is seen in the text alone.
    for name in re.findall(r"^# TYPE (\S+) counter$", text, re.MULTILINE):
        if not name.endswith("_total"):
            yield f"{name}: a counter that does not end in _total"
    for metric in families(text):
        if not is_theirs(metric):
            yield from _problems(metric)


def _problems(metric: Metric) -> Iterator[str]:
    name = metric.name
    if not metric.documentation.strip().endswith("."):
        yield f"{name}: the help is not a sentence"
    if not NAME.fullmatch(name):
        yield f"{name}: not in snake case behind vedette_"
    if NOT_BASE.search(name):
        yield f"{name}: not in a base unit"
    for quantity, units in QUANTITIES.items():
        if quantity in name.split("_") and not name.endswith(units):
            yield f"{name}: a {quantity} without its unit at the end"
    if metric.type == "gauge" and name.endswith(RESERVED) and name != "vedette_build_info":
        yield f"{name}: a gauge with the ending of another type"
    if metric.type == "unknown":
        yield f"{name}: no TYPE"
    labels = {label for sample in metric.samples for label in sample.labels}
    for label in sorted(labels - {"le"}):
        if not LABEL.fullmatch(label):
            yield f"{name}: label {label}"
