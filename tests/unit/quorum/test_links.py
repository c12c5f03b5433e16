"""A refusal is weighed against what the node's replicas say of their links to it.

A line is ``(at_s, what happens, the grade right after it)``. ``b up`` and ``b down`` answer a question that
was asked at that very moment; ``b up late`` one that was asked before the loss, at 0.4 s.
"""

from __future__ import annotations

import pytest

from quorum.detector import Detector, Patience
from quorum.evidence import Evidence, EvidenceKind, LinkSeen
from quorum.messages import Grade

PATIENCE = Patience(refused_after_s=0.1, down_after_s=1.0, loading_after_s=30.0)
NODE = "a:6379"
UP = Grade.NONE

Line = tuple[float, str, Grade]
LOST: list[Line] = [(0, "b up", UP), (0.5, "alive", UP), (0.5, "closed", UP), (0.5, "refused", UP)]

SCENARIOS: dict[str, list[Line]] = {
    "a replica that says that its link is down confirms the end": [
        *LOST,
        (0.501, "b down", UP),
        (0.59, "-", UP),
        (0.61, "-", Grade.REFUSED),
    ],
    "one that saw the end a moment later than we did": [
        *LOST,
        (0.5, "b up", UP),
        (0.51, "b down", UP),
        (0.61, "-", Grade.REFUSED),
    ],
    "one that is still linked vouches, and then only silence counts": [
        *LOST,
        (0.501, "b up", UP),
        (0.7, "refused", UP),
        (1.4, "b up", UP),
        (1.49, "-", UP),
        (1.5, "-", Grade.SILENT),
    ],
    "what stood in between comes back": [
        *LOST,
        (0.501, "b up", UP),
        (0.7, "alive", UP),
        (1.6, "alive", UP),
    ],
    "the process ends while its forwarder is away": [
        *LOST,
        (0.501, "b up", UP),
        (0.9, "b down", Grade.REFUSED),
    ],
    "one that is linked outweighs one that is not": [
        (0, "c up", UP),
        *LOST,
        (0.501, "b down", UP),
        (0.502, "c up", UP),
        (0.7, "-", UP),
        (0.8, "c down", Grade.REFUSED),
    ],
    "what was asked before the loss is no answer": [
        *LOST,
        (0.501, "b up late", UP),
        (0.99, "-", UP),
        (1.0, "-", Grade.REFUSED),
    ],
    "who was linked is waited for, but not for ever": [
        *LOST,
        (0.99, "-", UP),
        (1.0, "-", Grade.REFUSED),
    ],
    "nobody is waited for once one has told of the end": [
        (0, "c up", UP),
        *LOST,
        (0.501, "b down", UP),
        (0.61, "-", Grade.REFUSED),
    ],
    "who is lost as well neither vouches nor is waited for": [
        *LOST,
        (0.501, "b up", UP),
        (0.55, "b lost", UP),
        (0.61, "-", Grade.REFUSED),
    ],
    "who had no link is not waited for": [
        (0, "b down", UP),
        (0.5, "alive", UP),
        (0.5, "refused", UP),
        (0.61, "-", Grade.REFUSED),
    ],
    "the first word of one that nobody knew vouches as well": [
        (0.5, "alive", UP),
        (0.5, "refused", UP),
        (0.61, "-", Grade.REFUSED),
        (0.7, "b up", UP),
    ],
    "a name that no longer resolves is weighed in the same way": [
        (0, "b up", UP),
        (0.5, "alive", UP),
        (0.5, "unresolved", UP),
        (0.501, "b up", UP),
        (0.7, "-", UP),
        (0.8, "b down", Grade.UNRESOLVED),
    ],
    "a forwarder with nobody behind it closes what it takes": [
        *LOST[:-1],
        (0.501, "closed", UP),
        (0.502, "b down", UP),
        (0.59, "closed", UP),
        (0.61, "-", Grade.REFUSED),
    ],
    "closed again and again proves nothing without a replica that says so": [
        *LOST[:-1],
        (0.501, "closed", UP),
        (0.9, "closed", UP),
        (1.49, "closed", UP),
        (1.5, "-", Grade.SILENT),
    ],
    "nor while a replica is linked": [
        *LOST[:-1],
        (0.501, "closed", UP),
        (0.502, "b up", UP),
        (1.49, "closed", UP),
        (1.5, "-", Grade.SILENT),
    ],
    "nor once it has answered": [
        *LOST[:-1],
        (0.501, "b down", UP),
        (0.502, "alive", UP),
        (0.503, "closed", UP),
        (0.504, "b down", UP),
        (0.7, "-", UP),
        (0.8, "alive", UP),
    ],
    "just behind a change nobody is linked yet who could tell": [
        (0.5, "alive", UP),
        (0.5, "made primary", UP),
        (0.5, "closed", UP),
        (0.5, "refused", UP),
        (0.7, "b down", UP),
        (1.49, "-", UP),
        (1.5, "-", Grade.REFUSED),
    ],
    "who is linked by then vouches": [
        (0.5, "alive", UP),
        (0.5, "made primary", UP),
        (0.5, "refused", UP),
        (0.7, "b up", UP),
        (0.8, "b down", Grade.REFUSED),
    ],
    "who was linked before the change was agreed on can tell": [
        (0.3, "b up", UP),
        (0.5, "alive", UP),
        (0.5, "made primary", UP),
        (0.5, "refused", UP),
        (0.5, "b down", UP),
        (0.61, "-", Grade.REFUSED),
    ],
    "once it is a replica again it waits for nobody": [
        (0.5, "made primary", UP),
        (0.5, "made replica", UP),
        (0.5, "alive", UP),
        (0.5, "refused", UP),
        (0.61, "-", Grade.REFUSED),
    ],
    "after a stall they are asked anew": [
        *LOST,
        (0.501, "b down", UP),
        (9, "stall", UP),
        (9, "refused", UP),
        (9.2, "b up", UP),
        (9.9, "refused", UP),
        (10.0, "-", Grade.SILENT),
    ],
}


