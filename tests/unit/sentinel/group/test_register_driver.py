"""What the drivers of all registers have in common: inputs, the core's errors, one timer, and the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import TypeAlias

import pytest

from quorum.effects import Persist, Send
from quorum.errors import NotLeaderError, PeerViolationError
from quorum.inputs import Gossip, PeerGone, Received, Stalled, Wake
from quorum.messages import HardState, Resign
from sentinel.group.register_driver import Common, RegisterDriver
from sentinel.process import clock
from sentinel.state.thread import OnDurable

STATE = HardState(term=4)
SENT = Send("s2", Resign(4))
Given: TypeAlias = Gossip | Common


class Driver(RegisterDriver[Gossip, Send | Persist]):
    """Its core answers each input with what ``answer`` makes of it."""

    def __init__(self, answer: Callable[[Given], Iterable[Send | Persist]]) -> None:
        self.failures: list[BaseException] = []
        super().__init__("g", self.persist, self.failures.append, self.ran)
        self.answer = answer
        self.given: list[Given] = []
        self.sent: list[Send | Persist] = []
        self.writing: list[OnDurable] = []
        self.order: list[str] = []
        self.deadline: float | None = None

    def persist(self, _state: HardState, done: OnDurable) -> None:
        self.writing.append(done)

    def ran(self, _now: float) -> None:
        self.order.append("checked")

    def end(self) -> None:
        self._end()

    def _core_step(self, given: Given, now: float) -> Iterable[Send | Persist]:
        assert now <= clock.monotonic()
        self.order.append("stepped")
        self.given.append(given)
        return self.answer(given)

    def _core_deadline(self, now: float) -> float | None:
        return self.deadline if self.deadline is not None and self.deadline > now else None

    def _apply(self, effect: Send | Persist) -> None:
        self.sent.append(effect)


async def test_a_peer_is_told_once_it_is_on_disk() -> None:
    driver = Driver(lambda _: [Persist(STATE), SENT])
    changes: list[bool] = []
    driver.on_change(lambda: changes.append(driver.is_settled))
    driver.feed(Gossip())
    assert not driver.sent and changes == [False]
    driver.writing.pop()(None)
    assert driver.sent == [SENT] and changes == [False, True]


async def test_a_stall_is_told_before_whatever_comes_first_after_it() -> None:
    driver = Driver(lambda _: [])
    driver.feed(Gossip())
    assert driver.order == ["checked", "stepped"]


async def test_what_links_tell_becomes_an_input() -> None:
    driver = Driver(lambda _: [])
    driver.received("s2", Resign(4))
    driver.peer_gone("s3")
    driver.stalled(0.5)
    assert driver.given == [Received("s2", Resign(4)), PeerGone("s3"), Stalled(0.5)]


async def test_a_peer_that_breaks_the_protocol_is_told_once_and_is_no_reason_to_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(_: Given) -> list[Send]:
        raise PeerViolationError("s2", "is wrong")

    driver = Driver(refuse)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            driver.feed(Gossip())
    assert [record.getMessage() for record in caplog.records] == ["g: peer s2: is wrong; message dropped"]
    assert not driver.failures


async def test_an_order_that_comes_when_it_leads_no_more_is_no_reason_to_end() -> None:
    def refuse(_: Given) -> list[Send]:
        raise NotLeaderError("leads no more")

    driver = Driver(refuse)
    driver.feed(Gossip())
    assert not driver.failures


async def test_a_core_that_fails_ends_the_process() -> None:
    def fail(_: Given) -> list[Send]:
        raise AssertionError("an invariant")

    driver = Driver(fail)
    with pytest.raises(AssertionError):
        driver.feed(Gossip())
    assert [str(error) for error in driver.failures] == ["an invariant"]


async def test_it_is_woken_at_the_next_deadline_and_an_earlier_one_goes_first() -> None:
    woken = asyncio.Event()

    def answer(given: Given) -> list[Send]:
        if isinstance(given, Wake):
            woken.set()
        return []

    driver = Driver(answer)
    driver.deadline = clock.monotonic() + 3600.0
    driver.feed(Gossip())
    driver.deadline = clock.monotonic() + 0.01
    driver.feed(Gossip())
    await asyncio.wait_for(woken.wait(), 30.0)
    driver.end()


async def test_after_the_end_it_takes_nothing_in_and_sends_nothing() -> None:
    driver = Driver(lambda _: [Persist(STATE), SENT])
    driver.feed(Gossip())
    driver.end()
    driver.writing.pop()(None)
    driver.feed(Gossip())
    assert driver.given == [Gossip()] and not driver.sent


async def test_a_deadline_that_has_moved_on_meanwhile_makes_no_step() -> None:
    """As when a node has answered since, which was noted without a step."""
    woken = asyncio.Event()

    def answer(given: Given) -> list[Send]:
        if isinstance(given, Wake):
            woken.set()
        return []

    driver = Driver(answer)
    driver.deadline = clock.monotonic() + 0.001
    driver.feed(Gossip())
    moved_to = driver.deadline = clock.monotonic() + 0.05
    await asyncio.wait_for(woken.wait(), 30.0)
    assert clock.monotonic() >= moved_to and driver.given == [Gossip(), Wake()]
    driver.end()
