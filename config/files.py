"""Resolves the files that a configuration names: makes their paths absolute and reads the secrets in them.

This is the one step that touches the disk. It runs before validation, so the models see the same value
whether a secret was written in the configuration or in a file of its own.
"""

from __future__ import annotations

from pathlib import Path

from config.errors import Loc
from config.report import Report
from config.yaml_source import Yaml

MAX_SECRET_BYTES = 64 * 1024


def resolve_files(tree: dict[str, Yaml], report: Report) -> None:
    """Replaces relative paths in ``tree``, and fills in each secret that is given as ``..._file``.

    A file that cannot be read, holds no text, or competes with a secret in place is reported.
    """
    base = report.file.absolute().parent
    _absolute(tree, ("sentinel",), "state_dir", base)
    _secret(tree, ("sentinel",), "resp_password", base, report)
    _secret(tree, ("cluster",), "secret", base, report)
    _secret(tree, ("api",), "token", base, report)
    webhooks = tree.get("webhooks")
    for index in range(len(webhooks) if isinstance(webhooks, list) else 0):
        _secret(tree, ("webhooks", index), "secret", base, report)
    groups = tree.get("groups")
    names = list(groups) if isinstance(groups, dict) else []
    for loc in [("defaults",), *(("groups", name) for name in names)]:
        _secret(tree, loc, "password", base, report)
        for key in ("ca_file", "cert_file", "key_file"):
            path = _absolute(tree, (*loc, "tls"), key, base)
            problem = None if path is None else _unreadable(path)
            if problem:
                report.problem((*loc, "tls", key), problem)


def _secret(tree: dict[str, Yaml], loc: Loc, key: str, base: Path, report: Report) -> None:
    section, file_key = _mapping_at(tree, loc), f"{key}_file"
    if section is None:
        return
    _refuse_empty(tree, loc, (key, file_key), report)
    if section.get(file_key) is None:
        return
    file_loc = (*loc, file_key)
    if section.get(key) is not None:
        report.problem(file_loc, f"is given as well as {key}: leave out one of them")
        report.mark_broken((*loc, key))
        return
    path = _absolute(tree, loc, file_key, base)
    if path is None or report.is_inside_broken(file_loc):
        report.mark_broken((*loc, key))
        return
    problem = _unreadable(path)
    if problem is None:
        try:
            section[key] = _read_secret(path)
            return
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        except ValueError as error:
            problem = str(error)
    report.problem(file_loc, problem)
    report.mark_broken((*loc, key))


def _refuse_empty(tree: dict[str, Yaml], loc: Loc, keys: tuple[str, str], report: Report) -> None:
    """Reports ``password:`` without a value: it is more likely forgotten than meant as "none".

    In a group it is allowed, to undo a password of ``defaults``.
    """
    section, defaults = _mapping_at(tree, loc) or {}, _mapping_at(tree, ("defaults",)) or {}
    shared = loc[0] == "groups" and any(defaults.get(key) is not None for key in keys)
    for key in keys:
        if key in section and section[key] is None and not shared:
            report.problem((*loc, key), "has no value: give it one, or leave it out")


def _read_secret(path: Path) -> str:
    """The text without a byte order mark and without line breaks at its end, which editors and shells add.

    Raises OSError or ``ValueError``, which never quotes the text.
    """
    with path.open("rb") as stream:
        data = stream.read(MAX_SECRET_BYTES + 1)
    if len(data) > MAX_SECRET_BYTES:
        raise ValueError(f"is larger than {MAX_SECRET_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("does not hold UTF-8 text") from None
    text = text.rstrip("\r\n")
    if not text.strip():
        raise ValueError("names an empty file")
    return text


def _unreadable(path: Path) -> str | None:
    """Why the file cannot be read; None if it can. Opens regular files only: a pipe could block."""
    try:
        if not path.is_file():
            return (
                "names something that is not a file" if path.exists() else "names a file that does not exist"
            )
        path.open("rb").close()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except ValueError:
        return "is not a valid path"
    return None


def _absolute(tree: dict[str, Yaml], loc: Loc, key: str, base: Path) -> Path | None:
    """Makes the path at ``loc`` absolute. None if there is none, or validation will refuse it."""
    section = _mapping_at(tree, loc)
    value = None if section is None else section.get(key)
    if section is None or not isinstance(value, str) or not value or "\0" in value:
        return None
    section[key] = str(base / value)
    return base / value


def _mapping_at(tree: Yaml, loc: Loc) -> dict[str, Yaml] | None:
    for part in loc:
        if isinstance(tree, dict) and isinstance(part, str):
            tree = tree.get(part)
        elif isinstance(tree, list) and isinstance(part, int):
            tree = tree[part]
        else:
            return None
    return tree if isinstance(tree, dict) else None