def play(detector: Detector, at_s: float, what: str) -> None:
    who, _, how = what.partition(" ")
    if who == "made":
        detector.got_role(is_made=how == "primary", now=at_s)
    elif how == "lost":
        detector.links.forget(who)
    elif how:
        asked_at = 0.4 if how.endswith("late") else at_s
        detector.links.take(who, LinkSeen(NODE, how.startswith("up"), asked_at))
    elif what == "stall":
        detector.distrust(at_s)
    elif what != "-":
        detector.observe(Evidence(EvidenceKind(what)), at_s)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_scenario(scenario: list[Line]) -> None:
    detector = Detector(PATIENCE, 0.0)
    for at_s, what, grade in scenario:
        play(detector, at_s, what)
        assert detector.judge(at_s).grade is grade, f"{what} at {at_s} s"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["b down"], "refused; no longer linked: b"),
        (["b down", "b lost"], "refused; no longer linked: b"),
        (["b lost"], "refused; no replica with a link to it could be asked"),
    ],
)
def test_the_verdict_says_what_the_replicas_add(said: list[str], told: str) -> None:
    """Also once they follow another."""
    detector = Detector(PATIENCE, 0.0)
    for what in ["b up", "alive", "refused", *said]:
        play(detector, 0.5, what)
    assert detector.judge(0.7).detail == told


def test_a_silence_in_which_a_replica_stays_linked_says_so() -> None:
    detector = Detector(PATIENCE, 0.0)
    for at_s, what in [(0, "b up"), (0.5, "alive"), (0.5, "refused"), (0.501, "b up")]:
        play(detector, at_s, what)
    assert detector.judge(1.6).detail == "no valid reply; last seen: refused; still linked: b"


def test_the_replicas_are_asked_from_the_loss_until_silence_counts() -> None:
    detector = Detector(PATIENCE, 0.0)
    assert not detector.wants_links(0.0)
    detector.observe(Evidence(EvidenceKind.ALIVE), 0.5)
    detector.observe(Evidence(EvidenceKind.CLOSED), 0.5)
    assert detector.wants_links(0.5) and detector.wants_links(1.4)
    assert not detector.wants_links(1.5)
    detector.observe(Evidence(EvidenceKind.ALIVE), 1.6)
    assert not detector.wants_links(1.6)


def test_a_sentinel_that_cannot_look_asks_nobody_for_as_long_as_that_lasts() -> None:
    detector = Detector(PATIENCE, 0.0)
    detector.observe(Evidence(EvidenceKind.CLOSED), 0.5)
    detector.observe(Evidence(EvidenceKind.BLIND), 0.5)
    assert not detector.wants_links(0.5)
    detector.observe(Evidence(EvidenceKind.REFUSED), 5.0)
    assert detector.wants_links(5.0)
