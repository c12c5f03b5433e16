"""A name that no sentinel knows is answered with the name that was probably meant."""

from __future__ import annotations

import json

import pytest

from sentinel.terminal.exits import ExitCode
from tests.unit.sentinel.cli.test_cli import B, FakeSentinel, fake, group, groups, make_fake, vedette

__all__ = ["fake", "make_fake"]


@pytest.mark.parametrize("command", ["explain", "history", "failover", "switchover", "pause", "resume"])
def test_a_group(fake: FakeSentinel, command: str) -> None:
    fake.answers["/v1/groups"] = groups(group(group="My-Master"), group(group="other"))
    for path in ("", "/history?limit=20", "/failover", "/switchover", "/pause", "/resume"):
        fake.problem(f"/v1/groups/mymaster{path}", "unknown-group")
    refused = vedette(command, "mymaster", "--json", "--url", fake.url)
    assert refused.exit_code == ExitCode.REFUSED
    assert refused.stderr.splitlines() == [
        "there is no group 'mymaster' (did you mean 'My-Master'?)",
        "The groups are My-Master, other.",
    ]
    assert json.loads(refused.stdout)["type"].endswith(":unknown-group")


@pytest.mark.parametrize(("command", "option"), [("failover", "--candidate"), ("switchover", "--to")])
def test_a_node(fake: FakeSentinel, command: str, option: str) -> None:
    fake.answers["/v1/groups"] = groups(group())
    detail = "'127.0.0.1:638' is no node of this group."
    fake.problem(f"/v1/groups/g/{command}", "precondition", detail)
    refused = vedette(command, "g", option, "127.0.0.1:638", "--url", fake.url)
    assert refused.exit_code == ExitCode.REFUSED
    assert f"is no node of group g (did you mean '{B[:-1]}" in refused.stderr
    assert B in refused.stderr.splitlines()[1]


def test_another_refusal_stays_what_it_is(fake: FakeSentinel) -> None:
    fake.answers["/v1/groups"] = groups(group())
    fake.problem("/v1/groups/g/failover", "precondition", f"{B}: is the primary already.")
    refused = vedette("failover", "g", "--candidate", B, "--url", fake.url)
    assert f"{B}: is the primary already." in refused.stderr


def test_where_the_groups_cannot_be_asked_for_the_refusal_is_shown(fake: FakeSentinel) -> None:
    fake.problem("/v1/groups/g/pause", "unknown-group", "There is no group 'g' in this configuration.")
    refused = vedette("pause", "g", "--url", fake.url)
    assert refused.exit_code == ExitCode.REFUSED
    assert "There is no group 'g' in this configuration." in refused.stderr
