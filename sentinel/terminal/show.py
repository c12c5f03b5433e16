"""The output of ``status`` and ``history`` for people, from the API's answers."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from sentinel.process.first_problem import first_problem
from sentinel.status.answers import (
    Answer,
    ChangeAnswer,
    GroupAnswer,
    GroupsAnswer,
    HistoryAnswer,
    NodeAnswer,
)
from sentinel.terminal.ages import absolute, age_text
from sentinel.terminal.client import Reply
from sentinel.terminal.exits import CliError, ExitCode
from sentinel.terminal.screen import Screen

REFUSING = ("refuses_writes", "refuses_clients")
"""The states of nodes that live but refuse their clients."""

_Answer = TypeVar("_Answer", bound=Answer)


def understood(reply: Reply, model: type[_Answer]) -> _Answer:
    """The answer as ``model``. Raises CliError naming the first field that does not fit."""
    try:
        return model.model_validate(reply.body)
    except ValidationError as error:
        first = first_problem(error, "answer")
        raise CliError(
            ExitCode.UNREACHABLE,
            f"{reply.url} answered what this command does not understand: {first}",
            "Is it a sentinel, and of the same release? `vedette version` tells this one's.",
        ) from error


def complaints(group: GroupAnswer) -> list[str]:
    """Why clients, or the next failover, cannot rely on the group; empty when all is well."""
    found = []
    if not group.has_majority:
        found.append(f"this sentinel is not in touch with a majority ({group.majority})")
    found += [f"{name} leads to several servers in turn, and is left out" for name in group.balanced]
    if group.topology is None:
        return [*found, group.ambiguous or "no primary is known"]
    nodes = {node.node: node for node in group.nodes}
    primary = nodes.get(group.topology.primary)
    if primary is not None and primary.state in REFUSING:
        found.append(f"primary {primary.node} {primary.detail}")
    elif primary is None or primary.state != "up":
        state = "not watched" if primary is None else primary.state
        detail = f" ({primary.detail})" if primary is not None and primary.detail else ""
        found.append(f"primary {group.topology.primary} is {state}{detail}")
    elif primary.role != "primary":
        found.append(f"{primary.node} should be primary, but says it is {primary.role}")
    found += [
        f"{node.node} is primary, and no configuration names it" for node in group.nodes if node.unlisted
    ]
    found += [f"{name} is the same server as {used}" for name, used in group.doubles.items()]
    is_up = primary is not None and primary.state in ("up", *REFUSING)
    if not any(_can_take_over(node, is_up) for node in group.nodes if node is not primary):
        found.append("no replica could take over")
    return found


def silence(group: GroupAnswer) -> str:
    """``, last answer 49 s ago`` of a primary that is down; else nothing."""
    primary = group.topology and group.topology.primary
    for node in group.nodes:
        if node.node == primary and node.state == "down" and node.silence_ms is not None:
            return f", last answer {age_text(node.silence_ms / 1000)} ago"
    return ""


def show_status(screen: Screen, answer: GroupsAnswer, asked: str) -> None:
    for group in answer.groups:
        show_group(screen, group)
    screen.line(f"Sentinels, as {answer.sentinel} at {asked} sees them")
    peers = [(p.sentinel, "in touch" if p.in_touch else "out of touch", p.rtt_ms) for p in answer.peers]
    screen.table(("SENTINEL", "STATE", "RTT MS"), [(answer.sentinel, "answered", None), *peers])
    if answer.former_members:
        screen.line("  Members are being changed: wait with the next change until this is gone.")
    for peer in answer.peers:
        if peer.apart:
            screen.line(f"  {peer.sentinel} {peer.apart}: neither listens to the other.")


def show_group(screen: Screen, group: GroupAnswer) -> None:
    headline(screen, group)
    nodes_table(screen, group)
    screen.line()


def show_history(screen: Screen, answer: HistoryAnswer, *, utc: bool) -> None:
    if not answer.changes:
        screen.line(f"{answer.group}: the primary never changed.")
        return
    screen.table(
        ("AT", "TERM", "FROM", "TO", "CAUSE", "LEADER", "TOOK MS", "BYTES POSSIBLY LOST"),
        [
            (absolute(c.at, utc=utc), c.term, c.old, c.new, c.cause, c.leader, c.duration_ms, _loss(c))
            for c in answer.changes
        ],
    )
    detailed = next((change for change in answer.changes if change.timeline), None)
    if detailed is not None:
        _timeline(screen, detailed)


def _timeline(screen: Screen, change: ChangeAnswer) -> None:
    screen.line()
    screen.line(f"Term {change.term}, as its leader {change.leader} saw it")
    screen.table(("MS", "STEP"), [(f"{step.at_ms:.0f}", step.name) for step in change.timeline])


def headline(screen: Screen, group: GroupAnswer) -> None:
    made = group.topology
    who = f"primary {made.primary} since term {made.term}, {made.since}" if made else "no primary"
    screen.line(f"{group.group}: {who}", style="bold")
    for problem in complaints(group):
        screen.line(f"  ! {problem}", style="bold red")
    if text := silence(group).removeprefix(", "):
        screen.line(f"    {text}", style="bold red")
    for sentinel, why in group.stands_back.items():
        # This is no complaint: another sentinel leads, and right after a change it is so for a moment.
        screen.line(
            f"  {sentinel} could not promote any node, so it stands for election last: {why}",
            style="bold yellow",
        )
    if group.paused is not None:
        held = group.paused
        why = f": {held.reason}" if held.reason else ""
        screen.line(f"  paused since {held.since}, requested at sentinel {held.by}{why}", style="bold yellow")
    if group.scheduled is not None:
        planned = group.scheduled
        to = planned.to or "the best replica"
        screen.line(f"  switchover to {to} scheduled for {planned.at}, as {planned.operation}")


def nodes_table(screen: Screen, group: GroupAnswer) -> None:
    screen.table(
        ("NODE", "ROLE", "STATE", "FOLLOWS", "LINK", "LAG BYTES", "DETAIL"),
        [
            (
                node.node,
                role(node, group),
                node.state,
                node.follows,
                link(node),
                node.lag_bytes,
                _detail(node),
            )
            for node in group.nodes
        ]
        + [
            (name, None, None, None, None, None, f"a double of {used}, left out")
            for name, used in group.doubles.items()
        ]
        + [
            (name, None, None, None, None, None, "leads to several servers in turn, left out")
            for name in group.balanced
        ],
    )


def _can_take_over(node: NodeAnswer, primary_is_up: bool) -> bool:
    # Replicas have no link to a primary that is down.
    linked = node.link_up is True or not primary_is_up
    alive = node.state in ("up", *REFUSING)
    return alive and node.role == "replica" and linked and node.priority != 0 and not node.barred


def role(node: NodeAnswer, group: GroupAnswer) -> str:
    """The node's role; a former primary that is down is "was primary", since two primaries would alarm."""
    agreed = group.topology is not None and node.node == group.topology.primary
    return "was primary" if node.role == "primary" and node.state == "down" and not agreed else node.role


def link(node: NodeAnswer) -> str | None:
    """The state of a replica's link; None if there is none, or the node is down."""
    if node.state not in ("up", *REFUSING):
        return None
    if node.syncing:
        return "syncing"
    return None if node.link_up is None else ("up" if node.link_up else "down")


def _detail(node: NodeAnswer) -> str:
    notes = [
        node.detail if node.state != "up" else "",
        "objectively down" if node.objectively_down else "",
        "loading" if node.loading else "",
        "unlisted" if node.unlisted else ("discovered" if node.discovered else ""),
        "" if node.announced else "not announced to clients",
        f"zone {node.zone}" if node.zone else "",
        "never promoted" if node.priority == 0 or (node.barred and node.state != "not_watched") else "",
        f"left alone: {node.hands_off}" if node.hands_off else "",
    ]
    return ", ".join(note for note in notes if note)


def opinion_word(down: bool | None) -> str:
    return "unknown" if down is None else ("down" if down else "up")


def _loss(change: ChangeAnswer) -> object:
    if change.old is None:
        return None  # The first primary took over from nobody.
    if change.may_have_lost:
        return change.may_have_lost
    return "unknown" if change.bytes_possibly_lost is None else change.bytes_possibly_lost
