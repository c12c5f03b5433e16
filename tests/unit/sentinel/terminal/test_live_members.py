"""The problems of a cluster's sentinels, by the answer of each."""

from __future__ import annotations

from pathlib import Path

import pytest

import config
from sentinel.status.answers import GroupsAnswer
from sentinel.terminal.live_members import Finding, MemberSeen, member_findings
from tests.unit.sentinel.cli.test_cli import A, B, group, node

MEMBERS = ("s1", "s2", "s3")


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    file = tmp_path / "s1.yml"
    file.write_text(
        "sentinel: {id: s1, state_dir: ./state, http: 127.0.0.1:8701}\n"
        "cluster: {members: {s1: 127.0.0.1:8701, s2: 127.0.0.1:8702, s3: 127.0.0.1:8703}}\n"
        f"groups: {{g: {{nodes: ['{A}', '{B}'], quorum: 1}}}}\n"
    )
    return config.load(file).settings


def member(id_: str, *, ahead_ms: float | None = 0.0, blur_ms: float = 1.0, **changes: object) -> MemberSeen:
    peers = [{"sentinel": peer, "in_touch": True, "rtt_ms": 0.1} for peer in MEMBERS if peer != id_]
    body = {"sentinel": id_, "version": "1", "members": list(MEMBERS), "peers": peers, "groups": [group()]}
    body["cluster_id"] = "one"
    answer = GroupsAnswer.model_validate({**body, **changes})
    return MemberSeen(id_, f"http://{id_}", answer, ahead_ms=ahead_ms, blur_ms=blur_ms)


def found(settings: config.Settings, *changed: MemberSeen) -> list[tuple[str, str, str]]:
    by_id = {each.id: each for each in (*map(member, MEMBERS), *changed)}
    findings = list(member_findings(settings, list(by_id.values())))
    assert all(finding.advice for finding in findings)
    return [(finding.where, finding.severity, finding.code) for finding in findings]


def without_touch(*lost: str) -> list[dict[str, object]]:
    return [{"sentinel": peer, "in_touch": peer not in lost, "rtt_ms": None} for peer in ("s1", "s2", "s3")]


STRANGE_NODES = group(node(A, "primary"), node("127.0.0.1:9", "replica"))
MORE_NODES = group(node(A, "primary"), node(B, "replica"), node("127.0.0.1:9", "replica", discovered=True))


def test_a_healthy_cluster(settings: config.Settings) -> None:
    assert found(settings) == []
    assert found(settings, member("s2", groups=[MORE_NODES])) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (MemberSeen("s2", "http://s2", failure="timed out"), ("sentinel s2", "error", "unreachable")),
        (member("s2", sentinel="s9"), ("sentinel s2", "error", "wrong-sentinel")),
        (member("s2", members=["s1", "s2", "s4"]), ("sentinel s2", "error", "other-members")),
        (member("s2", groups=[]), ("sentinel s2 group g", "error", "group-missing")),
        (
            member("s2", groups=[group(), group(group="h")]),
            ("sentinel s2 group h", "warning", "group-unknown"),
        ),
        (member("s2", groups=[STRANGE_NODES]), ("sentinel s2 group g", "error", "other-nodes")),
        (member("s2", groups=[group(quorum=2)]), ("sentinel s2 group g", "warning", "other-quorum")),
        (member("s2", peers=without_touch("s3")), ("sentinel s2", "error", "out-of-touch")),
        (member("s2", ahead_ms=1500.0), ("sentinel s2", "warning", "clock")),
        (member("s2", ahead_ms=-1500.0), ("sentinel s2", "warning", "clock")),
        (member("s2", cluster_id="two"), ("sentinel s2", "error", "other-cluster")),
        (member("s2", version="2"), ("cluster", "warning", "versions")),
    ],
)
def test_each_fault_is_found_alone(
    settings: config.Settings, changed: MemberSeen, expected: tuple[str, str, str]
) -> None:
    assert found(settings, changed) == [expected]


def test_a_clock_that_was_read_too_slowly_proves_nothing(settings: config.Settings) -> None:
    assert found(settings, member("s2", ahead_ms=1500.0, blur_ms=600.0)) == []
    assert found(settings, member("s2", ahead_ms=None)) == []


def test_who_is_out_of_touch_with_one_that_is_down_is_not_blamed(settings: config.Settings) -> None:
    lost = MemberSeen("s3", "http://s3", failure="timed out")
    assert found(settings, lost, member("s2", peers=without_touch("s3"))) == [
        ("sentinel s3", "error", "unreachable")
    ]


def test_where_names_what_it_is_about() -> None:
    assert Finding("error", "c", "p", "a", group="g", node=A).where == f"group g {A}"
