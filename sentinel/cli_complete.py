"""What the shell is offered on TAB: the names of the groups, from the configuration or a sentinel.

A shell waits for it with every key, and shows whatever is said: so nobody is waited for, and what goes
wrong is nobody's business.
"""

from __future__ import annotations

import typer

PATIENCE_S = 1.0


def group_names(context: typer.Context, incomplete: str) -> list[str]:
    """Of the file given by -c, else as the first sentinel in reach tells them."""
    from sentinel.cli_exit import CliError

    given = context.params
    try:
        names = _of_file(given["config"]) if given.get("config") else _of_sentinel(given.get("url"))
    except CliError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def _of_file(config: object) -> list[str]:
    from pathlib import Path

    from sentinel.cli_run import load

    return sorted(load(Path(str(config))).settings.groups)


def _of_sentinel(urls: object) -> list[str]:
    from sentinel.api_answers import GroupsAnswer
    from sentinel.cli_find import find_sentinels
    from sentinel.cli_show import understood

    named = [str(url) for url in urls] if isinstance(urls, list | tuple) else []
    sentinels = find_sentinels(named, None, None, lambda _: None).patient_for(PATIENCE_S)
    answer = understood(sentinels.get("/v1/groups"), GroupsAnswer)
    return sorted(group.group for group in answer.groups)
