"""Whatever the file holds: it loads, or raises ``ConfigError`` in plain English; never another error."""

from __future__ import annotations

import contextlib
import copy
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

import config
from config.model import ApiSettings, ClusterSettings, SentinelSettings, Settings
from config.model_group import GroupSettings, NodeSettings, TlsSettings
from config.model_webhook import WebhookSettings
from tests.unit.config.config_cases import VALID

MODELS = (
    Settings,
    SentinelSettings,
    ClusterSettings,
    GroupSettings,
    NodeSettings,
    TlsSettings,
    WebhookSettings,
    ApiSettings,
)
KEYS = sorted({name for model in MODELS for name in model.model_fields} | {"s1", "mymaster", "<<"})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.binary(max_size=5)
    | st.text(max_size=10)
    | st.sampled_from(
        ["1s", "a:1", "b:2", "127.0.0.1:8701", "${X}", "${HOME:-x}", "http://u:p@h", "../..", "/dev/zero"]
    )
)
KEY = st.sampled_from(KEYS) | st.text(max_size=5)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=5),
    max_leaves=12,
)
PLACES = (
    *((section,) for section in VALID),
    *((section, key) for section in VALID for key in VALID[section]),
    *(("groups", "mymaster", key) for key in GroupSettings.model_fields),
    *(("defaults", key) for key in GroupSettings.model_fields),
    *(("cluster", key) for key in ClusterSettings.model_fields),
    ("webhooks",),
    ("api",),
)


def must_load_or_explain(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vedette.yml"
        file.write_bytes(data)
        try:
            config.load(file, {"X": "1"})
            return
        except config.ConfigError as error:
            problems = error.problems
    assert problems
    for problem in problems:
        assert "\n" not in str(problem)
        assert not problem.message.endswith("is not valid"), problem
        assert "pydantic" not in str(problem)


def dumped(tree: Any) -> bytes:
    return bytes(yaml.safe_dump(tree, allow_unicode=True, encoding="utf-8"))


@given(st.dictionaries(KEY, TREES, max_size=6))
@settings(deadline=None)
def test_any_mapping_loads_or_is_explained(tree: dict[str, Any]) -> None:
    must_load_or_explain(dumped(tree))


@given(st.lists(st.tuples(st.sampled_from(PLACES), TREES), min_size=1, max_size=4))
@settings(deadline=None, max_examples=300)
def test_a_good_file_with_anything_put_in_loads_or_is_explained(
    changes: list[tuple[tuple[str, ...], Any]],
) -> None:
    tree: Any = copy.deepcopy(VALID)
    for place, value in changes:
        at = tree
        with contextlib.suppress(TypeError, AttributeError):
            for key in place[:-1]:
                at = at.setdefault(key, {})
            at[place[-1]] = value
    must_load_or_explain(dumped(tree))


@given(st.binary(max_size=60) | st.text("{}[]:,&*!<-?|>'\"%@` \nab01~#\\xuU$", max_size=60).map(str.encode))
@example(b"!$\n(:")
@settings(deadline=None, max_examples=300)
def test_any_bytes_load_or_are_explained(data: bytes) -> None:
    must_load_or_explain(data)
