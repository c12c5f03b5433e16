"""Scenarios: phases of evidence at given seconds, and the verdicts that they must lead to.

A line is ``(at_s, what happens, the grade right after it)``. ``UP`` is no grade; ``UNKNOWN``: neither up nor
down.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.detector import Detector, Patience, Verdict
from quorum.evidence import Evidence, EvidenceKind
from quorum.messages import Grade

PATIENCE = Patience(refused_after_s=0.1, down_after_s=1.0, loading_after_s=30.0)
UP = Grade.NONE

UNKNOWN = None

Line = tuple[float, str, Grade | None]

SCENARIOS: dict[str, list[Line]] = {
    "healthy": [(0, "alive", UP), (0.9, "alive", UP), (1.8, "alive", UP)],
    "the process is gone": [
        (0, "alive", UP),
        (0.5, "closed", UP),
        (0.5, "refused", UP),
        (0.59, "-", UP),
        (0.61, "-", Grade.REFUSED),
    ],
    "refused_after counts from the close, not from the refusal": [
        (0, "alive", UP),
        (0.5, "closed", UP),
        (0.61, "refused", Grade.REFUSED),
    ],
    "the process is restarted quickly": [
        (0, "alive", UP),
        (0.5, "closed", UP),
        (0.5, "refused", UP),
        (0.58, "alive", UP),
        (1.5, "-", UP),
    ],
    "closed and reconnected, again and again": [
        line for second in range(5) for line in ((second, "closed", UP), (second + 0.3, "alive", UP))
    ],
    "closed, and nothing more is heard": [
        (0, "alive", UP),
        (0.5, "closed", UP),
        (0.99, "-", UP),
        (1.0, "-", Grade.SILENT),
    ],
    "silent": [(0, "alive", UP), (0.99, "-", UP), (1.0, "-", Grade.SILENT), (5, "alive", UP)],
    "never reached": [(0.99, "unreachable", UP), (1.0, "-", Grade.SILENT)],
    "an unreachable host proves no more than silence": [
        (0, "alive", UP),
        (0.1, "unreachable", UP),
        (0.9, "unreachable", UP),
        (1.0, "unreachable", Grade.SILENT),
    ],
    "the name no longer resolves": [
        (0, "alive", UP),
        (0.5, "closed", UP),
        (0.5, "unresolved", UP),
        (0.7, "-", Grade.UNRESOLVED),
    ],
    "refused is surer than unresolved": [
        (0, "alive", UP),
        (0.5, "refused", UP),
        (0.6, "unresolved", Grade.REFUSED),
        (0.7, "unresolved", Grade.REFUSED),
    ],
    "unresolved, then refused": [
        (0, "alive", UP),
        (0.5, "unresolved", UP),
        (0.7, "refused", Grade.REFUSED),
    ],
    "loading is alive for as long as it is patient": [
        (0, "loading", UP),
        *((float(second), "loading", UP) for second in range(1, 30)),
        (29.9, "loading", UP),
        (30.0, "loading", Grade.UNUSABLE),
        (30.5, "alive", UP),
        (31.0, "loading", UP),
    ],
    "hangs while it loads": [(0, "loading", UP), (0.99, "-", UP), (1.0, "-", Grade.SILENT)],
    "in the wrong role for too long": [
        (0, "alive", UP),
        (0.5, "is a replica", UP),
        (1.0, "alive", UP),
        (1.4, "alive", UP),
        (1.5, "alive", Grade.UNUSABLE),
        (1.6, "is a master", UP),
    ],
    "in the wrong role for a moment": [
        (0.5, "is a replica", UP),
        (0.9, "is a master", UP),
        (1.0, "alive", UP),
        (1.4, "is a replica", UP),
        (1.6, "alive", UP),
    ],
    "regressed at once, and until it is taken back": [
        (0, "alive", UP),
        (0.5, "fell back", Grade.REGRESSED),
        (0.6, "alive", Grade.REGRESSED),
        (0.7, "did not fall back", UP),
    ],
    "misconfigured is life for as long as it is confirmed": [
        (0, "alive", UP),
        *((0.5 + 0.9 * times, "misconfigured", UP) for times in range(100)),
        (90.0, "unresolved", UP),
        (90.65, "-", Grade.SILENT),
        (91.0, "misconfigured", UP),
    ],
    "what was seen before it refused our key is no ground": [
        (0, "is a replica", UP),
        *((0.5 * times, "misconfigured", UP) for times in range(1, 10)),
    ],
    "a host that falls silent after it was misconfigured": [
        (0, "misconfigured", UP),
        (0.5, "unreachable", UP),
        (1.0, "-", Grade.SILENT),
    ],
    "misconfigured, then its process is gone": [
        (0, "misconfigured", UP),
        (0.5, "closed", UP),
        (0.5, "refused", UP),
        (0.7, "-", Grade.REFUSED),
    ],
    "who cannot look knows nothing, however long": [
        (0, "alive", UP),
        (0.5, "closed", UP),
        (0.5, "blind", UNKNOWN),
        (100, "blind", UNKNOWN),
        (200, "-", UNKNOWN),
        (200, "alive", UP),
    ],
    "blindness does not keep a dead node alive": [
        (0, "alive", UP),
        (0.5, "closed", UP),
        (0.5, "blind", UNKNOWN),
        (9, "unreachable", UNKNOWN),
        (9.9, "unreachable", UNKNOWN),
        (10.0, "-", Grade.SILENT),
    ],
    "patience starts anew when it can look again": [
        (0, "alive", UP),
        (0.5, "closed", UP),
        (0.5, "refused", UP),
        (0.55, "blind", UNKNOWN),
        (9, "refused", UNKNOWN),
        (9.09, "refused", UNKNOWN),
        (9.11, "refused", Grade.REFUSED),
    ],
    "who was down is unknown while nobody can look": [
        (0, "refused", UP),
        (0.2, "-", Grade.REFUSED),
        (0.3, "blind", UNKNOWN),
        (0.4, "refused", UNKNOWN),
        (0.51, "-", Grade.REFUSED),
    ],
    "down before a stall is unknown after it, and down again in time": [
        (0, "refused", UP),
        (0.2, "-", Grade.REFUSED),
        (9, "stall", UNKNOWN),
        (9.05, "refused", UNKNOWN),
        (9.2, "-", Grade.REFUSED),
    ],
    "down before a stall, and up only when it answers": [
        (1.0, "-", Grade.SILENT),
        (9, "stall", UNKNOWN),
        (9.5, "closed", UNKNOWN),
        (9.6, "alive", UP),
    ],
    "up before a stall is up after it": [(0, "alive", UP), (9, "stall", UP), (9.5, "-", UP)],
    "after a stall the patience starts anew": [
        (0, "alive", UP),
        (9, "stall", UP),
        (9.9, "-", UP),
        (10.0, "-", Grade.SILENT),
    ],
    "a refusal before a stall proves nothing after it": [
        (0, "alive", UP),
        (0.1, "refused", UP),
        (9, "stall", UP),
        (9.5, "-", UP),
        (9.5, "refused", Grade.REFUSED),
    ],
    "a refusal after a stall gets its own patience": [
        (0, "alive", UP),
        (0.1, "refused", UP),
        (9, "stall", UP),
        (9.05, "refused", UP),
        (9.2, "-", Grade.REFUSED),
    ],
    "loading and the wrong role before a stall start anew": [
        (0, "loading", UP),
        (0, "is a replica", UP),
        (100, "stall", UP),
        (100.9, "loading", UP),
        (101.0, "loading", Grade.UNUSABLE),
    ],
}


def play(detector: Detector, at_s: float, what: str, *, was_down: bool = False) -> None:
    match what:
        case "-":
            pass
        case "stall":
            # Whether it was down is what it was last told to be, and not what the stall makes it look like.
            detector.distrust(at_s, was_down=was_down)
        case "is a master" | "is a replica":
            detector.observe(Evidence(EvidenceKind.ALIVE), at_s)
            detector.saw_role(what == "is a master", at_s)
        case "fell back" | "did not fall back":
            detector.saw_regression("has no keys" if what == "fell back" else None, at_s)
        case _:
            detector.observe(Evidence(EvidenceKind(what)), at_s)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_scenario(scenario: list[Line]) -> None:
    detector, verdict = Detector(PATIENCE, 0.0), Verdict(False)
    for at_s, what, grade in scenario:
        play(detector, at_s, what, was_down=verdict.down)
        verdict = detector.judge(at_s)
        expected = (grade or UP, grade not in (UP, UNKNOWN), grade is UNKNOWN)
        assert (verdict.grade, verdict.down, verdict.unknown) == expected, f"{what} at {at_s} s"


HAPPENINGS = [kind.value for kind in EvidenceKind] + ["is a master", "is a replica", "stall", "fell back"]


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from(HAPPENINGS)), max_size=12))
def test_the_next_deadline_is_the_very_moment_at_which_it_changes_its_mind(
    happenings: list[tuple[float, str]],
) -> None:
    detector, now = Detector(PATIENCE, 0.0), 0.0
    for wait_s, what in happenings:
        now += wait_s
        play(detector, now, what)
    at = detector.next_deadline(now)
    grade = detector.judge(now).grade
    if at is None:
        assert detector.judge(now + 1e6).grade is grade
    else:
        assert at > now
        assert detector.judge(max(now, at - 1e-6)).grade is grade
        assert detector.judge(at).grade is not grade


@given(st.lists(st.tuples(st.floats(0, 40), st.sampled_from(HAPPENINGS)), max_size=12))
def test_a_valid_reply_in_the_right_role_ends_every_ground_but_a_regression(
    happenings: list[tuple[float, str]],
) -> None:
    detector, now = Detector(PATIENCE, 0.0), 0.0
    for wait_s, what in happenings:
        now += wait_s
        play(detector, now, what)
    play(detector, now, "is a master")
    regressed = any(what == "fell back" for _, what in happenings)
    assert detector.judge(now).grade is (Grade.REGRESSED if regressed else UP)


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from(HAPPENINGS)), max_size=12))
def test_what_only_confirms_leaves_no_other_mark_than_one_that_is_observed(
    happenings: list[tuple[float, str]],
) -> None:
    quick, plain, now = Detector(PATIENCE, 0.0), Detector(PATIENCE, 0.0), 0.0
    kinds = {kind.value: kind for kind in EvidenceKind}
    for wait_s, what in happenings:
        now += wait_s
        play(plain, now, what)
        before = quick.judge(now)
        if what in kinds and quick.confirms(Evidence(kinds[what]), now):
            assert quick.judge(now) == before, "nothing follows from it"
        else:
            play(quick, now, what)
        assert (quick.judge(now), quick.next_deadline(now)) == (plain.judge(now), plain.next_deadline(now))


def test_only_what_is_known_already_merely_confirms() -> None:
    detector = Detector(PATIENCE, 0.0)
    alive = Evidence(EvidenceKind.ALIVE)
    assert not detector.confirms(alive, 0.0), "heard for the first time"
    detector.observe(alive, 0.0)
    assert detector.confirms(alive, 0.9)
    assert not detector.confirms(Evidence(EvidenceKind.CLOSED), 0.9)
    assert not detector.confirms(alive, 1.9), "back after a silence"
    detector.observe(Evidence(EvidenceKind.REFUSED), 1.0)
    assert not detector.confirms(alive, 1.0), "back after a refusal"
    assert detector.confirms(Evidence(EvidenceKind.REFUSED), 1.1)
    assert not detector.confirms(Evidence(EvidenceKind.REFUSED, "in other words"), 1.1)


def test_a_silence_lasts_longer_for_who_is_late_itself_and_a_refusal_does_not() -> None:
    late = [0.0]
    detector = Detector(PATIENCE, 0.0, lambda: late[0])
    detector.observe(Evidence(EvidenceKind.ALIVE), 0.0)
    silent_at = PATIENCE.down_after_s
    assert detector.judge(silent_at).down
    late[0] = 3.0
    assert not detector.judge(silent_at).down, "its answer may not have been read yet"
    assert detector.next_deadline(silent_at) == silent_at + 3.0
    assert detector.next_deadline(0.5) == silent_at, "it may be in time by then"
    assert detector.judge(silent_at + 3.0).down
    late[0] = 0.0
    assert detector.judge(silent_at).down, "and as soon as ever once it is in time again"
    detector.observe(Evidence(EvidenceKind.REFUSED), silent_at)
    late[0] = 3.0
    assert detector.judge(silent_at + PATIENCE.refused_after_s).down


def test_a_verdict_says_since_when_and_why() -> None:
    detector = Detector(PATIENCE, 0.0)
    detector.observe(Evidence(EvidenceKind.CLOSED), 3.0)
    detector.observe(Evidence(EvidenceKind.REFUSED, "connection refused"), 3.2)
    assert detector.judge(3.2) == Verdict(True, Grade.REFUSED, 3.0, "connection refused")


def test_what_is_misconfigured_is_shown() -> None:
    detector = Detector(PATIENCE, 0.0)
    detector.observe(Evidence(EvidenceKind.MISCONFIGURED, "WRONGPASS"), 0.0)
    assert detector.misconfigured == "WRONGPASS"
    assert detector.judge(0.5) == Verdict(False, detail="WRONGPASS")
    detector.observe(Evidence(EvidenceKind.ALIVE), 50.0)
    assert detector.misconfigured is None


def test_what_this_sentinel_lacks_is_shown() -> None:
    detector = Detector(PATIENCE, 0.0)
    detector.observe(Evidence(EvidenceKind.BLIND, "Too many open files"), 0.0)
    assert detector.blind == "Too many open files"
    assert detector.judge(50.0) == Verdict(False, detail="Too many open files", unknown=True)
    detector.observe(Evidence(EvidenceKind.UNREACHABLE), 50.0)
    assert detector.blind is None


SHOWS = {
    Grade.REFUSED: {"refused", "closed"},
    Grade.UNRESOLVED: {"unresolved"},
    Grade.UNUSABLE: {"loading", "is a replica"},
    Grade.REGRESSED: {"fell back"},
}


@given(
    st.lists(st.tuples(st.floats(0, 3), st.sampled_from(HAPPENINGS)), max_size=12),
    st.sampled_from(HAPPENINGS),
    st.floats(0, 3),
)
def test_every_change_of_mind_has_its_ground(
    happenings: list[tuple[float, str]], last: str, wait_s: float
) -> None:
    """Whatever came before: what follows from the newest happening, and from nothing more for a while."""
    detector, now = Detector(PATIENCE, 0.0), 0.0
    for pause_s, what in [*happenings, (0.0, last)]:
        now += pause_s
        play(detector, now, what, was_down=detector.judge(now).down)
    seen = {what for _, what in happenings} | {last}
    verdict, later = detector.judge(now), detector.judge(now + wait_s)
    assert not (verdict.down and verdict.unknown)
    if later.down and later.grade is not Grade.SILENT:
        assert seen & SHOWS[later.grade], "each grade was seen"
    if "fell back" in seen:
        return
    if last in ("alive", "is a master", "misconfigured"):
        waits = seen & {"loading", "is a replica"} if last != "is a master" else set()
        assert not verdict.unknown and (waits or not verdict.down), "what answers is up"
        assert waits or wait_s >= PATIENCE.down_after_s or not later.down, "silence has its patience"
    if last == "stall":
        assert not verdict.down, "what was not seen proves nothing"
    if detector.blind is not None:
        assert later.unknown, "who cannot look knows nothing, for as long as it lasts"
    else:
        assert detector.judge(now + PATIENCE.down_after_s + 1e-6).down, "silence counts, whatever came before"
