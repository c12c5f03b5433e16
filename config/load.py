"""Loads settings from a file: read, expand, resolve files, validate, cross-check; raise once, or return."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.advice import find_warnings
from config.cross_checks import find_errors
from config.draft import Draft
from config.draft_reader import read_draft
from config.errors import Problem
from config.expand import expand
from config.files import resolve_files
from config.model import Settings
from config.report import Report
from config.yaml_source import read_document


@dataclass(frozen=True, slots=True)
class Loaded:
    """A usable configuration, and warnings about it."""

    file: Path
    settings: Settings
    warnings: tuple[Problem, ...]


def load(path: Path, env: Mapping[str, str] = os.environ) -> Loaded:
    """Reads the configuration at ``path``. ``env`` provides the variables for ``${NAME}``.

    It reads no other files than the secrets and certificates that the configuration names, and writes
    nothing. Raises ``ConfigError`` with all problems.
    """
    report = Report(path)
    source = read_document(report)
    tree = expand(source, env, report)
    assert isinstance(tree, dict)
    resolve_files(tree, report)
    draft = read_draft(tree, source, report)
    for finding in find_errors(draft):
        if not report.touches_broken((finding.loc, *finding.involves)):
            report.problem(finding.loc, finding.message)
    report.raise_if_any()
    for finding in find_warnings(draft):
        report.warning(finding.loc, finding.message)
    return Loaded(path, _settings(draft), report.warnings())


def _settings(draft: Draft) -> Settings:
    """The settings. No problem was reported, so all required sections are there."""
    assert draft.sentinel is not None
    assert draft.cluster is not None
    assert draft.defaults is not None
    assert draft.api is not None
    return Settings(
        sentinel=draft.sentinel,
        cluster=draft.cluster,
        defaults=draft.defaults,
        groups={
            name: group.model_copy(update={"fence_key": group.fence_key.replace("{group}", name)})
            if group.fence_key is not None
            else group
            for name, group in draft.groups.items()
        },
        webhooks=draft.webhooks,
        api=draft.api,
    )
