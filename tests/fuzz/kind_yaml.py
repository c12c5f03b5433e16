"""Configurations: each loads, and can be run with, or is refused with every problem named."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import config
from config.model import ApiSettings, ClusterSettings, SentinelSettings
from config.model_group import GroupSettings, NodeSettings, TlsSettings
from config.model_webhook import WebhookSettings
from sentinel.group.parameters import coordinator_config
from sentinel.nodes.access import node_spec
from sentinel.preflight.requirements import requirements
from sentinel.web.guard import make_guard
from tests.fuzz.kind import CANARY, Check, Kind, must, outline

_MODELS = (
    SentinelSettings, ClusterSettings, GroupSettings, NodeSettings, TlsSettings, WebhookSettings,
    ApiSettings,
)  # fmt: skip
_KEYS = sorted({f"\n      {name}: ".encode() for model in _MODELS for name in model.model_fields})
_WORDS = (
    b"&a ", b"*a", b"<<: ", b"- ", b"? ", b"!!python/object:os.system ", b"!!binary ", b"| ", b">-\n", b"~",
    b"#", b"${X}", b"${HOME:-x}", b"${", b"127.0.0.1:1", b"[::1]:1", b"250ms", b"5m", b"1e9s", b"true",
    b"2026-01-01", b"http://u:p@h/", b"../..", b"/dev/zero", b"!!float ", b"%YAML 1.1\n", b"---\n",
    b"...\n", b".inf", b"=",
)  # fmt: skip


def _place(problem: config.Problem) -> str:
    return problem.path.split(".")[0] if problem.path else ("line" if problem.line else "file")


@contextmanager
def _opened() -> Iterator[Check]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vedette.yml"

        def check(data: bytes) -> str:
            file.write_bytes(data)
            try:
                loaded = config.load(file, {"X": "1"})
            except config.ConfigError as error:
                must(CANARY not in str(error), f"a secret is told: {error}")
                must(bool(error.problems), "refused without a problem")
                for problem in error.problems:
                    must("\n" not in str(problem), f"more than a line: {problem}")
                    must("pydantic" not in str(problem), f"not in plain words: {problem}")
                    is_of_all = len(error.problems) == 1 or problem.message.endswith(" more problems")
                    must(bool(problem.path or problem.line) or is_of_all, f"names no place: {problem}")
                return f"{_place(error.problems[0])} {outline(error.problems[0].message)}"
            must(not any(CANARY in str(warning) for warning in loaded.warnings), "a secret is told")
            _use(loaded.settings)
            return f"loads, {len(loaded.warnings)} warnings, {len(loaded.settings.groups)} groups"

        yield check


def _use(settings: config.Settings) -> None:
    """What a start makes of it before anything is opened."""
    make_guard(settings)
    for name, group in settings.groups.items():
        coordinator_config(name, group)
        requirements(group)
        for node in group.nodes:
            node_spec(node)


YAML = Kind("yaml", _opened, (*_KEYS, *_WORDS))
