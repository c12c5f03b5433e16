"""Takes in the peers' opinions of the nodes some at a time, behind the messages that elect and replicate.

About each of a hundred groups that lost their primaries a sentinel gets many reports, and the messages that a
leader waits for would queue behind them. Of the waiting reports, a later one replaces an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from quorum.messages import Message, Opinions
from sentinel.nodes.info_pace import Pace
from sentinel.process.loop_time import LoopTime

A_TURN = 8
"""The number taken in at each turn of the event loop, so that none waits for ever."""


class Register(Protocol):
    def received(self, sender: str, message: Message) -> None: ...


class Reports:
    """``find`` finds the register of a group, if there is one. What is no report is taken in at once."""

    def __init__(self, find: Callable[[str], Register | None], time: LoopTime | None = None) -> None:
        self._find = find
        self._said: dict[tuple[str, str], Opinions] = {}
        self._pace: Pace[tuple[str, str]] = Pace(self._next, A_TURN, 0.0, time)

    def heard(self, peer: str, batch: Iterable[tuple[str, Message]]) -> None:
        """Each with its group."""
        for group, message in batch:
            if isinstance(message, Opinions):
                self._said[peer, group] = message
                self._pace.request((peer, group))
            else:
                self._take(peer, group, message)

    def gone(self, peer: str) -> None:
        """Its reports no longer count."""
        for key in [key for key in self._said if key[0] == peer]:
            del self._said[key]

    def _next(self, key: tuple[str, str]) -> None:
        report = self._said.pop(key, None)
        if report is not None:
            self._take(*key, report)

    def _take(self, peer: str, group: str, message: Message) -> None:
        if (register := self._find(group)) is not None:
            register.received(peer, message)
