"""The output of ``vedette watch``: events, and pictures that fit any terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rich.cells import cell_len

from sentinel.status.answers import ChangeAnswer, GroupAnswer, PeerAnswer
from sentinel.terminal.watch_events import Event, Snapshot, differences, past
from sentinel.terminal.watch_view import Picture, frame
from tests.unit.sentinel.cli.test_cli import A, B, group, node

CHANGE = {"phase": "promoting", "target": B, "cause": "refused", "leader": "s2", "operation": None}
SWITCHED = {
    **group()["topology"],
    "primary": B,
    "previous": A,
    "term": 8,
    "cause": "refused",
    "duration_ms": 9,
}
PAUSED = {"since": "2026-01-31T12:00:00Z", "by": "s1", "reason": "updates"}
SCHEDULED = {
    "operation": "op-1",
    "at": "2026-02-01T03:00:00Z",
    "to": B,
    "requested_at": "2026-01-31T12:00:00Z",
}


def snapshot(
    *groups: dict[str, Any], peers: Sequence[tuple[str, bool]] = (), asked: str = "http://s1"
) -> Snapshot:
    return Snapshot(
        asked,
        tuple(GroupAnswer.model_validate(each) for each in groups),
        tuple(PeerAnswer(sentinel=name, in_touch=touch, rtt_ms=None) for name, touch in peers),
    )


def told(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [event.text for event in differences(snapshot(before), snapshot(after))]


def test_nothing_happened() -> None:
    moved = group(node(A, "primary", offset_bytes=999), node(B, "replica", lag_bytes=7))
    assert told(group(), moved) == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (
            group(node(A, "primary", state="down", detail="refused"), node(B, "replica")),
            [f"{A} is down (refused)"],
        ),
        (
            group(
                node(
                    A,
                    "primary",
                    objectively_down=True,
                    opinions=[{"sentinel": "s2", "down": True, "grade": "refused"}],
                ),
                node(B, "replica"),
            ),
            [f"{A} is objectively down, according to s2"],
        ),
        (group(node(A, "primary"), node(B, "replica", link_up=False)), [f"{B} lost its link to {A}"]),
        (group(node(A, "primary"), node(B, "primary", link_up=None)), [f"{B} answers as primary"]),
        (group(node(A, "primary")), [f"{B} is not watched any more"]),
        (
            group(
                node(A, "primary"),
                node(B, "replica"),
                node("x:1", "unknown", state="not_watched", detail="not watched: outside of discover_range"),
            ),
            ["x:1 is not watched: outside of discover_range"],
        ),
        (group(topology=SWITCHED), [f"{B} is primary, term 8 (was {A}, refused, took 9 ms)"]),
        (
            group(failover=CHANGE),
            ["a change begins because of refused, led by s2", f"s2 is promoting {B}"],
        ),
        (group(paused=PAUSED), ["paused, requested at sentinel s1: updates"]),
        (group(scheduled=SCHEDULED), [f"a switchover to {B} is scheduled for 2026-02-01T03:00:00Z"]),
        (group(has_majority=False), ["not in touch with a majority"]),
        (group(ambiguous="two masters"), ["it is not clear which node is primary: two masters"]),
    ],
)
def test_what_happened_in_a_group(after: dict[str, Any], expected: list[str]) -> None:
    assert told(group(), after) == expected


def test_a_change_from_phase_to_phase_to_its_end() -> None:
    committing = {**CHANGE, "phase": "committing"}
    assert told(group(failover=CHANGE), group(failover=committing)) == [f"s2 is committing {B}"]
    assert told(group(failover=committing), group()) == ["the change is over"]


def test_sentinels_that_go_and_come() -> None:
    before, after = snapshot(peers=[("s2", True)]), snapshot(peers=[("s2", False)])
    assert list(differences(before, after)) == [Event("s2", "is out of touch")]
    assert list(differences(after, before)) == [Event("s2", "is in touch again")]


def test_another_sentinel_is_asked_whose_peers_are_others() -> None:
    before = snapshot(peers=[("s2", True), ("s3", False)])
    after = snapshot(peers=[("s1", True), ("s3", False)], asked="http://s2")
    assert list(differences(before, after)) == [Event("watch", "now asking http://s2")]


def test_the_past_comes_oldest_first() -> None:
    change = {
        "old": A,
        "new": B,
        "term": 8,
        "cause": "refused",
        "leader": "s1",
        "at": "2026-01-31T12:00:00.123Z",
        "duration_ms": 9,
        "timeline": [],
        "bytes_possibly_lost": None,
    }
    newest = ChangeAnswer.model_validate(change)
    oldest = ChangeAnswer.model_validate({**change, "old": None, "term": 1, "new": A})
    assert [event.text for _, event in past("g", [newest, oldest])] == [
        f"{A} is primary, term 1",
        f"{B} is primary, term 8 (was {A}, refused, took 9 ms)",
    ]


# -- the picture -------------------------------------------------------------------------------

SICK = group(
    node(A, "primary", state="down", detail="connection refused", objectively_down=True),
    node(B, "replica"),
    group="sick",
    failover=CHANGE,
)
EVENTS = [("2026-01-31 12:00:00", Event("g", f"event {number}")) for number in range(50)]


def lines(picture: Picture, width: int = 100, height: int = 40) -> list[str]:
    return [line.plain for line in frame(picture, width, height)]


def many() -> Snapshot:
    return snapshot(*(group(group=f"g{number}") for number in range(200)), SICK)


def test_a_picture_tells_who_is_primary_and_how_the_nodes_are() -> None:
    shown = lines(Picture(snapshot(SICK, group(), peers=[("s2", False)]), "12:00:00", EVENTS))
    text = "\n".join(shown)
    assert "s2 out of touch" in shown[0]
    assert f"primary {A}  term 7" in text
    assert f"promoting, to {B}, because of refused, led by s2" in text
    assert any(A in line and "down" in line and "connection refused" in line for line in shown)
    assert "event 49" in shown[-1]
    assert "event 0" not in text


@pytest.mark.parametrize("width", [1, 20, 40, 79, 200])
@pytest.mark.parametrize("height", [1, 2, 5, 24, 60])
def test_it_fits_whatever_the_size(width: int, height: int) -> None:
    for seen in (many(), snapshot(SICK), snapshot()):
        shown = lines(Picture(seen, "12:00:00", EVENTS, "no sentinel was reached"), width, height)
        assert len(shown) <= height
        assert all(cell_len(line) <= width for line in shown)


def test_with_many_groups_trouble_comes_first_and_what_is_left_out_is_told() -> None:
    shown = lines(Picture(many(), "12:00:00"), height=24)
    assert shown[2].startswith("sick")
    assert any("connection refused" in line for line in shown[:8])
    assert any(line.startswith("g0 ") and line.endswith("ok") for line in shown)
    left = [line for line in shown if line.startswith("... and ")]
    listed = sum(line.startswith("g") for line in shown)
    assert left == [f"... and {200 - listed} more groups"]


def test_a_narrow_terminal_keeps_what_matters() -> None:
    shown = "\n".join(lines(Picture(snapshot(group()), "12:00:00"), width=50))
    assert all(word in shown for word in ("NODE", "ROLE", "STATE", "LAG"))
    assert "LINK" not in shown


def test_a_pause_and_a_plan_are_shown_and_their_end_is_told() -> None:
    held = group(paused=PAUSED, scheduled=SCHEDULED)
    text = "\n".join(lines(Picture(snapshot(held), "12:00:00")))
    assert "paused since 2026-01-31T12:00:00Z: updates" in text
    assert f"switchover to {B} at 2026-02-01T03:00:00Z" in text
    assert told(held, group()) == ["no longer paused", "no switchover is scheduled any more"]


def test_an_old_picture_says_so() -> None:
    shown = lines(Picture(snapshot(group()), "12:00:00", trouble="no sentinel was reached"))
    assert shown[1] == "no sentinel was reached: what follows is from 12:00:00"


def test_nothing_in_it_drives_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\r\n\u202e[bold]"
    hostile = group(
        node(A, "primary", state="down", detail=evil), node(evil, "replica"), group=evil, ambiguous=evil
    )
    seen = snapshot(hostile, peers=[(evil, False)], asked=evil)
    text = "".join(lines(Picture(seen, "12:00:00", [("12:00:00", Event(evil, evil))], evil), 1000))
    assert "[bold]" in text
    assert text.isprintable()
