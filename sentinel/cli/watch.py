"""``vedette watch``: looks at the groups periodically, and shows them until Ctrl-C.

On a terminal the picture is redrawn; elsewhere a snapshot is printed whenever something other than a number
has changed. If a sentinel goes away, the next one is asked; if none is left, the last look stays until one is
back.
"""

from __future__ import annotations

import json
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType

from rich.console import Console, Group
from rich.live import Live

from sentinel.cli.failover import group_path
from sentinel.status.answers import GroupAnswer, GroupsAnswer, HistoryAnswer
from sentinel.terminal.client import Sentinels
from sentinel.terminal.exits import CliError, ExitCode
from sentinel.terminal.screen import Screen
from sentinel.terminal.show import show_group, understood
from sentinel.terminal.watch_events import Event, Snapshot, differences, past
from sentinel.terminal.watch_view import MAX_EVENTS, Picture, frame

TIMEOUT_S = 2.0
"""The limit for each sentinel, so that a hanging one does not stop the picture for long."""
PAST_GROUPS = 10
PAST_CHANGES = 5
_TIME = "%Y-%m-%d %H:%M:%S"
_NUMBERS = {"silence_ms", "offset_bytes", "lag_bytes", "rtt_ms"}


class Watch:
    """``group`` None watches all groups. Call ``look`` periodically."""

    def __init__(self, sentinels: Sentinels, group: str | None) -> None:
        self._sentinels = sentinels
        self._group = group
        self.events: deque[tuple[str, Event]] = deque(maxlen=MAX_EVENTS)
        self.picture = self._picture(self._ask())
        self._remember_the_past()

    def look(self) -> bool:
        """Look again. Returns whether something other than a number changed.

        Raises CliError for an error that will not pass by itself.
        """
        before = self.picture
        try:
            snapshot = self._ask()
        except CliError as error:
            if error.code is not ExitCode.UNREACHABLE:
                raise
            trouble = str(error).partition("\n")[0]
            self.picture = Picture(before.snapshot, before.at, self.events, trouble)
            return not before.trouble
        self.events.extend((_now(), event) for event in differences(before.snapshot, snapshot))
        self.picture = self._picture(snapshot)
        return bool(before.trouble) or _without_numbers(before.snapshot) != _without_numbers(snapshot)

    def _ask(self) -> Snapshot:
        path = "/v1/groups" if self._group is None else group_path(self._group)
        reply = self._sentinels.get(path)
        # The sentinel that answered is asked first next time, so that a dead one costs its timeout once.
        self._sentinels = self._sentinels.beginning_with(reply.url)
        if self._group is not None:
            return Snapshot(reply.url, (understood(reply, GroupAnswer),))
        answer = understood(reply, GroupsAnswer)
        return Snapshot(reply.url, tuple(answer.groups), tuple(answer.peers))

    def _picture(self, snapshot: Snapshot) -> Picture:
        return Picture(snapshot, _now(), self.events)

    def _remember_the_past(self) -> None:
        found: list[tuple[str, Event]] = []
        for group in self.picture.snapshot.groups[:PAST_GROUPS]:
            try:
                reply = self._sentinels.get(group_path(group.group, f"/history?limit={PAST_CHANGES}"))
                found += past(group.group, understood(reply, HistoryAnswer).changes)
            except CliError:
                return
        found.sort(key=lambda dated: dated[0])
        self.events.extend((_local(at), event) for at, event in found)


def watch(sentinels: Sentinels, group: str | None, interval_s: float, *, as_json: bool) -> None:
    """Runs until Ctrl-C. Raises CliError if no sentinel answers at first, or the group is unknown."""
    with _ended_by_signals():
        watched = Watch(sentinels, group)
        console = Console(highlight=False)
        if as_json:
            _follow(watched, interval_s, lambda: _print_json(watched.picture))
        elif console.is_terminal and not console.is_dumb_terminal:
            _draw(watched, interval_s, console)
        else:
            _follow(watched, interval_s, lambda: _print(Screen(), watched.picture))


def _draw(watched: Watch, interval_s: float, console: Console) -> None:
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            began = time.monotonic()
            width, height = console.size
            live.update(Group(*frame(watched.picture, width, height)), refresh=True)
            time.sleep(max(0.0, interval_s - (time.monotonic() - began)))
            watched.look()


def _follow(watched: Watch, interval_s: float, tell: Callable[[], None]) -> None:
    tell()
    while True:
        time.sleep(interval_s)
        if watched.look():
            tell()


def _print(screen: Screen, picture: Picture) -> None:
    if picture.trouble:
        screen.line(f"{_now()}  {picture.trouble}")
        return
    screen.line(f"{picture.at}  {picture.snapshot.asked}")
    for group in picture.snapshot.groups:
        show_group(screen, group)
    if picture.snapshot.peers:
        peers = (
            f"{p.sentinel} {'in touch' if p.in_touch else 'out of touch'}" for p in picture.snapshot.peers
        )
        screen.line(f"sentinels: {', '.join(peers)}")
        screen.line()


def _print_json(picture: Picture) -> None:
    snapshot = picture.snapshot
    body = {
        "at": datetime.now().astimezone().isoformat(timespec="milliseconds"),
        "asked": None if picture.trouble else snapshot.asked,
        "groups": [group.model_dump() for group in snapshot.groups],
        "peers": [peer.model_dump() for peer in snapshot.peers],
        "trouble": picture.trouble or None,
    }
    print(json.dumps(body), flush=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ends ``watch`` at Ctrl-C or SIGTERM, with the terminal restored."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(ExitCode.TERMINATED)

    previous = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, previous)


def _without_numbers(snapshot: Snapshot) -> object:
    return [group.model_dump(exclude={"nodes": {"__all__": _NUMBERS}}) for group in snapshot.groups], [
        (peer.sentinel, peer.in_touch) for peer in snapshot.peers
    ]


def _now() -> str:
    return time.strftime(_TIME)


def _local(iso: str) -> str:
    try:
        return datetime.fromisoformat(iso).astimezone().strftime(_TIME)
    except (ValueError, OverflowError):
        return iso
