"""The checked-in JSON Schema is current, and agrees with the loader where a schema can."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from config.schema import FILE, json_schema
from config.settings_table import SECTIONS, settings_table
from tests.unit.config.config_cases import VALID, changed, load_text

EXAMPLE = """\
sentinel:
  id: s1
  state_dir: ./state/s1
  http: 127.0.0.1:8701
  resp: 127.0.0.1:26379
cluster:
  secret_file: ./cluster.secret
  members: {s1: 127.0.0.1:8701, s2: 127.0.0.1:8702, s3: 127.0.0.1:8703}
defaults:
  down_after: 1s
groups:
  mymaster:
    nodes: [127.0.0.1:6379, 127.0.0.1:6380, {address: 127.0.0.1:6381, priority: 50, zone: b}]
    quorum: 2
    down_after: 1s
    refused_after: 100ms
    failover_timeout: 10s
    parallel_syncs: 1
    username: vedette
    password: ${REDIS_PASSWORD:-none}
    tls: {verify: true}
webhooks:
  - url: http://127.0.0.1:9000/hook
    secret_file: ./webhook.secret
    events: [failover.completed]
api: {token_file: ./api.token}
"""


def is_valid(tree: Any) -> bool:
    return bool(Draft202012Validator(json_schema()).is_valid(tree))


def test_the_checked_in_schema_is_current() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == json_schema(), (
        "run python -m config.schema --write"
    )


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_the_documented_example_is_valid_and_loads(tmp_path: Path) -> None:
    for name in ("cluster.secret", "webhook.secret", "api.token"):
        (tmp_path / name).write_text("0123456789abcdef\n", encoding="utf-8")
    assert is_valid(yaml.safe_load(EXAMPLE))
    assert load_text(tmp_path, EXAMPLE).warnings == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sentinel.http", "${HTTP}"),
        ("cluster.members.s1", "${S1:-a:1}"),
        ("groups.mymaster.nodes", ["${NODE}"]),
        ("groups.mymaster.quorum", "${QUORUM}"),
        ("groups.mymaster.discover_replicas", "${DISCOVER}"),
        ("groups.mymaster.down_after", "${AFTER:-1s}"),
        ("groups.mymaster.tls", True),
        ("groups.mymaster.fence_key", False),
        ("sentinel.log_level", "${LEVEL:-info}"),
        ("webhooks", [{"url": "http://h", "secret": "s", "events": ["${EVENT}"]}]),
    ],
)
def test_what_may_be_written_is_valid(path: str, value: Any) -> None:
    assert is_valid(changed((path, value)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("extra", 1),
        ("sentinel.idd", "x"),
        ("sentinel.http", "127.0.0.1"),
        ("sentinel.log_level", "loud"),
        ("cluster.lease", "1 sec"),
        ("cluster.lease", 1),
        ("cluster.members", {"a b": "a:1"}),
        ("groups", {}),
        ("groups.a b", {"nodes": ["a:1"]}),
        ("groups.mymaster", {}),
        ("groups.mymaster.nodes", "a:1"),
        ("groups.mymaster.nodes", [{"adress": "a:1"}]),
        ("groups.mymaster.quorum", "two"),
        ("groups.mymaster.tls", {"ca": "x"}),
        ("groups.mymaster.fence_key", True),
        ("defaults.nodes", ["a:1"]),
        ("webhooks", [{"url": "http://h"}]),
        ("webhooks", [{"url": "http://h", "secret": "s", "secret_file": "f"}]),
        ("webhooks", [{"url": "http://h", "secret": "s", "events": ["none"]}]),
    ],
)
def test_what_is_refused_is_not_valid(path: str, value: Any) -> None:
    assert is_valid(VALID)
    assert not is_valid(changed((path, value)))


def test_default_durations_are_written_as_people_write_them() -> None:
    assert json_schema()["$defs"]["GroupDefaults"]["properties"]["refused_after"]["default"] == "30ms"


def test_the_table_has_every_setting_with_a_meaning() -> None:
    table = settings_table()
    for path, model in SECTIONS:
        assert f"### `{path}`" in table
        for name, field in model.model_fields.items():
            assert field.description
            assert f"| `{name}` |" in table
    assert "| `down_after` | `1s` | A node without a valid reply for this long is down. |" in table
    assert "PydanticUndefined" not in table
