"""The error for a group or a node that no sentinel knows, with the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from config.fields import hint
from sentinel.process.problem_types import TYPE_PREFIX
from sentinel.status.answers import GroupsAnswer
from sentinel.terminal.client import Sentinels
from sentinel.terminal.exits import CliError, ExitCode
from sentinel.terminal.show import understood

LISTED = 10


def unknown_group(name: str, known: Iterable[str], body: Mapping[str, Any] | None = None) -> CliError:
    groups = sorted(known)
    advice = f"The groups are {_listed(groups)}." if groups else "There are no groups."
    return CliError(ExitCode.REFUSED, f"there is no group {name!r:.80}{hint(name, groups)}", advice, body)


def with_what_was_meant(
    error: CliError, sentinels: Sentinels, group: str | None, node: str | None
) -> CliError:
    """A better error, if ``error`` is a sentinel's about a ``group`` or ``node`` that it does not know.

    That takes one more question. If it is not answered, the error stays what it is.
    """
    kind = str(error.body.get("type", "")).removeprefix(TYPE_PREFIX)
    if group is None or kind not in ("unknown-group", "precondition"):
        return error
    try:
        known = {g.group: g for g in understood(sentinels.get("/v1/groups"), GroupsAnswer).groups}
    except CliError:
        return error
    if kind == "unknown-group":
        return unknown_group(group, known, error.body)
    nodes = [each.node for each in known[group].nodes] if group in known else []
    if node is None or node in nodes or f"{node!r:.100} is no node" not in str(error.body.get("detail")):
        return error
    problem = f"{node!r:.100} is no node of group {group}{hint(node, nodes)}"
    return CliError(error.code, problem, f"Its nodes are {_listed(nodes)}.", error.body)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{', '.join(names[:LISTED])}{more}"
