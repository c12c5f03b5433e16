"""Judging a node's silence on an event loop that may have more work than time."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from quorum.evidence import Evidence, EvidenceKind
from sentinel.nodes.line import Command, Line
from sentinel.nodes.reply_parser import BoundedReplies
from sentinel.process import clock
from sentinel.process.event_loop import OneClockLoop, late_s, mind
from sentinel.process.lateness import (
    ASKED_AGAIN_S,
    IN_TIME_AGAIN_S,
    IN_TIME_S,
    LASTING_S,
    LASTS_S,
    PINGS,
    Lateness,
    Rounds,
    again_s,
    ping_rounds,
)

PING, INFO = ("PING",), ("INFO",)
SILENCE_S = 100.0
MAX_TURNS = 1000


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that goes only as the test says, for the loop as well."""
    now = SimpleNamespace(s=1000.0)
    monkeypatch.setattr(clock, "monotonic", lambda: now.s)
    return now


class Watched:
    """A line to a node that the test plays."""

    def __init__(self) -> None:
        ours, self.node = socket.socketpair()
        self.node.setblocking(False)
        self.ours = ours
        self.line: Line
        self.served: asyncio.Task[Evidence]
        self.replies: list[object] = []

    async def connect(self) -> None:
        reader, writer = await asyncio.open_connection(sock=self.ours)
        connection: Any = SimpleNamespace(_reader=reader, _writer=writer)
        self.line = Line(connection, self._on_reply, SILENCE_S)
        self.served = asyncio.create_task(self.line.run())

    def answer(self) -> None:
        self.node.recv(1000)
        self.node.sendall(b"+PONG\r\n")

    def _on_reply(self, _command: Command, reply: object, _took_s: float) -> None:
        self.replies.append(reply)

    def arrives(self, data: bytes) -> bytes:
        """In the line's buffer, as the event loop puts it there."""
        self.line.get_buffer(-1)[: len(data)] = data
        return data

    async def count_is(self, questions: int) -> None:
        for _ in range(MAX_TURNS):
            if self.line.count(PING) == questions or self.served.done():
                return
            await asyncio.sleep(0)
        pytest.fail("nothing happens")

    async def close(self) -> None:
        self.served.cancel()
        await asyncio.gather(self.served, return_exceptions=True)
        self.node.close()


def run(scenario: Any) -> None:
    with asyncio.Runner(loop_factory=OneClockLoop) as runner:
        runner.run(scenario)


def test_an_answer_that_lies_in_the_socket_while_a_turn_takes_long_is_no_silence(
    time: SimpleNamespace,
) -> None:
    async def scenario() -> None:
        watched = Watched()
        await watched.connect()
        watched.line.send(Command(PING))
        watched.answer()
        await watched.count_is(0)

        def much_work() -> None:
            watched.line.send(Command(PING))
            watched.answer()
            time.s += 2 * SILENCE_S

        # In the turn in which the timer of the first question is due, the work stands before it.
        time.s += SILENCE_S
        asyncio.get_running_loop().call_soon(much_work)
        await watched.count_is(1)
        await watched.count_is(0)
        await asyncio.sleep(0)
        assert not watched.served.done(), "it has answered at once"
        await watched.close()

    run(scenario())


def test_what_arrives_in_pieces_is_what_it_is_as_a_whole() -> None:
    """Also where a piece looks like the answer to a PING."""
    pieces = (
        b"+PO",
        b"NG\r\n",
        b"$14\r\n",
        b"+PONG\r\n",
        b"+PONG\r\n",
        b"\r\n",
        b"+PONG\r\n",
        b"*1\r\n",
        b"+PONG\r\n",
    )

    async def scenario() -> None:
        watched = Watched()
        await watched.connect()
        watched.line.send(Command(PING), Command(INFO), Command(PING), Command(("EXEC",)))
        assert watched.node.recv(1000).count(b"PING") == 2, "in one write"
        for piece in pieces:
            watched.line.buffer_updated(len(watched.arrives(piece)))
        assert watched.replies == [b"PONG", b"+PONG\r\n" * 2, b"PONG", [b"PONG"]]
        await watched.close()

    run(scenario())


def test_once_it_has_answered_it_waits_for_its_turn_but_not_with_what_a_leader_waits_for() -> None:
    async def scenario() -> None:
        watched = Watched()
        await watched.connect()
        waiting: Any = asyncio.get_running_loop()._sockets.can_wait  # type: ignore[attr-defined]
        watched.line.send(Command(PING))
        assert not waiting, "whether it answers at all is news"
        watched.answer()
        await watched.count_is(0)
        assert waiting == {watched.ours.fileno()}
        with watched.line.hurried(), watched.line.hurried():
            assert not waiting
        assert waiting
        await watched.close()
        assert not waiting, "the next connection may have its number"

    run(scenario())


def test_between_two_replies_there_is_no_parser_which_would_keep_the_room_of_the_last() -> None:
    replies = BoundedReplies()
    assert list(replies.read(b"$5\r\nab")) == []
    assert not replies.are_whole
    assert list(replies.read(b"cde\r\n")) == [b"abcde"]
    assert replies.are_whole
    assert replies._reader is None


def test_who_is_late_looks_again_later_and_never_much_later() -> None:
    assert [again_s(0.01, late_s) for late_s in (0.0, 0.05, 1.0, 100.0)] == [0.01, 0.01, 0.1, 1.0]
    assert again_s(2.0, 100.0) == 2.0


