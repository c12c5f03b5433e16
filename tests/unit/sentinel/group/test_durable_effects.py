"""On disk before told: the order of a core's effects, and what becomes of it when a write fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from quorum.effects import Persist
from quorum.messages import HardState
from sentinel.group.durable_effects import DurableEffects
from sentinel.state.file import StoreError
from sentinel.state.thread import OnDurable

FIRST, SECOND = HardState(term=1), HardState(term=2)
BROKEN = StoreError("the disk is broken")


@dataclass
class Disk:
    """What was done, in order; a write ends when it is said to."""

    done: list[object] = field(default_factory=list)
    waiting: list[OnDurable] = field(default_factory=list)
    refuses: bool = False
    went_on: Callable[[], None] = lambda: None

    def persist(self, state: HardState, done: OnDurable) -> None:
        if self.refuses:
            raise BROKEN
        self.done.append(("writing", state.term))
        self.waiting.append(done)

    def apply(self, effect: str) -> None:
        self.done.append(effect)

    def fatal(self, error: BaseException) -> None:
        self.done.append(("fatal", str(error)))

    def effects(self) -> DurableEffects[str]:
        return DurableEffects("g", self.persist, self.apply, self.fatal, self.went_on)

    def end(self, error: StoreError | None = None) -> None:
        self.waiting.pop(0)(error)


def test_what_stands_behind_a_write_waits_until_it_is_on_disk() -> None:
    disk = Disk()
    effects = disk.effects()
    effects.add(["before", Persist(FIRST), "vote", Persist(SECOND), "acknowledge"])
    effects.run()
    assert disk.done == ["before", ("writing", 1)]
    assert not effects.is_settled
    disk.end()
    assert disk.done == ["before", ("writing", 1), "vote", ("writing", 2)]
    disk.end()
    assert disk.done[-1] == "acknowledge"
    assert effects.is_settled


def test_what_comes_while_a_write_is_under_way_queues_up_behind_it() -> None:
    disk = Disk()
    effects = disk.effects()
    effects.add([Persist(FIRST), "first"])
    effects.run()
    effects.add(["second"])
    effects.run()
    assert disk.done == [("writing", 1)]
    disk.end()
    assert disk.done[1:] == ["first", "second"]


def test_nothing_waits_for_a_lazy_write_and_it_opens_the_queue_for_nobody() -> None:
    disk = Disk()
    effects = disk.effects()
    effects.add([Persist(FIRST, lazy=True), "told at once", Persist(SECOND), "told then"])
    effects.run()
    assert disk.done == [("writing", 1), "told at once", ("writing", 2)]
    disk.end()
    assert disk.done == [("writing", 1), "told at once", ("writing", 2)]
    disk.end()
    assert disk.done[3:] == ["told then"]


def test_a_write_that_ends_at_once_holds_nothing_back() -> None:
    done: list[str] = []
    effects: DurableEffects[str] = DurableEffects(
        "g", lambda _state, durable: durable(None), done.append, lambda _error: None, lambda: None
    )
    effects.add([Persist(FIRST), "a", Persist(SECOND), "b"])
    effects.run()
    assert done == ["a", "b"]


@pytest.mark.parametrize("lazy", [False, True])
def test_what_could_not_be_written_is_fatal_and_shuts_the_queue_for_good(lazy: bool) -> None:
    disk = Disk()
    effects = disk.effects()
    effects.add([Persist(FIRST, lazy)])
    effects.run()
    disk.end(BROKEN)
    effects.add(["a vote", Persist(SECOND), "another"])
    effects.run()
    assert disk.done == [("writing", 1), ("fatal", "the disk is broken")]
    assert not effects.is_settled


@pytest.mark.parametrize("lazy", [False, True])
def test_so_is_what_cannot_even_be_tried(lazy: bool) -> None:
    disk = Disk(refuses=True)
    effects = disk.effects()
    effects.add([Persist(FIRST, lazy), "a vote"])
    effects.run()
    assert disk.done == [("fatal", "the disk is broken")]


def test_a_write_that_ends_after_another_has_failed_opens_nothing() -> None:
    disk = Disk()
    effects = disk.effects()
    effects.add([Persist(FIRST, lazy=True), Persist(SECOND), "a vote"])
    effects.run()
    disk.end(BROKEN)
    disk.end()
    assert disk.done == [("writing", 1), ("writing", 2), ("fatal", "the disk is broken")]


def test_after_the_end_nothing_more_is_done_also_if_a_write_ends() -> None:
    disk = Disk()
    effects = disk.effects()
    effects.add([Persist(FIRST), "a vote"])
    effects.run()
    effects.close()
    disk.end()
    assert disk.done == [("writing", 1)]


def test_whoever_looks_on_is_told_when_the_queue_went_on() -> None:
    disk = Disk()
    disk.went_on = lambda: disk.done.append("went on")
    effects = disk.effects()
    effects.add([Persist(FIRST), "a vote"])
    effects.run()
    assert "went on" not in disk.done
    disk.end()
    assert disk.done == [("writing", 1), "a vote", "went on"]


def test_an_effect_that_fails_behind_a_write_is_fatal() -> None:
    """Nobody else would hear of it: it is the disk's thread that called."""
    disk = Disk()

    def fail() -> None:
        raise RuntimeError("no")

    disk.went_on = fail
    effects = disk.effects()
    effects.add([Persist(FIRST), "a vote"])
    effects.run()
    disk.end()
    assert disk.done[-1] == ("fatal", "no")


def test_an_effect_that_brings_more_of_them_keeps_the_order() -> None:
    """As where a link ends while something is sent: the core is told at once, and asks for more."""
    done: list[str] = []

    def apply(effect: str) -> None:
        done.append(effect)
        if effect == "send":
            effects.add(["step down"])
            effects.run()

    effects: DurableEffects[str] = DurableEffects(
        "g", lambda _state, _done: None, apply, lambda _error: None, lambda: None
    )
    effects.add(["send", "next", Persist(FIRST), "held"])
    effects.run()
    assert done == ["send", "next"]
    assert not effects.is_settled
