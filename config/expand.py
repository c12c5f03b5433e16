"""Expands ``${NAME}`` and ``${NAME:-default}`` in values, from the environment; ``$$`` is a plain ``$``.

As in a shell, the default also replaces an empty variable. An expanded value is not expanded again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from config.errors import Loc
from config.report import Report
from config.yaml_source import Yaml

_REFERENCE = re.compile(r"\$(?:(?P<escape>\$)|\{(?P<inner>[^}]*)\}|(?P<open>\{))")
_INNER = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-.*)?", re.DOTALL)


def expand_text(text: str, env: Mapping[str, str]) -> str:
    """The expanded text. Raises ``ValueError`` if a variable is unset or malformed; it names no values."""

    def value(match: re.Match[str]) -> str:
        if match["escape"]:
            return "$"
        inner = None if match["open"] else _INNER.fullmatch(match["inner"])
        if inner is None:
            raise ValueError(
                "has a malformed reference: write ${NAME} or ${NAME:-default}, or $$ for a plain $"
            )
        found = env.get(inner["name"])
        if inner["default"] is not None:
            return found or inner["default"][2:]
        if found is None:
            name = inner["name"]
            raise ValueError(
                f"the environment variable {name} is not set (or give a default: ${{{name}:-...}})"
            )
        return found

    return _REFERENCE.sub(value, text)


def expand(tree: Yaml, env: Mapping[str, str], report: Report, loc: Loc = ()) -> Yaml:
    """A copy of ``tree`` with every text value expanded; a faulty value is reported and left as it was."""
    if isinstance(tree, dict):
        return {key: expand(value, env, report, (*loc, key)) for key, value in tree.items()}
    if isinstance(tree, list):
        return [expand(value, env, report, (*loc, index)) for index, value in enumerate(tree)]
    if not isinstance(tree, str):
        return tree
    try:
        return expand_text(tree, env)
    except ValueError as error:
        report.problem(loc, str(error))
        return tree
