"""The output of ``status`` for many groups: one line each, those with a problem first, and a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sentinel.status.answers import GroupAnswer, GroupsAnswer
from sentinel.terminal.ages import age_between
from sentinel.terminal.screen import Screen
from sentinel.terminal.show import complaints, silence

STANDINGS = ("no primary", "no majority", "degraded", "paused", "ok")
"""From the worst to the best: the order of the lines and of the summary."""


def standing(group: GroupAnswer) -> str:
    """One of ``STANDINGS``. ``no primary``: none is agreed on, or the agreed one is not usable."""
    if group.topology is None:
        return "no primary"
    primary = next((node for node in group.nodes if node.node == group.topology.primary), None)
    if primary is None or primary.state != "up" or primary.role != "primary":
        return "no primary"
    if not group.has_majority:
        return "no majority"
    if complaints(group):
        return "degraded"
    return "ok" if group.paused is None else "paused"


def is_worth_a_look(group: GroupAnswer) -> bool:
    """Whether ``status --problems`` shows it: it has a complaint, or is paused."""
    return standing(group) != "ok"


def summary(groups: Sequence[GroupAnswer]) -> str:
    """``200 groups: 1 no primary, 1 degraded, 198 ok``."""
    counts = Counter(standing(group) for group in groups)
    parts = [f"{counts[word]} {word}" for word in STANDINGS if counts[word]]
    noun = "group" if len(groups) == 1 else "groups"
    return f"{len(groups)} {noun}: {', '.join(parts)}" if parts else "no groups"


def show_overview(screen: Screen, answer: GroupsAnswer, asked: str, *, only_problems: bool) -> None:
    """The groups of ``answer``, or of them only those that are worth a look; the summary counts all."""
    shown = [group for group in answer.groups if not only_problems or is_worth_a_look(group)]
    shown.sort(key=lambda group: (STANDINGS.index(standing(group)), group.group))
    if shown:
        screen.table(
            ("GROUP", "STATE", "PRIMARY", "TERM", "FOR", "DETAIL"),
            [_line(group, answer.now) for group in shown],
        )
    peers = [f"{peer.sentinel} {'in touch' if peer.in_touch else 'out of touch'}" for peer in answer.peers]
    screen.line(", ".join([f"Sentinels, as {answer.sentinel} at {asked} sees them: it answered", *peers]))
    if answer.former_members:
        screen.line("Members are being changed: wait with the next change until this is gone.")
    screen.line(summary(answer.groups))


def _line(group: GroupAnswer, now: str | None) -> tuple[object, ...]:
    made = group.topology
    return (
        group.group,
        standing(group),
        made and made.primary,
        made and made.term,
        made and age_between(made.since, now),
        _reason(group, now),
    )


def _reason(group: GroupAnswer, now: str | None) -> str:
    """The first complaint with its age, and how many more there are; else the pause."""
    found = complaints(group)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        return f"{found[0]}{more}{silence(group)}"
    if group.paused is None:
        return ""
    why = f": {group.paused.reason}" if group.paused.reason else ""
    return f"paused for {age_between(group.paused.since, now) or 'an unknown time'}{why}"
