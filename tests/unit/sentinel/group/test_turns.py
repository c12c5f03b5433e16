"""What a turn of the event loop takes in first, and that what can wait does not wait for ever."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from selectors import EVENT_READ
from types import SimpleNamespace
from typing import Any

import pytest

from quorum.messages import GENESIS, Message, Opinions, Resign
from sentinel.group.peer_reports import Reports
from sentinel.process import clock
from sentinel.process.event_loop import A_TURN, OneClockLoop, can_wait, unread_s


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(s=1000.0)
    monkeypatch.setattr(clock, "monotonic", lambda: now.s)
    return now


class Sockets:
    """Pairs whose nearer ends the loop's selector watches."""

    def __init__(self, count: int) -> None:
        self.loop = OneClockLoop()
        self.selector: Any = self.loop._sockets
        self.pairs = [socket.socketpair() for _ in range(count)]
        for ours, _ in self.pairs:
            self.selector.register(ours, EVENT_READ)

    def say(self, *numbers: int) -> None:
        for number in numbers:
            self.pairs[number][1].send(b"x")

    def turn(self) -> list[int]:
        """Whose turn it is; each is read."""
        found = {key.fd for key, _ in self.selector.select(0)}
        mine = [number for number, (ours, _) in enumerate(self.pairs) if ours.fileno() in found]
        for number in mine:
            self.pairs[number][0].recv(100)
        return mine

    def close(self) -> None:
        for pair in self.pairs:
            for end in pair:
                end.close()
        self.loop.close()


@pytest.fixture
def sockets() -> Iterator[Callable[[int], Sockets]]:
    made: list[Sockets] = []

    def make(count: int) -> Sockets:
        made.append(Sockets(count))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_who_can_wait_is_read_in_turn_and_all_others_in_each(sockets: Callable[[int], Sockets]) -> None:
    some = sockets(3 * A_TURN + 2)
    peers = (3 * A_TURN, 3 * A_TURN + 1)
    for number in range(3 * A_TURN):
        can_wait(some.pairs[number][0].fileno(), True)
    some.say(*range(3 * A_TURN))
    seen: list[int] = []
    for _ in range(3):
        some.say(*peers)
        turn = some.turn()
        assert set(peers) <= set(turn), "what elects does not wait"
        nodes = [number for number in turn if number not in peers]
        assert len(nodes) == A_TURN
        some.say(*nodes)  # Who has more to say waits behind those that had no turn.
        seen += nodes
    assert sorted(seen) == list(range(3 * A_TURN)), "everybody has had a turn"


def test_what_waits_to_be_read_proves_no_silence(
    time: SimpleNamespace, sockets: Callable[[int], Sockets]
) -> None:
    some = sockets(A_TURN + 1)
    some.turn()
    for number in range(A_TURN + 1):
        can_wait(some.pairs[number][0].fileno(), True)
    looked_at = time.s
    time.s += 0.01
    some.say(*range(A_TURN + 1))
    some.turn()
    assert some.loop.read_up_to == looked_at, "it may have answered at any time since the last look"
    time.s += 1.0
    assert some.turn() == [A_TURN] and unread_s() > 1.0
    assert some.loop.read_up_to == time.s


def test_few_are_read_at_once(sockets: Callable[[int], Sockets]) -> None:
    some = sockets(A_TURN)
    for number in range(A_TURN):
        can_wait(some.pairs[number][0].fileno(), True)
    some.say(*range(A_TURN))
    assert some.turn() == list(range(A_TURN))


class Turns:
    """The loop's turns, one after the other."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def now(self) -> float:
        return 0.0

    def late_s(self) -> float:
        return 1.0

    def unread_s(self) -> float:
        return 1.0

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        assert delay_s == 0.0, "who is late takes in what it was told as soon as it can"
        self.calls.append(call)

    def turn(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


class Heard:
    def __init__(self) -> None:
        self.got: list[tuple[str, str, Message]] = []
        self.turns = Turns()
        self.reports = Reports(self._find, self.turns)

    def _find(self, group: str) -> Any:
        if group == "unknown":
            return None
        return SimpleNamespace(received=lambda peer, message: self.got.append((peer, group, message)))


def report(seq: int) -> Opinions:
    return Opinions(1, seq, (), GENESIS)


def test_what_elects_is_taken_in_before_what_peers_think_and_some_of_that_in_each_turn() -> None:
    heard = Heard()
    groups = [f"g{number}" for number in range(2 * A_TURN)]
    heard.reports.heard("s2", [*((group, report(1)) for group in groups), ("g0", Resign(4))])
    assert [group for _, group, _ in heard.got] == [*groups[:A_TURN], "g0"]
    heard.turns.turn()
    assert [group for _, group, _ in heard.got][A_TURN + 1 :] == groups[A_TURN:], "none waits for ever"


def test_of_what_waits_the_newest_report_counts_and_none_of_who_is_gone() -> None:
    heard = Heard()
    for number in range(A_TURN):
        heard.reports.heard("s3", [(f"g{number}", report(1))])
    heard.reports.heard("s2", [("g", report(1)), ("unknown", report(1))])
    heard.reports.heard("s3", [("g", report(7))])
    heard.reports.heard("s2", [("g", report(2))])
    before = len(heard.got)
    heard.reports.gone("s3")
    heard.turns.turn()
    assert heard.got[before:] == [("s2", "g", report(2))]
