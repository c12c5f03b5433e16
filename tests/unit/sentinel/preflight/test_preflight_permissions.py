"""The tried commands are those of docs/reference/redis-user.md; a denial names the line that solves it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sentinel.preflight.facts import Denial, NodeFacts, Requirements
from sentinel.preflight.permissions import MULTI, denial, harmless, queued
from tests.checkout import CHECKOUT
from tests.unit.sentinel.http_cases import B
from tests.unit.sentinel.preflight_cases import (
    OTHER,
    PRIMARY,
    REPLICA,
    REQUIREMENTS,
    codes,
    group,
    only,
    set_to,
)


def denying(*permissions: str, why: Denial = Denial.COMMAND) -> NodeFacts:
    return replace(REPLICA, denied=dict.fromkeys(permissions, why))


def test_everything_that_the_readme_prescribes_is_tried() -> None:
    line = re.search(r"ACL SETUSER vedette (.*)", (CHECKOUT / "docs/reference/redis-user.md").read_text())
    assert line is not None
    prescribed = set(re.findall(r"\+(\S+)", line[1]))
    trials = (*harmless("k", "vedette-s1"), MULTI, *queued("k"))
    assert {trial.permission for trial in trials} == prescribed


def test_without_a_fence_its_commands_are_not_tried() -> None:
    tried = {trial.permission for trial in (*harmless(None, "vedette-s1"), *queued(None))}
    assert not tried & {"watch", "unwatch", "get", "set", "eval"}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("NOPERM this user has no permissions to run the 'config|set' command", Denial.COMMAND),
        (
            "NOPERM this user has no permissions to run the 'config' command or its subcommand",
            Denial.COMMAND,
        ),
        ("NOPERM User vedette has no permissions to run the 'get' command", Denial.COMMAND),
        (
            "Transaction discarded because of: NOPERM this user has no permissions to run the 'exec' command",
            Denial.COMMAND,
        ),
        ("NOPERM this user has no permissions to access one of the keys used as arguments", Denial.KEY),
        ("NOPERM No permissions to access a key", Denial.KEY),
        ("unknown command 'FAILOVER', with args beginning with: 'NOPERM' ", Denial.UNKNOWN),
        ("ERR unknown command `FAILOVER`, with args beginning with: ", Denial.UNKNOWN),
        ("READONLY You can't write against a read only replica.", None),
        ("EXEC without MULTI", None),
        ("LOADING Redis is loading the dataset in memory", None),
    ],
)
def test_what_an_error_says_of_the_permission(error: str, expected: Denial | None) -> None:
    assert denial(error) is expected


def test_the_advice_is_the_line_to_type() -> None:
    problem = only(group(PRIMARY, denying("replicaof", "watch"), OTHER))
    assert (problem.severity, problem.code) == ("error", "permission")
    assert problem.advice == "ACL SETUSER vedette +replicaof +watch"
    assert "REPLICAOF, WATCH" in problem.problem


@pytest.mark.parametrize(
    "permission",
    ["config|get", "config|set", "client|pause", "failover", "eval", "exec", "client|kill", "config|rewrite"],
)
def test_what_only_some_groups_need_or_what_there_is_another_way_for_is_a_warning(permission: str) -> None:
    assert codes(group(PRIMARY, denying(permission), OTHER)) == [(B, "warning", "permission")]


@pytest.mark.parametrize(
    ("permission", "required"),
    [
        ("config|get", replace(REQUIREMENTS, write_safety=True)),
        ("config|set", replace(REQUIREMENTS, write_safety=True)),
        ("client|pause", replace(REQUIREMENTS, self_fence=True)),
        ("client|unpause", replace(REQUIREMENTS, self_fence=True)),
    ],
)
def test_a_group_that_asks_for_it_needs_it(permission: str, required: Requirements) -> None:
    facts = group(PRIMARY, denying(permission), OTHER, required=required)
    assert codes(facts) == [(B, "error", "permission")]


def test_a_node_that_demands_replicas_can_only_be_promoted_with_config_set() -> None:
    node = set_to(denying("config|set"), {"min-replicas-to-write": "1"})
    assert codes(group(PRIMARY, node, OTHER)) == [(B, "error", "permission")]


def test_a_key_that_is_out_of_bounds_and_a_command_that_is_renamed() -> None:
    key = only(group(PRIMARY, denying("get", "watch", why=Denial.KEY), OTHER))
    assert (key.code, key.advice) == ("key-permission", "ACL SETUSER vedette ~vedette:*")
    renamed = only(group(PRIMARY, denying("replicaof", why=Denial.UNKNOWN), OTHER))
    assert (renamed.severity, renamed.code) == ("error", "command-missing")


def test_a_node_that_denies_even_info_is_told_all_the_same() -> None:
    mute = replace(denying("info"), info=None, info_fields={}, settings={})
    assert (B, "error", "permission") in codes(group(PRIMARY, mute, OTHER))
