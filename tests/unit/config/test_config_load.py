"""Loading as a whole: the result of a good file, and all errors of a bad one at once."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import config
from config import Address
from tests.unit.config.config_cases import VALID, changed, load_text, problems


def test_the_least_file_gets_the_documented_defaults(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, VALID)
    settings, group = loaded.settings, loaded.settings.groups["mymaster"]
    assert loaded.warnings == ()
    assert settings.sentinel.state_dir == tmp_path / "state/s1"
    assert settings.sentinel.http == Address("127.0.0.1", 8701)
    assert list(settings.cluster.members) == ["s1", "s2", "s3"]
    assert [str(node.address) for node in group.nodes] == ["127.0.0.1:6379", "127.0.0.1:6380"]
    assert (group.down_after, group.refused_after, group.failover_timeout) == (1.0, 0.03, 10.0)
    assert (group.effective_ping_interval, group.effective_max_link_down) == (0.25, 10.0)
    assert [group.effective_quorum(count) for count in (1, 2, 3, 4, 5)] == [1, 2, 2, 3, 3]
    assert group.fence_key == "vedette:mymaster:term"
    assert group.discover_replicas
    assert (settings.webhooks, settings.api.token) == ((), None)


@pytest.mark.parametrize(("down_after", "interval"), [("100ms", 0.05), ("2s", 0.5), ("1m", 1.0)])
def test_the_ping_interval_follows_down_after(tmp_path: Path, down_after: str, interval: float) -> None:
    settings = load_text(tmp_path, changed(("groups.mymaster.down_after", down_after))).settings
    assert settings.groups["mymaster"].effective_ping_interval == interval


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load_text(tmp_path, VALID).settings
    with pytest.raises(ValidationError, match="frozen"):
        settings.sentinel.__setattr__("id", "s2")


def test_a_node_is_an_address_or_a_mapping(tmp_path: Path) -> None:
    node = {"address": "redis1:6379", "announce": "1.2.3.4:7000", "priority": 0, "zone": "a"}
    found = load_text(tmp_path, changed(("groups.mymaster.nodes", ["a:1", node]))).settings
    plain, full = found.groups["mymaster"].nodes
    assert (plain.address, plain.announce, plain.priority, plain.zone) == (Address("a", 1), None, None, None)
    assert (str(full.announce), full.priority, full.zone) == ("1.2.3.4:7000", 0, "a")


def test_a_group_overrides_the_defaults(tmp_path: Path) -> None:
    tree = changed(
        ("defaults", {"down_after": "5s", "refused_after": "1s", "tls": True, "password": "shared"}),
        ("groups.other", {"nodes": ["b:1"], "down_after": "7s", "tls": False, "fence_key": False}),
    )
    groups = load_text(tmp_path, tree).settings.groups
    assert [groups[name].down_after for name in ("mymaster", "other")] == [5.0, 7.0]
    assert [groups[name].refused_after for name in ("mymaster", "other")] == [1.0, 1.0]
    assert groups["mymaster"].tls is not None
    assert groups["other"].tls is None
    assert groups["other"].fence_key is None
    assert groups["other"].password is not None


def test_the_fence_key_names_the_group(tmp_path: Path) -> None:
    settings = load_text(tmp_path, changed(("defaults.fence_key", "x/{group}/{y}"))).settings
    assert settings.groups["mymaster"].fence_key == "x/mymaster/{y}"


TOO_MANY = "9 is more than the 3 members: they could never agree that the primary is down"
MANY_FAULTS = """\
sentinel:
  id: s1
  state_dir: ./state
  http: 127.0.0.1
  log_levl: info
cluster:
  members:
    s1: 127.0.0.1:8701
    s2: 127.0.0.1:8702
    s3: 127.0.0.1:8703
  heartbeat: 200ms
  gossip_interval: 1 sec
groups:
  mymaster:
    nodes:
      - 127.0.0.1:6379
      - {address: 127.0.0.1:6380, priority: high}
    quorum: 4
    down_after: '1 sec'