@pytest.mark.parametrize("unasked", [b"+OK\r\n", b"-ERR x\r\n", b":1\r\n"])
def test_a_node_that_answers_what_nobody_asked_is_left_at_once(time: SimpleNamespace, unasked: bytes) -> None:
    """Fifty thousand such replies fit into one read, and each was told: one odd node froze all sentinels."""

    async def scenario() -> None:
        watched = Watched()
        await watched.connect()
        await asyncio.get_running_loop().sock_sendall(watched.node, unasked * 5000)
        seen = await watched.served
        assert seen.detail.endswith("a reply to no command") and len(watched.replies) <= 1
        watched.node.close()

    run(scenario())


def test_a_server_that_turns_us_away_unasked_is_heard(time: SimpleNamespace) -> None:
    async def scenario() -> None:
        watched = Watched()
        await watched.connect()
        watched.node.sendall(b"-ERR max number of clients reached\r\n")
        watched.node.close()
        await watched.served
        assert [str(told) for told in watched.replies] == ["max number of clients reached"]

    run(scenario())


def test_a_node_that_does_not_answer_is_silent_after_its_patience(time: SimpleNamespace) -> None:
    async def scenario() -> None:
        watched = Watched()
        await watched.connect()
        watched.line.send(Command(PING))
        time.s += SILENCE_S
        seen = await watched.served
        assert seen.kind is EvidenceKind.UNREACHABLE
        watched.node.close()

    run(scenario())


def test_a_long_turn_of_the_loop_makes_it_late_for_a_while(time: SimpleNamespace) -> None:
    async def scenario() -> None:
        assert late_s() == 0.0
        time.s += 1.0
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert late_s() >= 2.0, "the question was late, and its answer is"
        time.s += 3.0
        mind(clock.monotonic())
        assert late_s() >= 6.0, "and while a turn lasts it is known already"

    run(scenario())


def test_while_it_goes_on_being_late_the_most_of_a_while_counts_and_a_little_is_none() -> None:
    lateness = Lateness()
    assert lateness.look(100.0, 100.0 + IN_TIME_S / 2) == 0.0
    most, now, less_s = lateness.look(100.0, 101.0), 101.0, 0.1
    while now < 101.0 + LASTS_S - less_s:
        now += less_s
        assert lateness.look(now - less_s, now) == most
        assert lateness.look(now, now) == most, "a short turn between long ones says nothing"
    now += 2 * less_s
    assert 0.0 < lateness.look(now - less_s, now) < most


def test_one_pause_is_forgotten_as_soon_as_all_is_in_time_again() -> None:
    """Else the next silence would be believed later, in a process that has all the time it needs."""
    lateness = Lateness()
    assert lateness.look(100.0, 105.0) > 10.0
    assert lateness.look(105.0, 105.001) > 10.0, "what was answered meanwhile is not all read yet"
    again = 105.0 + IN_TIME_AGAIN_S
    assert lateness.look(again, again) == 0.0


def late_for(seconds: float) -> tuple[Lateness, float]:
    """And when it was late last."""
    lateness, now = Lateness(), 100.0
    while now < 100.0 + seconds:
        now += 0.1
        lateness.look(now - 0.1, now)
    return lateness, now


def test_who_goes_on_being_late_leaves_rounds_out_and_one_pause_does_not() -> None:
    pause = Lateness()
    pause.look(100.0, 105.0)
    assert not pause.spares
    lateness, last = late_for(LASTING_S + 0.2)
    assert lateness.spares
    lateness.look(last + IN_TIME_AGAIN_S + 0.01, last + IN_TIME_AGAIN_S + 0.01)
    assert not lateness.spares


def test_behind_rounds_that_were_left_out_a_silence_lasts_longer_until_all_are_asked_again() -> None:
    lateness, last = late_for(LASTING_S + 0.2)
    for after_s, patient in ((IN_TIME_AGAIN_S + 0.1, True), (ASKED_AGAIN_S + 0.1, False)):
        assert (lateness.look(last + after_s, last + after_s) > 0.0) == patient


def test_one_of_so_many_rounds_is_not_left_out_and_not_the_same_for_every_group() -> None:
    first = set()
    for phase in range(PINGS):
        rounds, now = Rounds(0.25, PINGS, phase), 100.0
        assert rounds.asks(now, spares=False)
        asked = [rounds.asks(now + 0.25 * turn, spares=True) for turn in range(1, 3 * PINGS + 1)]
        assert asked.count(True) == 3
        first.add(asked.index(True))
        assert rounds.asks(now + 5.0, spares=False) and rounds.asks(now + 5.25, spares=False)
    assert len(first) == PINGS


def test_rounds_that_were_late_are_not_left_out_as_well() -> None:
    """Else a node is asked so rarely that it seems silent."""
    rounds = ping_rounds(0.25, 1.0, phase=2)
    assert rounds.asks(100.0, spares=False)
    assert all(rounds.asks(100.0 + turn, spares=True) for turn in range(1, 5))


def test_who_has_little_patience_leaves_no_round_out() -> None:
    rounds = ping_rounds(0.9, 1.0, phase=2)
    assert all(rounds.asks(100.0 + 0.9 * turn, spares=True) for turn in range(5))
