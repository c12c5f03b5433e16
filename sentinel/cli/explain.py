"""``vedette explain``: asks one sentinel about a group, the candidates in it and its preflight."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sentinel.cli.failover import group_path
from sentinel.status.answers import CandidatesAnswer, GroupAnswer, PreflightAnswer
from sentinel.terminal.client import Sentinels
from sentinel.terminal.exits import CliError
from sentinel.terminal.explanation import Explanation
from sentinel.terminal.show import understood


def explain(sentinels: Sentinels, name: str) -> tuple[Explanation, dict[str, Any]]:
    """The explanation, and its JSON. Raises CliError."""
    reply = sentinels.get(group_path(name))
    group = understood(reply, GroupAnswer)
    same = sentinels.only(reply.url)
    refusal, ranking, checked = "", None, None
    if group.topology is not None:
        try:
            ranking = same.get(group_path(name, "/candidates"))
        except CliError as error:
            refusal = str(error.body.get("detail", error))
    try:
        checked = same.get(group_path(name, "/preflight"))
    except CliError:
        # It only adds to the explanation, which is wanted most where something does not answer.
        checked = None
    told = Explanation(
        group,
        reply.body,
        understood(ranking, CandidatesAnswer) if ranking else None,
        refusal,
        understood(checked, PreflightAnswer) if checked else None,
        datetime.now(UTC).isoformat(),
    )
    return told, {
        "asked": reply.url,
        "group": reply.body,
        "candidates": ranking.body if ranking else None,
        "preflight": checked.body if checked else None,
        "obstacles": told.obstacles(),
    }
