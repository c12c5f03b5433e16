"""Metrics of a real failover: what they tell, how they are named, and that the reference names each."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from prometheus_client.metrics_core import Metric

from docs.generate.metrics_table import own_metrics
from sentinel.metrics.redis_exporter import PREFIX
from tests.checkout import CHECKOUT
from tests.integration.cluster import GROUP, Cluster
from tests.integration.receiver import SECRET, Receiver
from tests.metrics_lint import families, problems
from tests.programs import promtool
from tests.waiting import wait_for

STEP = "vedette_failover_step_duration_seconds"


@dataclass(frozen=True)
class Told:
    """``texts`` are what each sentinel exposed after the failover from ``old`` to ``new``.

    ``timeline`` has how often each step is in the history.
    """

    texts: list[str]
    nodes: list[str]
    old: str
    new: str
    timeline: Counter[str]

    @property
    def families(self) -> list[Metric]:
        return [family for text in self.texts for family in families(text)]

    def values(self, name: str, **labels: str) -> list[float]:
        """Of all sentinels, of the series that have these labels."""
        return [
            sample.value
            for family in self.families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def steps(self) -> Counter[str]:
        """How often each step was timed."""
        names = self.label(f"{STEP}_count", "step")
        return Counter({name: int(sum(self.values(f"{STEP}_count", step=name))) for name in names})

    def label(self, name: str, label: str) -> set[str]:
        return {
            sample.labels[label]
            for family in self.families
            for sample in family.samples
            if sample.name == name
        }


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    with (
        Receiver() as receiver,
        Cluster(extra={"webhooks": [{"url": receiver.url, "secret": SECRET}]}) as cluster,
    ):
        old = cluster.nodes[0]
        old.kill()
        new = cluster.wait_failover(old.name)
        old.restart()
        others = [node for node in cluster.nodes if node is not new]
        cluster.wait_replicas(new, *others)
        wait_for(lambda: receiver.of_type("failover.completed"), what="the webhook")

        def settled() -> Told | None:
            steps = history_steps(cluster)
            texts = [sentinel.text("/metrics") for sentinel in cluster.sentinels]
            found = Told(texts, [node.name for node in cluster.nodes], old.name, new.name, steps)
            lags = [found.values("vedette_replication_lag_seconds", node=node.name) for node in others]
            delivered = sum(found.values("vedette_webhook_deliveries_total", outcome="delivered"))
            calm = (
                all(lag == [0, 0, 0] for lag in lags)
                and found.values("vedette_replica_link_up") == [1] * 6
                and found.values("vedette_node_up") == [1] * 9
                and set(found.values("vedette_peer_in_touch")) == {1}
            )
            return found if calm and delivered > 0 and found.steps() == steps else None

        yield wait_for(settled, 30, "every sentinel to see every replica caught up, and all steps")


def history_steps(cluster: Cluster) -> Counter[str]:
    """How often each step is in the timelines that the sentinels keep, but for those that began one."""
    changes = cluster.sentinels[0].get(f"/v1/groups/{GROUP}/history")[1]["changes"]
    timelines = [change["timeline"] for change in changes if change["old"] is not None]
    return Counter(step["name"].partition(" ")[0] for timeline in timelines for step in timeline[1:])


def test_the_failover_is_counted_once_by_who_led_it(told: Told) -> None:
    labels = {"group": GROUP, "outcome": "completed", "cause": "refused"}
    assert sorted(told.values("vedette_failovers_total", **labels)) == [0, 0, 1]
    assert sum(told.values("vedette_failovers_total", outcome="completed")) == 1
    assert told.values("vedette_failover_duration_seconds_count", group=GROUP) == [1]
    (took_s,) = told.values("vedette_failover_duration_seconds_sum", group=GROUP)
    assert 0.03 <= took_s < 30
    term = told.values("vedette_topology_term", group=GROUP)
    assert len(set(term)) == 1 and len(term) == 3
    (at,) = set(told.values("vedette_last_failover_timestamp_seconds", group=GROUP))
    assert at > 1_700_000_000


def test_each_step_of_the_timeline_is_timed_by_who_took_it(told: Told) -> None:
    assert told.timeline["committed"] == 1
    assert told.steps() == told.timeline
    sums = told.values(f"{STEP}_sum", group=GROUP)
    assert all(seconds >= 0 for seconds in sums) and sum(sums) > 0


def test_who_is_what(told: Told) -> None:
    for node in told.nodes:
        assert told.values("vedette_node_up", group=GROUP, node=node) == [1, 1, 1]
        is_primary = [float(node == told.new)] * 3
        assert told.values("vedette_node_role", group=GROUP, node=node, role="primary") == is_primary
        assert told.values("vedette_node_objectively_down", group=GROUP, node=node) == [0, 0, 0]
    links = told.values("vedette_replica_link_up", group=GROUP)
    assert links == [1] * 6
    assert told.values("vedette_replication_lag_seconds", group=GROUP, node=told.new) == []
    assert set(told.values("vedette_peer_in_touch")) == {1}
    assert all(seconds > 0 for seconds in told.values("vedette_peer_round_trip_seconds"))
    assert told.values("vedette_majority_in_touch") == [1, 1, 1]
    assert all(count > 0 for count in told.values("vedette_probe_latency_seconds_count"))
    assert all(count > 0 for count in told.values("vedette_event_loop_lag_seconds_count"))


def test_dashboards_made_for_redis_exporter_see_the_group(told: Told) -> None:
    where = {"master_name": GROUP, "master_address": told.new}
    assert told.values(f"{PREFIX}master_status", **where, master_status="ok") == [1, 1, 1]
    assert told.values(f"{PREFIX}master_ok_slaves", **where) == [2, 2, 2]
    assert told.values(f"{PREFIX}master_ok_sentinels", **where) == [3, 3, 3]
    assert told.label(f"{PREFIX}master_status", "master_address") == {told.new}


def test_label_values_come_from_the_configuration_and_fixed_lists(told: Told) -> None:
    for family in told.families:
        for sample in family.samples:
            labels = sample.labels
            assert labels.get("group", GROUP) == GROUP
            assert labels.get("node", told.new) in told.nodes
            assert labels.get("peer", "s1") in {"s1", "s2", "s3"}
            assert labels.get("role", "primary") in {"primary", "replica", "unknown"}


def test_names_follow_the_conventions(told: Told) -> None:
    assert not [problem for text in told.texts for problem in problems(text)]


@pytest.mark.parametrize(
    "text",
    [
        "# HELP vedette_x Help.\n# TYPE vedette_x counter\nvedette_x 1\n",
        "# TYPE vedette_x gauge\nvedette_x 1\n",
        "# HELP vedette_lag_ms Lag.\n# TYPE vedette_lag_ms gauge\nvedette_lag_ms 1\n",
        "# HELP vedette_lag Lag.\n# TYPE vedette_lag gauge\nvedette_lag 1\n",
        "# HELP redisLag Lag.\n# TYPE redisLag gauge\nredisLag 1\n",
        "# HELP vedette_x_total All.\n# TYPE vedette_x_total gauge\nvedette_x_total 1\n",
        '# HELP vedette_x X.\n# TYPE vedette_x gauge\nvedette_x{nodeName="a"} 1\n',
    ],
)
def test_the_conventions_can_be_broken(text: str) -> None:
    assert list(problems(text))


def test_every_metric_is_in_the_reference_and_every_row_is_exposed(told: Told) -> None:
    page = (CHECKOUT / "docs/reference/metrics.md").read_text()
    block = page.partition("<!-- metrics -->")[2].partition("<!-- /metrics -->")[0]
    rows = set(re.findall(r"^\| `([a-z_]+)`", block, re.MULTILINE))
    for text in told.texts:
        exposed = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
        assert {name for name in exposed if not name.startswith("process_")} == rows
    assert {each.name for each in own_metrics()} == rows


def test_promtool_finds_nothing_to_complain_of(told: Told) -> None:
    command = [promtool(), "check", "metrics"]
    for text in told.texts:
        ours = "".join(line for line in text.splitlines(keepends=True) if PREFIX not in line)
        checked = subprocess.run(
            command,
            input=ours,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert checked.returncode == 0, checked.stderr
