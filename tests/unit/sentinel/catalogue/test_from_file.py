"""The groups of the configuration file are opened in its order, and are all that there ever are."""

from __future__ import annotations

from pathlib import Path

import pytest

import config
from sentinel.catalogue.catalogue import GroupOpened
from sentinel.catalogue.from_file import FileCatalogue

FILE = """
sentinel: {id: s1, state_dir: ./state, http: 127.0.0.1:8701}
cluster:
  members: {s1: 127.0.0.1:8701}
groups:
  b: {nodes: [127.0.0.1:6379]}
  a: {nodes: [127.0.0.1:6380]}
"""


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    file = tmp_path / "vedette.yml"
    file.write_text(FILE)
    return config.load(file, {}).settings


def test_whoever_follows_is_told_of_each_group_at_once(settings: config.Settings) -> None:
    told: list[GroupOpened] = []
    FileCatalogue(settings).on_change(told.append)
    assert told == [GroupOpened(name, settings.groups[name]) for name in ("b", "a")]


def test_nobody_adds_to_it(settings: config.Settings) -> None:
    catalogue = FileCatalogue(settings)
    assert list(catalogue.groups) == ["b", "a"]
    with pytest.raises(TypeError):
        catalogue.groups["later"] = catalogue.groups["a"]  # type: ignore[index]
