"""Reads the YAML file into plain values, with the line of each: no other module sees YAML's types and tags.

Every key is a text, as written; a repeated key and a foreign tag are problems. Values of a merge key (``<<``)
count as if they were written in the mapping; the mapping's own values win. Size, depth and the number of
values are limited, so that no file (an "alias bomb") keeps the reader busy for long.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn, TypeAlias

import yaml

from config.errors import Loc, Problem
from config.report import Report

MAX_BYTES = 512 * 1024
MAX_DEPTH = 20
MAX_VALUES = 50_000

Yaml: TypeAlias = "dict[str, Yaml] | list[Yaml] | str | int | float | bool | None"

_CORE = "tag:yaml.org,2002:"
_QUOTED = re.compile(r"\s*'(?:(?P<token><[^']*>|.)|[^']*)'")
_AS_TEXT = (_CORE + "timestamp", _CORE + "binary", _CORE + "value")


class _UnreadableError(Exception):
    """Stops reading. It becomes the only problem of the file."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def read_document(report: Report) -> dict[str, Yaml]:
    """The top-level mapping of ``report.file``; fills ``report.lines``.

    Raises ``ConfigError`` if there is none. A fault that leaves the rest readable is only reported.
    """
    try:
        text = _read_text(report.file)
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise _UnreadableError("the file is empty")
            if not isinstance(node, yaml.MappingNode):
                raise _UnreadableError("must be a mapping (key: value) at the top", node.start_mark.line + 1)
            tree = _Walk(loader, report).value(node, ())
        finally:
            loader.dispose()
    except _UnreadableError as error:
        _fail(report, str(error), error.line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _fail(report, f"is not valid YAML: {_yaml_message(error)}", None if mark is None else mark.line + 1)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        detail = (
            "a character that is not allowed" if isinstance(error, yaml.reader.ReaderError) else "bad escape"
        )
        _fail(report, f"is not valid YAML: {detail}", None)
    except RecursionError:
        _fail(report, "is nested too deeply", None)
    if not isinstance(tree, dict):
        report.raise_if_any()  # A foreign tag at the top made something else of it, which is reported.
    assert isinstance(tree, dict)
    return tree


def _fail(report: Report, message: str, line: int | None) -> NoReturn:
    report.fatal(Problem("", line, message))


def _read_text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a valid path"
        raise _UnreadableError(f"cannot be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise _UnreadableError(f"is larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _UnreadableError("is not UTF-8 text", data.count(b"\n", 0, error.start) + 1) from None


def _yaml_message(error: yaml.MarkedYAMLError) -> str:
    """YAML's own message without its quotes of the file, which may be part of a secret."""
    message = error.problem or "cannot be parsed"
    if error.context is not None and not error.context.startswith("while"):
        message = f"{error.context}, {message}"
    return _QUOTED.sub(lambda quoted: quoted[0] if quoted["token"] else "", message)


class _Walk:
    """Turns YAML nodes into values. Aliases are followed, so the limits count what they expand to."""

    def __init__(self, loader: yaml.SafeLoader, report: Report) -> None:
        self._loader = loader
        self._report = report
        self._values = 0

    def value(self, node: yaml.Node, loc: Loc) -> Yaml:
        line = node.start_mark.line + 1
        self._values += 1
        if self._values > MAX_VALUES:
            raise _UnreadableError(f"has more than {MAX_VALUES} values", line)
        if len(loc) > MAX_DEPTH:
            raise _UnreadableError("is nested too deeply", line)
        self._report.lines.setdefault(loc, line)
        if isinstance(node, yaml.MappingNode) and node.tag == _CORE + "map":
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode) and node.tag == _CORE + "seq":
            return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, loc)
        self._report.problem(loc, "has a YAML tag that is not supported")
        return None

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Yaml]:
        found: dict[str, Yaml] = {}
        merged: list[yaml.MappingNode] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._report.problem((*loc, f"line {line}"), "has a key that is not a text")
                continue
            key = key_node.value
            if key_node.tag == _CORE + "merge":
                self._report.lines[(*loc, key)] = line
                merged += self._sources(value_node, (*loc, key))
            elif key in found:
                first = self._report.lines[(*loc, key)]
                self._report.repeated((*loc, key), line, f"is given twice (first in line {first})")
            else:
                self._report.lines[(*loc, key)] = line
                found[key] = self.value(value_node, (*loc, key))
        for source in merged:
            self._merge(source, loc, found, depth=1)
        return found

    def _sources(self, node: yaml.Node, loc: Loc) -> list[yaml.MappingNode]:
        """The mappings that a merge key names: one, or a list of them."""
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if all(isinstance(item, yaml.MappingNode) for item in items):
            return list(items)
        self._report.problem(loc, "must name a mapping, or a list of them")
        return []

    def _merge(self, source: yaml.MappingNode, loc: Loc, found: dict[str, Yaml], depth: int) -> None:
        """Adds the values of ``source``; keys that are there already keep theirs."""
        line = source.start_mark.line + 1
        self._values += 1
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            raise _UnreadableError("is nested too deeply, or merges too much", line)
        further: list[yaml.MappingNode] = []
        for key_node, value_node in source.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._report.problem((*loc, f"line {line}"), "has a key that is not a text")
            elif key_node.tag == _CORE + "merge":
                further += self._sources(value_node, (*loc, key_node.value))
            elif key_node.value not in found:
                self._report.lines[(*loc, key_node.value)] = key_node.start_mark.line + 1
                found[key_node.value] = self.value(value_node, (*loc, key_node.value))
        for each in further:
            self._merge(each, loc, found, depth + 1)

    def _scalar(self, node: yaml.ScalarNode, loc: Loc) -> Yaml:
        if node.tag in _AS_TEXT:
            return str(node.value)
        try:
            value = self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError):
            self._report.problem(loc, "has a value that YAML cannot read (put it in quotes)")
            return None
        assert value is None or isinstance(value, (str, int, float, bool))
        return value
