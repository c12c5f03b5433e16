"""``vedette import-sentinel-conf``: converts the file, writes secrets if wanted, and says what to do next."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config import Address, InvalidValueError
from config.fields import NAME_RULE, is_name
from sentinel.process.resolver import is_address, system_lookup
from sentinel.sentinel_conf.convert import Imported, Options, Secrets, convert
from sentinel.sentinel_conf.directives import MAX_BYTES, SentinelConfError, read_directives
from sentinel.sentinel_conf.model import Note, SentinelConf, understand
from sentinel.terminal.exits import CliError, ExitCode

MAX_NAMES = 64
RESOLVE_S = 3.0


@dataclass(frozen=True, slots=True)
class ImportArguments:
    """The command's arguments, as typed."""

    file: Path
    own_id: str | None
    members: Sequence[str]
    state_dir: str
    with_secrets: bool
    secrets_dir: Path | None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The converted configuration, the notes about it, and the secret files that were written."""

    imported: Imported
    notes: tuple[Note, ...]
    written: tuple[Path, ...]

    @property
    def text(self) -> str:
        return self.imported.text

    def as_json(self) -> dict[str, object]:
        return {
            "yaml": self.text,
            "notes": [{"line": note.line, "what": note.what, "why": note.why} for note in self.notes],
            "variables": list(self.imported.variables),
            "placeholders": list(self.imported.placeholders),
            "written": [str(path) for path in self.written],
        }

    def next_steps(self) -> Iterator[str]:
        if self.notes:
            yield f"{len(self.notes)} settings were not carried over: see the top of the file"
        if self.imported.placeholders:
            yield (
                f"name the sentinels in cluster.members ({', '.join(self.imported.placeholders)}), "
                "or import again with --member ID=HOST:PORT for each"
            )
        if self.imported.variables:
            yield f"set in the environment: {', '.join(self.imported.variables)} (or use --secrets-dir)"
        if self.written:
            yield f"written: {', '.join(str(path) for path in self.written)}"
        yield "then: vedette check -c FILE"


def import_conf(arguments: ImportArguments) -> ImportResult:
    """Raises CliError, which names the file's line."""
    if arguments.with_secrets and arguments.secrets_dir is not None:
        raise CliError(ExitCode.USAGE, "--with-secrets and --secrets-dir exclude each other")
    where = Secrets.IN_PLACE if arguments.with_secrets else Secrets.ENVIRONMENT
    if arguments.secrets_dir is not None:
        where = Secrets.FILES
    try:
        conf = understand(read_directives(_read(arguments.file)))
        options = Options(
            arguments.own_id,
            _members(arguments.own_id, arguments.members),
            arguments.state_dir,
            where,
            str((arguments.secrets_dir or Path()).absolute()),
            _addresses(conf),
        )
        imported = convert(conf, arguments.file.name, options)
    except SentinelConfError as error:
        line = "" if error.line is None else f":{error.line}"
        raise CliError(
            ExitCode.USAGE,
            f"{arguments.file}{line}: {error.problem}",
            body={"file": str(arguments.file), "line": error.line, "detail": error.problem},
        ) from error
    written = _write(arguments.secrets_dir, imported.files) if arguments.secrets_dir is not None else ()
    return ImportResult(imported, tuple(conf.notes), written)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CliError(ExitCode.USAGE, f"{path}: cannot be read: {error.strerror}") from error


def _addresses(conf: SentinelConf) -> Mapping[str, Sequence[str]]:
    """The addresses of nodes' names, as far as they resolve, for groups in which two nodes may be one."""
    groups = [(master.primary, *master.replicas) for master in conf.masters.values()]
    hosts = {node.host for nodes in groups if len(nodes) > 1 for node in nodes if not is_address(node.host)}
    found: dict[str, Sequence[str]] = {}

    def look_up(host: str) -> None:
        # A name that does not resolve here may resolve where the sentinels run.
        with suppress(OSError):
            found[host] = tuple(dict.fromkeys(system_lookup(host)))

    threads = [
        threading.Thread(target=look_up, args=(host,), daemon=True) for host in sorted(hosts)[:MAX_NAMES]
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + RESOLVE_S
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return dict(found)


def _members(own_id: str | None, texts: Sequence[str]) -> Mapping[str, Address]:
    if own_id is not None and not is_name(own_id):
        raise CliError(ExitCode.USAGE, f"--id {own_id!r:.80}: takes {NAME_RULE}")
    found: dict[str, Address] = {}
    for text in texts:
        id_, equals, address = text.partition("=")
        if not equals or not is_name(id_) or id_ in found:
            problem = "is given twice" if id_ in found else "is not ID=HOST:PORT"
            raise CliError(ExitCode.USAGE, f"--member {text!r:.200} {problem}")
        try:
            found[id_] = Address.parse(address)
        except InvalidValueError as error:
            raise CliError(ExitCode.USAGE, f"--member {id_}: {address!r:.200} {error.why}") from error
    return found


def _write(directory: Path, files: Mapping[str, str | None]) -> tuple[Path, ...]:
    """Writes the files, readable by the owner alone. If one of them exists already, none is written."""
    paths = {directory / name: content for name, content in files.items()}
    for path in paths:
        if path.exists():
            raise CliError(
                ExitCode.USAGE, f"{path} exists already", "Move it away, or name another directory."
            )
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, content in paths.items():
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                # The secret without a value is the one that all sentinels are to share.
                file.write(f"{content if content is not None else secrets.token_urlsafe(32)}\n")
    except OSError as error:
        raise CliError(ExitCode.USAGE, f"{directory}: cannot be written: {error.strerror}") from error
    return tuple(paths)
