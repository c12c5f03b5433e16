"""A valid configuration to change one thing in, and a way to load text as a file."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import config

VALID: dict[str, Any] = {
    "sentinel": {"id": "s1", "state_dir": "./state/s1", "http": "127.0.0.1:8701"},
    "cluster": {"members": {"s1": "127.0.0.1:8701", "s2": "127.0.0.1:8702", "s3": "127.0.0.1:8703"}},
    "groups": {"mymaster": {"nodes": ["127.0.0.1:6379", "127.0.0.1:6380"]}},
}


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The valid configuration with each value put at its dotted path."""
    tree: dict[str, Any] = copy.deepcopy(VALID)
    for path, value in changes:
        *parents, last = path.split(".")
        at = tree
        for key in parents:
            at = at.setdefault(key, {})
        at[last] = value
    return tree


def load_text(
    folder: Path, content: str | Mapping[str, Any], env: Mapping[str, str] | None = None
) -> config.Loaded:
    """Loads text, or a tree, as ``folder/vedette.yml``."""
    file = folder / "vedette.yml"
    text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
    file.write_text(text, encoding="utf-8")
    return config.load(file, env or {})


def problems(
    folder: Path, content: str | Mapping[str, Any], env: Mapping[str, str] | None = None
) -> list[str]:
    """Loads what must be refused, and gives ``path: message`` of each problem."""
    with pytest.raises(config.ConfigError) as caught:
        load_text(folder, content, env)
    return [f"{p.path}: {p.message}" if p.path else p.message for p in caught.value.problems]


def warnings(folder: Path, content: str | Mapping[str, Any]) -> list[str]:
    """Loads what is allowed, and gives ``path: message`` of each warning."""
    return [f"{p.path}: {p.message}" for p in load_text(folder, content).warnings]
