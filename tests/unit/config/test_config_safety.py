"""The write safety of a group: its forms in a file, and refusals that name the path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.cross_checks import FENCE_MARGIN_S
from config.model_group import GroupSettings
from promotion import sealing
from tests.unit.config.config_cases import changed, load_text, problems

GROUP = "groups.mymaster"
SAFE = {"min_replicas": 1, "max_lag": "2s"}


def loaded(folder: Path, **settings: object) -> GroupSettings:
    tree = changed(*((f"{GROUP}.{key}", value) for key, value in settings.items()))
    return load_text(folder, tree).settings.groups["mymaster"]


def refused(folder: Path, **settings: object) -> list[str]:
    tree = changed(*((f"{GROUP}.{key}", value) for key, value in settings.items()))
    return [problem.removeprefix(f"{GROUP}.") for problem in problems(folder, tree)]


def test_all_of_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    group = loaded(tmp_path)
    assert (group.write_safety, group.durability) == (None, None)
    assert (group.fence_wait, group.self_fence) == (False, False)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({}, (1, 2.0)),
        ({"min_replicas": 2}, (2, 2.0)),
        ({"max_lag": "10s"}, (1, 10.0)),
        ({"min_replicas": 64, "max_lag": "1h"}, (64, 3600.0)),
        ({"max_lag": "2000ms"}, (1, 2.0)),
    ],
)
def test_write_safety_in_each_of_its_forms(
    tmp_path: Path, value: dict[str, Any], wanted: tuple[int, float]
) -> None:
    safety = loaded(tmp_path, write_safety=value).write_safety
    assert safety is not None
    assert (safety.min_replicas, safety.max_lag) == wanted


@pytest.mark.parametrize(("value", "wanted"), [("wait", 1), ({}, 1), ({"wait": 1}, 1), ({"wait": 2}, 2)])
def test_durability_in_each_of_its_forms(tmp_path: Path, value: object, wanted: int) -> None:
    durability = loaded(tmp_path, durability=value).durability
    assert durability is not None
    assert durability.wait == wanted


@pytest.mark.parametrize("value", [False, None, "false", "False"])
@pytest.mark.parametrize("setting", ["write_safety", "durability"])
def test_either_may_be_off_in_words(tmp_path: Path, setting: str, value: object) -> None:
    assert getattr(loaded(tmp_path, **{setting: value}), setting) is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"write_safety": {"max_lag": "1500ms"}},
            "write_safety.max_lag: must be whole seconds, from 1s to 3600s, as Redis counts them",
        ),
        (
            {"write_safety": {"max_lag": "500ms"}},
            "write_safety.max_lag: must be whole seconds, from 1s to 3600s, as Redis counts them",
        ),
        (
            {"write_safety": {"max_lag": "2h"}},
            "write_safety.max_lag: must be whole seconds, from 1s to 3600s, as Redis counts them",
        ),
        ({"write_safety": {"max_lag": "2"}}, "write_safety.max_lag: '2' has no unit (try 2s or 2ms)"),
        ({"write_safety": {"min_replicas": 0}}, "write_safety.min_replicas: 0 is too small: at least 1"),
        ({"write_safety": {"min_replicas": 65}}, "write_safety.min_replicas: 65 is too large: at most 64"),
        ({"write_safety": {"min_replicas": "two"}}, "write_safety.min_replicas: 'two' is not a whole number"),
        (
            {"write_safety": {"min_replicas": True}},
            "write_safety.min_replicas: true is not a whole number",
        ),
        (
            {"write_safety": {"min_replica": 1}},
            "write_safety.min_replica: is not a known setting (did you mean 'min_replicas'?)",
        ),
        (
            {"write_safety": True},
            "write_safety: true is neither false nor a mapping ({min_replicas: 1, max_lag: 2s})",
        ),
        (
            {"write_safety": 2},
            "write_safety: 2 is neither false nor a mapping ({min_replicas: 1, max_lag: 2s})",
        ),
        ({"durability": {"wait": 0}}, "durability.wait: 0 is too small: at least 1"),
        ({"durability": {"wait": 65}}, "durability.wait: 65 is too large: at most 64"),
        ({"durability": {"wait": 1.5}}, "durability.wait: 1.5 is not a whole number"),
        ({"durability": {"waits": 2}}, "durability.waits: is not a known setting (did you mean 'wait'?)"),
        ({"durability": True}, "durability: true is neither false, wait nor a mapping ({wait: 2})"),
        ({"durability": "always"}, "durability: 'always' is neither false, wait nor a mapping ({wait: 2})"),
        ({"durability": 2}, "durability: 2 is neither false, wait nor a mapping ({wait: 2})"),
        ({"durability": ["wait"]}, "durability: the value is neither false, wait nor a mapping ({wait: 2})"),
        ({"fence_wait": "2s", "write_safety": SAFE}, "fence_wait: '2s' is neither true nor false"),
        ({"self_fence": "maybe"}, "self_fence: 'maybe' is neither true nor false"),
    ],
)
def test_what_is_refused_names_its_path(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    assert refused(tmp_path, **settings) == [message]


def test_a_sentinel_that_is_a_little_late_is_not_cut_off(tmp_path: Path) -> None:
    tree = changed(("cluster.heartbeat", "50ms"), ("cluster.lease", "249ms"), (f"{GROUP}.self_fence", True))
    assert problems(tmp_path, tree) == [
        f"{GROUP}.self_fence: true needs a cluster.lease of 250ms or more, and that is 249ms: a sentinel "
        "that is late by as much would pause its primary"
    ]


def test_a_wait_needs_what_it_waits_for(tmp_path: Path) -> None:
    said = "fence_wait: true waits for what write_safety makes a primary do, and that is not set"
    assert refused(tmp_path, fence_wait=True) == [said]
    assert refused(tmp_path, fence_wait=True, write_safety=False) == [said]
    assert loaded(tmp_path, fence_wait=True, write_safety=SAFE).fence_wait is True


def test_a_failover_must_have_the_time_to_wait(tmp_path: Path) -> None:
    waiting = {"fence_wait": True, "write_safety": {"max_lag": "8s"}}
    assert refused(tmp_path, failover_timeout="10s", **waiting) == [
        "failover_timeout: 10s must be longer than fence_wait takes: write_safety.max_lag (8s) and 2s"
    ]
    assert loaded(tmp_path, failover_timeout="10001ms", **waiting).fence_wait is True
    assert loaded(tmp_path, failover_timeout="10s", write_safety={"max_lag": "8s"}).fence_wait is False


def test_the_margin_is_the_one_that_a_leader_waits() -> None:
    """The packages do not import each other, so each has its own."""
    assert FENCE_MARGIN_S == sealing.FENCE_MARGIN_S


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"write_safety": {"min_replicas": 2}}, "write_safety.min_replicas"),
        ({"durability": {"wait": 2}}, "durability.wait"),
    ],
)
def test_more_replicas_than_there_can_be_are_refused(
    tmp_path: Path, settings: dict[str, Any], key: str
) -> None:
    """Of two nodes one is the primary; only without discovery is it certain that there are no more."""
    assert refused(tmp_path, discover_replicas=False, **settings) == [
        f"{key}: 2 is more than the 1 other nodes of the group"
    ]
    assert loaded(tmp_path, **settings).discover_replicas is True


def test_a_group_may_differ_from_the_defaults_in_each_setting(tmp_path: Path) -> None:
    tree = changed(
        ("defaults", {"write_safety": SAFE, "fence_wait": True, "self_fence": True, "durability": "wait"}),
        ("groups.other", {"nodes": ["b:1"], "durability": False, "self_fence": False}),
        ("groups.third", {"nodes": ["c:1"], "write_safety": {"min_replicas": 3}, "durability": {"wait": 2}}),
    )
    groups = load_text(tmp_path, tree).settings.groups
    mine, other, third = groups["mymaster"], groups["other"], groups["third"]
    assert mine.write_safety is not None and mine.durability is not None
    assert (mine.fence_wait, mine.self_fence, mine.durability.wait) == (True, True, 1)
    assert other.write_safety == mine.write_safety and other.durability is None and not other.self_fence
    assert third.write_safety is not None and third.write_safety.min_replicas == 3
    assert third.durability is not None and third.durability.wait == 2


def test_a_contradiction_with_the_defaults_names_the_group(tmp_path: Path) -> None:
    tree = changed(
        ("defaults", {"write_safety": SAFE, "fence_wait": True}),
        ("groups.other", {"nodes": ["b:1"], "write_safety": False}),
    )
    assert [problem.split(":")[0] for problem in problems(tmp_path, tree)] == ["groups.other.fence_wait"]


def test_a_bad_default_is_told_once_and_where_it_is_written(tmp_path: Path) -> None:
    tree = changed(
        ("defaults.write_safety", {"max_lag": "1500ms"}),
        ("groups.other.nodes", ["b:1"]),
    )
    assert [problem.split(":")[0] for problem in problems(tmp_path, tree)] == [
        "defaults.write_safety.max_lag"
    ]
