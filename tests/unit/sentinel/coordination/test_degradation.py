"""A primary that refuses its clients is told once it lasts, and so is the end of it."""

from __future__ import annotations

from quorum.usability import Refusal, Refusing
from sentinel.coordination.degradation import Degradation
from tests.unit.sentinel.coordinator_cases import A, B

OOM = Refusing(Refusal.OOM, "no memory")
MISCONF = Refusing(Refusal.MISCONF, "no disk")


class Told:
    def __init__(self) -> None:
        self.lines: list[tuple[str, object, object]] = []
        self.degradation = Degradation(1.0)

    def look(self, refusing: Refusing | None, now: float, primary: str | None = A) -> None:
        event = self.degradation.look(primary, refusing, now)
        if event is not None:
            self.lines.append((event.name, event.node, event.refuses))


def test_each_is_told_once_and_only_once_it_has_lasted() -> None:
    told = Told()
    told.look(None, 0.0)
    assert told.degradation.next_deadline is None
    told.look(OOM, 1.0)
    assert not told.lines
    assert told.degradation.next_deadline == 2.0
    for now in (2.0, 2.5, 9.0):
        told.look(OOM, now)
    assert told.lines == [("degraded", A, "OOM")]
    told.look(None, 10.0)
    told.look(OOM, 10.5)
    told.look(OOM, 20.0)
    assert told.lines == [("degraded", A, "OOM")], "it did not end"
    told.look(None, 21.0)
    told.look(None, 22.0)
    assert told.lines[1:] == [("recovered", A, "OOM")]


def test_what_does_not_last_is_not_told() -> None:
    told = Told()
    told.look(OOM, 0.0)
    told.look(None, 0.5)
    told.look(None, 5.0)
    assert told.lines == []


def test_another_refusal_is_told_too() -> None:
    told = Told()
    for now, refusing in ((0.0, OOM), (1.0, OOM), (2.0, MISCONF), (3.0, MISCONF)):
        told.look(refusing, now)
    assert told.lines == [("degraded", A, "OOM"), ("degraded", A, "MISCONF")]


def test_a_new_primary_begins_anew() -> None:
    told = Told()
    told.look(OOM, 0.0)
    told.look(OOM, 1.0)
    told.look(None, 2.0, B)
    told.look(None, 9.0, B)
    assert told.lines == [("degraded", A, "OOM")], "failover.completed ends it"
    told.look(OOM, 10.0, B)
    told.look(OOM, 11.0, B)
    assert told.lines[1:] == [("degraded", B, "OOM")]
