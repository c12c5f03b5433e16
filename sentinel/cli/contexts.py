"""The user's own file of contexts: by name, the sentinels of a cluster and where the token for them is.

It is ``vedette/config.yml`` in ``XDG_CONFIG_HOME`` or ``~/.config``. There may be none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from config.errors import ConfigError
from config.fields import FilePath, Name, StrictModel, Text, did_you_mean
from config.report import Report
from config.section_validator import validate_section
from config.yaml_source import read_document
from sentinel.terminal.exits import CliError, ExitCode

_ADVICE = "It has lines such as `contexts: {prod: {url: [http://host-1:8700], token_file: ./prod.token}}`."


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Context(StrictModel):
    """One cluster."""

    url: Annotated[tuple[Text, ...], BeforeValidator(_listed), Field(min_length=1, max_length=100)]
    token_file: FilePath | None = None


class ContextFile(StrictModel):
    """``current`` is used where no other is named; with one context it may be left out."""

    current: Name | None = None
    contexts: Annotated[Mapping[Name, Context], Field(min_length=1)]


def context_path(env: Mapping[str, str]) -> Path | None:
    """The place of the file, which need not exist; None if the environment does not tell it."""
    if home := env.get("XDG_CONFIG_HOME"):
        return Path(home) / "vedette" / "config.yml"
    return Path(home) / ".config" / "vedette" / "config.yml" if (home := env.get("HOME")) else None


def find_context(name: str | None, named_by: str, env: Mapping[str, str]) -> tuple[Path, str, Context] | None:
    """The file, and the context with its name; None if there is no file and none was named.

    ``named_by`` is where ``name`` comes from, for messages. Raises CliError.
    """
    path = context_path(env)
    if path is None or not path.exists():
        if name is None:
            return None
        raise CliError(
            ExitCode.USAGE, f"{named_by}: there is no file {path or '~/.config/vedette/config.yml'}", _ADVICE
        )
    file = _read(path)
    chosen = name or file.current or (next(iter(file.contexts)) if len(file.contexts) == 1 else None)
    known = ", ".join(file.contexts)
    if chosen is None:
        raise CliError(ExitCode.USAGE, f"{path}: which of {known}? Add `current: NAME`, or give --context")
    if chosen not in file.contexts:
        where = named_by if name else f"{path}: current"
        hint = did_you_mean(chosen, file.contexts)
        raise CliError(ExitCode.USAGE, f"{where}: {chosen!r:.80} is not among the contexts {known}{hint}")
    return path, chosen, file.contexts[chosen]


def _read(path: Path) -> ContextFile:
    report = Report(path)
    try:
        source = read_document(report)
        file = validate_section(ContextFile, source, source, (), report)
        report.raise_if_any()
    except ConfigError as error:
        raise CliError(ExitCode.USAGE, str(error), _ADVICE) from error
    assert file is not None
    return file