extra: 1
"""


def test_every_problem_is_told_at_once_with_its_path_and_line(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError) as caught:
        load_text(tmp_path, MANY_FAULTS)
    file = tmp_path / "vedette.yml"
    assert str(caught.value).splitlines() == [
        f"{file}:4: sentinel.http: '127.0.0.1' has no port (host:port)",
        f"{file}:5: sentinel.log_levl: is not a known setting (did you mean 'log_level'?)",
        f"{file}:11: cluster.heartbeat: 200ms must be less than half of lease (250ms)",
        f"{file}:12: cluster.gossip_interval: '1 sec' is not a duration (try 1s)",
        f"{file}:17: groups.mymaster.nodes[1].priority: 'high' is not a whole number",
        f"{file}:18: groups.mymaster.quorum: 4 is more than the 3 members: "
        "they could never agree that the primary is down",
        f"{file}:19: groups.mymaster.down_after: '1 sec' is not a duration (try 1s)",
        f"{file}:20: extra: is not a known section",
    ]


def test_what_is_wrong_in_the_defaults_is_told_once(tmp_path: Path) -> None:
    tree = changed(
        ("defaults", {"down_after": "soon", "refused_afer": "1s", "quorum": 9}), ("groups.b.nodes", ["b:1"])
    )
    assert sorted(problems(tmp_path, tree)) == [
        "defaults.down_after: 'soon' is not a duration (try 1s)",
        "defaults.refused_afer: is not a known setting (did you mean 'refused_after'?)",
        f"groups.b.quorum: {TOO_MANY}",
        f"groups.mymaster.quorum: {TOO_MANY}",
    ]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("sentinel.id", "a b", "'a b' is not a valid name (1 to 64 letters, digits, '.', '_' or '-')"),
        ("sentinel.id", 1, "must be a text: put it in quotes"),
        (
            "sentinel.log_level",
            "inf",
            "'inf' is not one of debug, info, warning, error (did you mean 'info'?)",
        ),
        ("sentinel.state_dir", "", "is empty"),
        ("sentinel", "s1", "must be a mapping (key: value)"),
        ("cluster.members", ["s1"], "must be a mapping (key: value)"),
        ("cluster.members", {}, "is empty"),
        ("cluster.lease", None, "has no value"),
        ("cluster.secret", "", "is empty"),
        ("defaults.nodes", ["a:1"], "is not a known setting"),
        ("groups", {}, "is required: name at least one group"),
        ("groups.mymaster.nodes", [], "is empty"),
        ("groups.mymaster.nodes", "a:1", "must be a list"),
        ("groups.mymaster.nodes", None, "has no value"),
        ("groups.mymaster.quorum", 0, "0 is too small: at least 1"),
        ("groups.mymaster.quorum", 1.5, "1.5 is not a whole number"),
        ("groups.mymaster.quorum", True, "true is not a whole number"),
        ("groups.mymaster.parallel_syncs", 10**6, "1000000 is too large: at most 1000"),
        ("groups.mymaster.down_after", "0s", "'0s' must be longer than 0"),
        ("groups.mymaster.discover_replicas", "maybe", "'maybe' is neither true, false nor promote"),
        (
            "groups.mymaster.discover_range",
            "10.0.0.1/8",
            "'10.0.0.1/8' has host bits set (such as 10.0.0.0/8)",
        ),
        (
            "groups.mymaster.discover_range",
            "redis",
            "'redis' is not a range of addresses (such as 10.0.0.0/8)",
        ),
        ("groups.mymaster.tls", "maybe", "'maybe' is neither true, false nor a mapping (ca_file: ...)"),
        ("groups.mymaster.fence_key", True, "true is neither the name of a key nor false"),
        ("groups.mymaster.username", False, "must be a text: put it in quotes"),
        ("groups.mymaster.shelf", "x" * 2000, "is not a known setting"),
        ("groups.mymaster.username", "x" * 2000, "is too long: at most 1024 characters"),
        ("webhooks", {}, "must be a list"),
        ("api", ["x"], "must be a mapping (key: value)"),
    ],
)
def test_each_fault_is_said_in_plain_english(tmp_path: Path, path: str, value: Any, message: str) -> None:
    assert problems(tmp_path, changed((path, value))) == [f"{path}: {message}"]


def test_required_sections_and_settings_are_asked_for(tmp_path: Path) -> None:
    assert sorted(problems(tmp_path, {"sentinel": None, "webhooks": [None]})) == [
        "cluster: is required",
        "groups: is required: name at least one group",
        "sentinel.http: is required",
        "sentinel.id: is required",
        "sentinel.state_dir: is required",
        "webhooks[0].secret: is required (or secret_file)",
        "webhooks[0].url: is required",
    ]


def test_a_bad_group_name_does_not_hide_the_other_groups(tmp_path: Path) -> None:
    tree = changed(("groups", {"a b": {"nodes": ["a:1"]}, "c": {"nodes": []}}))
    assert problems(tmp_path, tree) == [
        "groups.a b: is not a valid name (1 to 64 letters, digits, '.', '_' or '-')",
        "groups.c.nodes: is empty",
    ]


def test_a_bad_group_name_does_not_hide_the_faults_inside(tmp_path: Path) -> None:
    tree = changed(("groups", {"a b": {"nodes": ["a:1"], "quorumm": 2, "down_after": "1"}}))
    assert problems(tmp_path, tree) == [
        "groups.a b: is not a valid name (1 to 64 letters, digits, '.', '_' or '-')",
        "groups.a b.quorumm: is not a known setting (did you mean 'quorum'?)",
        "groups.a b.down_after: '1' has no unit (try 1s or 1ms)",
    ]


def test_the_number_of_problems_shown_is_limited(tmp_path: Path) -> None:
    tree = changed(*((f"groups.mymaster.x{index}", 1) for index in range(300)))
    found = problems(tmp_path, tree)
    assert len(found) == 201
    assert found[-1] == "and 100 more problems"


def test_any_order_of_the_sections_loads_the_same(tmp_path: Path) -> None:
    items = list(changed(("defaults.quorum", 2)).items())
    random.Random(1).shuffle(items)
    assert (
        load_text(tmp_path, dict(items)).settings
        == load_text(tmp_path, changed(("defaults.quorum", 2))).settings
    )


def test_a_group_has_an_owner_and_a_runbook_and_a_sentinel_a_public_url(tmp_path: Path) -> None:
    page = "https://wiki.example.com/redis#down"
    told = changed(("groups.mymaster.owner", "team-a"), ("groups.mymaster.runbook", page))
    told["api"] = {"public_url": "https://vedette.example.com/"}
    settings = load_text(tmp_path, told).settings
    group = settings.groups["mymaster"]
    assert (group.owner, group.runbook) == ("team-a", page)
    assert settings.api.public_url == "https://vedette.example.com", "a path is appended"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("groups.mymaster.runbook", "wiki/redis", "must begin with http:// or https://"),
        (
            "groups.mymaster.runbook",
            "https://me:secret@wiki/",
            "has a user or password in it",
        ),
        (
            "api",
            {"public_url": "https://v/?a=b"},
            "has a query or a fragment",
        ),
    ],
)
def test_a_page_for_people_is_checked(tmp_path: Path, path: str, value: Any, message: str) -> None:
    (told,) = problems(tmp_path, changed((path, value)))
    assert message in told and "secret" not in told
