"""The alert rules and the dashboard ask for metrics and labels that there are, and Prometheus takes them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.generate.metrics_table import own_metrics, sample_names
from tests.checkout import CHECKOUT
from tests.programs import promtool

pytestmark = pytest.mark.unit

PROMETHEUS = CHECKOUT / "examples" / "prometheus"
DASHBOARD = CHECKOUT / "examples" / "grafana" / "vedette.json"
NAMES = re.compile(r"\b((?:vedette|redis_sentinel|process)_[a-z_]+)")
MATCHERS = re.compile(r"\{([^{}]*)\}")
GROUPED = re.compile(r"\b(?:by|without|on)\s*\(([^()]*)\)")
FROM_PROMETHEUS = frozenset({"job", "instance", "le"})


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return list(group["rules"])


def dashboard() -> dict[str, Any]:
    return dict(json.loads(DASHBOARD.read_text()))


def queries() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (each["expr"] for each in dashboard()["annotations"]["list"])


def known() -> tuple[set[str], set[str]]:
    """What can be asked for, and by which labels."""
    metrics = own_metrics()
    names = {name for metric in metrics for name in sample_names(metric)} | {"process_cpu_seconds_total"}
    return names, {label for metric in metrics for label in metric.labels} | FROM_PROMETHEUS


def unknown(expressions: Iterable[str]) -> set[str]:
    names, labels = known()
    found: set[str] = set()
    for expression in expressions:
        found |= set(NAMES.findall(expression)) - names
        matched = [
            part.partition("=")[0].strip("!~ ") for m in MATCHERS.findall(expression) for part in m.split(",")
        ]
        grouped = [part.strip() for m in GROUPED.findall(expression) for part in m.split(",")]
        found |= {label.strip() for label in [*matched, *grouped] if label.strip()} - labels
    return found


def run_promtool(*arguments: str, directory: Path = PROMETHEUS) -> None:
    checked = subprocess.run(
        [promtool(), *arguments], cwd=directory, capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alerts_ask_for_what_there_is() -> None:
    assert not unknown(rule["expr"] for rule in rules())


def test_each_alert_has_its_runbook() -> None:
    for rule in rules():
        url = rule["annotations"]["runbook_url"]
        assert url == f"docs/operations/alerts/{rule['alert']}.md"
        assert (CHECKOUT / url).exists()
    pages = {path.stem for path in (CHECKOUT / "docs/operations/alerts").glob("*.md")} - {"README"}
    assert pages == {rule["alert"] for rule in rules()}


def test_the_dashboard_asks_for_what_there_is() -> None:
    assert len(list(queries())) > 20
    assert not unknown(queries())


@pytest.mark.parametrize(
    "expression", ["vedette_nodes_up", 'vedette_node_up{name="x"}', "max by (server) (vedette_node_up)"]
)
def test_what_there_is_not_is_noticed(expression: str) -> None:
    assert len(unknown([expression])) == 1


def test_every_alert_can_be_routed_and_read() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket", "info"}, rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]


def test_prometheus_takes_the_configuration_and_the_rules_do_what_they_say() -> None:
    run_promtool("check", "config", "prometheus.yml")
    run_promtool("check", "rules", "--lint-fatal", "alerts.yml")
    run_promtool("test", "rules", "alerts_test.yml")


def test_prometheus_takes_the_dashboard_s_queries(tmp_path: Path) -> None:
    made = [
        {"record": f"q{number}", "expr": re.sub(r"\$__(rate_interval|range)", "5m", query)}
        for number, query in enumerate(queries())
    ]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": made}]}))
    run_promtool("check", "rules", "queries.yml", directory=tmp_path)


def test_a_sentinel_s_first_failover_is_on_the_dashboard(tmp_path: Path) -> None:
    """These series begin with their first event, which ``increase`` does not see."""
    panels = {
        panel["title"]: panel["targets"][0]["expr"] for panel in dashboard()["panels"] if "targets" in panel
    }
    took, went = (
        re.sub(r"\$__(rate_interval|range)", "1m", panels[title].replace("$group", ".*"))
        for title in ("How long they took", "Where the time went")
    )
    labels, step = '{group="g", instance="s1"}', '{group="g", instance="s1", step="elected"}'
    series = {
        f"vedette_failover_duration_seconds_sum{labels}": "_x3 2x9 5x20",
        f"vedette_failover_duration_seconds_count{labels}": "_x3 1x9 2x20",
        f"vedette_failover_step_duration_seconds_sum{step}": "_x3 2x9 5x20",
        f"vedette_failover_step_duration_seconds_count{step}": "_x3 1x9 2x20",
    }
    expected = [
        (took, "1m", '{group="g"}', 2.0),
        (took, "2m15s", None, 0.0),
        (took, "3m30s", '{group="g"}', 3.0),
        (went, "1m", '{step="elected"}', 2.0),
        (went, "6m", '{step="elected"}', 2.5),
    ]
    test = {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": expr, "eval_time": at, "exp_samples": [{"labels": of, "value": value}] if of else []}
            for expr, at, of, value in expected
        ],
    }
    (tmp_path / "dashboard_test.yml").write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}))
    run_promtool("test", "rules", "dashboard_test.yml", directory=tmp_path)


def test_panels_are_distinct_and_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: dict[tuple[int, int], str] = {}
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for cell in (
            (x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
        ):
            assert cell not in taken, f"{panel['title']} lies over {taken[cell]}"
            taken[cell] = panel["title"]
        assert panel["type"] == "row" or panel["description"], panel["title"]
