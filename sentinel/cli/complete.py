"""Shell completion: names of groups and nodes, from the configuration or a sentinel.

The shell waits for it at every TAB and shows whatever is printed. So it does not wait long, and reports no
errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

PATIENCE_S = 1.0


def group_names(context: typer.Context, incomplete: str) -> list[str]:
    return [name for name in sorted(_nodes_by_group(context)) if name.startswith(incomplete)]


def node_names(context: typer.Context, incomplete: str) -> list[str]:
    """The nodes of the group that was named before. Its primary is left out, if that is known."""
    # The parser leaves arguments in ``args`` when an option without its value stops it.
    named = [context.params.get("group"), *context.args]
    groups = _nodes_by_group(context)
    nodes = next((groups[name] for name in named if name in groups), [])
    return [name for name in nodes if name.startswith(incomplete)]


def _nodes_by_group(context: typer.Context) -> dict[str, list[str]]:
    """The nodes in the file given by -c, else those of the first sentinel that answers; empty if none.

    The file of another machine may lack what it needs here: then its members are asked.
    """
    from sentinel.terminal.exits import CliError

    given = context.params
    if given.get("config"):
        try:
            return _of_file(given["config"])
        except CliError:
            pass
    try:
        return _of_sentinel(given)
    except CliError:
        return {}


def _of_file(config: object) -> dict[str, list[str]]:
    from pathlib import Path

    from sentinel.cli.run import load

    groups = load(Path(str(config))).settings.groups
    return {name: [str(node.address) for node in group.nodes] for name, group in groups.items()}


def _of_sentinel(given: Mapping[str, Any]) -> dict[str, list[str]]:
    from pathlib import Path

    from sentinel.cli.find import find_sentinels
    from sentinel.status.answers import GroupsAnswer
    from sentinel.terminal.show import understood

    urls, config = given.get("url"), given.get("config")
    named = [str(url) for url in urls] if isinstance(urls, list | tuple) else []
    file = Path(str(config)) if config else None
    found = find_sentinels(named, file, None, lambda _: None, context=given.get("context"))
    answer = understood(found.patient_for(PATIENCE_S).get("/v1/groups"), GroupsAnswer)
    return {
        group.group: [
            node.node for node in group.nodes if group.topology is None or node.node != group.topology.primary
        ]
        for group in answer.groups
    }
