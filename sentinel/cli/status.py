"""``vedette status``: asks one sentinel for all groups, and shows all of them or those that were named."""

from __future__ import annotations

from collections.abc import Sequence

from sentinel.cli.command import print_json
from sentinel.cli.meant import unknown_group
from sentinel.status.answers import GroupsAnswer
from sentinel.terminal.client import Reply, Sentinels
from sentinel.terminal.overview import is_worth_a_look, show_overview
from sentinel.terminal.screen import Screen
from sentinel.terminal.show import complaints, show_status, understood


def ask(sentinels: Sentinels, named: Sequence[str]) -> tuple[GroupsAnswer, Reply]:
    """The answer with only the named groups, in the order of the names; with all, if none is named.

    Raises CliError, also for a name that is not among the groups.
    """
    reply = sentinels.get("/v1/groups")
    answer = understood(reply, GroupsAnswer)
    if not named:
        return answer, reply
    known = {group.group: group for group in answer.groups}
    for name in named:
        if name not in known:
            raise unknown_group(name, known)
    wanted = dict.fromkeys(named)
    body = {group["group"]: group for group in reply.body["groups"]}
    return (
        answer.model_copy(update={"groups": [known[name] for name in wanted]}),
        Reply(reply.url, {**reply.body, "groups": [body[name] for name in wanted]}),
    )


def show(
    answer: GroupsAnswer, reply: Reply, in_detail: bool, *, only_problems: bool, as_json: bool
) -> dict[str, list[str]]:
    """Shows the groups; returns the complaints about each that has any. A single group is shown in detail."""
    unhealthy = {g.group: found for g in answer.groups if (found := complaints(g))}
    kept = {g.group for g in answer.groups if not only_problems or is_worth_a_look(g)}
    if as_json:
        groups = [group for group in reply.body["groups"] if group["group"] in kept]
        print_json({**reply.body, "groups": groups, "asked": reply.url, "unhealthy": unhealthy})
    elif in_detail or (len(answer.groups) == 1 and not only_problems):
        left = [group for group in answer.groups if group.group in kept]
        show_status(Screen(), answer.model_copy(update={"groups": left}), reply.url)
    else:
        show_overview(Screen(), answer, reply.url, only_problems=only_problems)
    return unhealthy
