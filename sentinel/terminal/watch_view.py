"""Lays out the screen of ``vedette watch``, line by line, for a terminal of any size. Pure, but for rich's
texts.

Every line fits the width and all lines fit the height: a scrolling terminal would flicker. If there is no
room for all groups in full, the healthy ones shrink to a line each, and groups in trouble come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from sentinel.notices.story import clean
from sentinel.status.answers import GroupAnswer, NodeAnswer
from sentinel.terminal.screen import STYLES
from sentinel.terminal.show import complaints, link, role
from sentinel.terminal.watch_events import Event, Snapshot

MAX_EVENTS = 200
_EVENT_SHARE = 3
"""The events get this fraction of the height: a third."""
_COLUMNS = (
    (0, "NODE"),
    (0, "ROLE"),
    (0, "STATE"),
    (0, "LAG"),
    (60, "LINK"),
    (80, "SAY DOWN"),
    (60, "DETAIL"),
)
"""The columns, each with the smallest terminal width at which it is shown."""


@dataclass(frozen=True, slots=True)
class Picture:
    """``at`` is the time of the look as text; ``events`` are in order, each with its time.

    ``trouble`` says why there is no newer look.
    """

    snapshot: Snapshot
    at: str
    events: Sequence[tuple[str, Event]] = ()
    trouble: str = ""


def frame(picture: Picture, width: int, height: int) -> list[Text]:
    """At most ``height`` lines of at most ``width`` cells."""
    head = _head(picture)
    tail = _events(picture.events, max(0, (height - len(head)) // _EVENT_SHARE))
    body = _groups(picture.snapshot.groups, width, max(0, height - len(head) - len(tail)))
    lines = [*head, *body, *tail][:height]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _headline(group: GroupAnswer) -> Text:
    made = group.topology
    text = Text(clean(group.group), style="bold")
    text.append(clean(f"  primary {made.primary}" if made else "  no primary"))
    text.append(f"  term {group.term}", style="not bold")
    text.append(clean(f"  leader {group.leader or '-'}"), style="not bold")
    return text


def _head(picture: Picture) -> list[Text]:
    snapshot = picture.snapshot
    line = Text(clean(f"{picture.at}  {snapshot.asked}"))
    for peer in snapshot.peers:
        word = "in touch" if peer.in_touch else "out of touch"
        line.append(clean(f"  {peer.sentinel} {word}"), style="" if peer.in_touch else STYLES["out of touch"])
    lines = [line]
    if picture.trouble:
        lines.append(Text(clean(f"{picture.trouble}: what follows is from {picture.at}"), style="bold red"))
    return lines


def _groups(groups: Sequence[GroupAnswer], width: int, room: int) -> list[Text]:
    """The lines of the groups: if there is no room for all in full, groups in trouble come first."""
    whole = [(bool(complaints(group) or group.failover), _whole(group, width)) for group in groups]
    if sum(len(lines) for _, lines in whole) <= room:
        return [line for _, lines in whole for line in lines]
    ordered = sorted(zip(groups, whole, strict=True), key=lambda pair: not pair[1][0])
    shown: list[Text] = []
    for number, (group, (in_trouble, lines)) in enumerate(ordered):
        left = len(ordered) - number - 1
        # One line is reserved for the number of groups that are left out.
        fits = room - len(shown) - min(left, 1)
        if in_trouble and len(lines) <= fits:
            shown += lines
        elif fits >= 1:
            shown.append(_short(group))
        else:
            return [*shown[: room - 1], Text(f"... and {left + 1} more groups")][:room]
    return shown


def _whole(group: GroupAnswer, width: int) -> list[Text]:
    lines = [Text(), _headline(group)]
    lines += [Text(clean(f"  ! {problem}"), style="bold red") for problem in complaints(group)]
    if group.failover is not None:
        lines.append(Text(clean(f"  > {_change(group)}"), style="yellow"))
    if group.paused is not None:
        why = f": {group.paused.reason}" if group.paused.reason else ""
        lines.append(Text(clean(f"  paused since {group.paused.since}{why}"), style="bold yellow"))
    if group.scheduled is not None:
        to = group.scheduled.to or "the best replica"
        lines.append(Text(clean(f"  switchover to {to} at {group.scheduled.at}")))
    return [*lines, *_table(group, width)]


def _short(group: GroupAnswer) -> Text:
    line = _headline(group)
    found = complaints(group)
    if group.failover is not None:
        line.append(clean(f"  {_change(group)}"), style="yellow")
    elif found:
        line.append(clean(f"  ! {found[0]}"), style="bold red")
    elif group.paused is not None:
        line.append("  paused", style="bold yellow")
    else:
        line.append("  ok", style="not bold green")
    return line


def _change(group: GroupAnswer) -> str:
    change = group.failover
    assert change is not None
    parts = [
        f"{change.phase or 'under way'}",
        f"to {change.target}" if change.target else "",
        f"because of {change.cause}" if change.cause else "",
        f"led by {change.leader}" if change.leader else "",
    ]
    return ", ".join(part for part in parts if part)


def _table(group: GroupAnswer, width: int) -> Iterator[Text]:
    shown = [name for least, name in _COLUMNS if width >= least]
    rows = [[clean(_cell(name, node, group)) for name in shown] for node in group.nodes]
    widths = [max(cell_len(row[i]) for row in ([*shown], *rows)) for i in range(len(shown))]
    yield _row(shown, widths, "dim")
    for row in rows:
        yield _row(row, widths, "")


def _row(cells: Sequence[str], widths: Sequence[int], style: str) -> Text:
    line = Text("  ")
    for cell, width in zip(cells, widths, strict=True):
        line.append(cell, style=style or STYLES.get(cell, ""))
        line.append(" " * (width - cell_len(cell) + 2))
    line.rstrip()
    return line


def _cell(column: str, node: NodeAnswer, group: GroupAnswer) -> str:
    match column:
        case "NODE":
            return node.node
        case "ROLE":
            return role(node, group)
        case "STATE":
            return node.state
        case "LAG":
            return "-" if node.lag_bytes is None else f"{node.lag_bytes}"
        case "LINK":
            return link(node) or "-"
        case "SAY DOWN":
            return f"{sum(opinion.down is True for opinion in node.opinions)}/{len(node.opinions)}"
        case _:
            return node.detail if node.state != "up" else ""


def _events(events: Sequence[tuple[str, Event]], room: int) -> list[Text]:
    if room < 3 or not events:
        return []
    newest = list(events)[-(room - 2) :]
    return [
        Text(),
        Text("events", style="dim"),
        *(Text(clean(f"  {at}  {event.about}: {event.text}")) for at, event in newest),
    ]
