"""Reads what a client needs of a sentinel's configuration: the members and the API's token.

A client often runs on another machine than the sentinel, without the daemon's environment and secret files.
So only these settings are expanded and validated, and the token is read when a request needs it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from config.address import Address
from config.errors import Loc
from config.expand import expand, expand_text
from config.fields import StrictModel
from config.files import resolve_files
from config.model import ApiSettings, ClusterSettings
from config.report import Report
from config.section_validator import validate_section
from config.yaml_source import Yaml, read_document

Model = TypeVar("Model", bound=StrictModel)

_MEMBERS: Loc = ("cluster", "members")
_TOKEN: tuple[Loc, ...] = (("api", "token"), ("api", "token_file"))


@dataclass(frozen=True, slots=True)
class ClientPart:
    """``own`` is the id of the file's sentinel, or None where this machine's environment does not tell it."""

    file: Path
    members: Mapping[str, Address]
    own: str | None
    _source: Mapping[str, Yaml]
    _report: Report
    _env: Mapping[str, str]

    def token(self) -> str | None:
        """The API's token, or None if the file names none. Raises ``ConfigError`` if it cannot be read."""
        report = self._report.only_about(_TOKEN)
        tree = _section(self._source, _TOKEN, self._env, report)
        resolve_files(tree, report)
        api = _validated(ApiSettings, "api", tree, self._source, report)
        report.raise_if_any()
        return api.token.get_secret_value() if api is not None and api.token is not None else None


def load_client_part(path: Path, env: Mapping[str, str] = os.environ) -> ClientPart:
    """Raises ``ConfigError`` with the problems of the members, or if the file cannot be read as YAML."""
    document = Report(path)
    source = read_document(document)
    report = document.only_about((_MEMBERS,))
    tree = _section(source, (_MEMBERS,), env, report)
    cluster = _validated(ClusterSettings, "cluster", tree, source, report)
    report.raise_if_any()
    assert cluster is not None
    return ClientPart(path, cluster.members, _own(source, env), source, document, env)


def _section(
    source: Mapping[str, Yaml], locs: tuple[Loc, ...], env: Mapping[str, str], report: Report
) -> dict[str, Yaml]:
    """A tree of only the settings at ``locs``, expanded. A section that is no mapping stays what it is."""
    tree: dict[str, Yaml] = {}
    for section, key in locs:
        found = source.get(str(section))
        if not isinstance(found, dict):
            tree[str(section)] = found
        elif key in found:
            kept = tree.setdefault(str(section), {})
            assert isinstance(kept, dict)
            kept[str(key)] = expand(found[str(key)], env, report, (section, key))
    return tree


def _validated(
    model: type[Model], name: str, tree: Mapping[str, Yaml], source: Mapping[str, Yaml], report: Report
) -> Model | None:
    return validate_section(model, tree.get(name), source.get(name), (name,), report)


def _own(source: Mapping[str, Yaml], env: Mapping[str, str]) -> str | None:
    sentinel = source.get("sentinel")
    own = sentinel.get("id") if isinstance(sentinel, dict) else None
    try:
        return expand_text(own, env) if isinstance(own, str) else None
    except ValueError:
        return None
