"""``vedette found-anew``: its output, its refusals, and its results on disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quorum.cluster import CLUSTER
from quorum.messages import Entry, HardState, Topology
from sentinel.cli import found as cli_found
from sentinel.cli.app import app
from sentinel.state.store import Store
from sentinel.status.answers import GroupsAnswer
from sentinel.terminal.exits import ExitCode
from sentinel.terminal.live_members import MemberSeen
from tests.unit.sentinel.cli.test_cli import group, groups
from tests.unit.sentinel.store_cases import persist

AGREED = Entry(1, 1, None, cluster_id="one")
HELD = Entry(7, 1, Topology("a:1", 7, None, "test", "s1", 0, 0))
Answers = Callable[..., None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "one.yml"
    members = ", ".join(f"s{number}: 127.0.0.1:870{number}" for number in (1, 2, 3))
    file.write_text(
        "sentinel: {id: s1, state_dir: ./state, http: 127.0.0.1:8701}\n"
        f"cluster: {{members: {{{members}}}}}\n"
        "groups: {g: {nodes: [127.0.0.1:6379, 127.0.0.1:6380]}}\n"
    )

    async def fill() -> None:
        store = Store.open(tmp_path / "state", "s1")
        await persist(store, "g", HardState(7, None, HELD, HELD))
        await persist(store, CLUSTER, HardState(1, None, AGREED, AGREED))
        await store.close()

    asyncio.run(fill())
    return file


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """``None``: it does not answer. Else why it takes no part."""

    def given(cluster_id: str | None = None, **states: str | None) -> None:
        seen = []
        for one, why in states.items():
            body = groups(group(takes_no_part=why or None))[1] if why is not None else None
            answer = GroupsAnswer.model_validate(body) if body is not None else None
            if answer is not None:
                answer = answer.model_copy(update={"cluster_id": cluster_id})
            seen.append(MemberSeen(one, f"http://{one}", answer))
        monkeypatch.setattr(cli_found, "ask_members", lambda _settings: seen)

    return given


def run(file: Path, *more: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["found-anew", "-c", str(file), *more])
    return result.exit_code, result.stdout, result.stderr


def test_it_shows_what_would_be_lost_and_changes_nothing(file: Path, answers: Answers) -> None:
    answers(s1=None, s2="it listens only", s3="")
    code, shown, advice = run(file)
    assert code == ExitCode.OK
    assert "g: would be lost: a:1 is primary, by term 7, and the history of changes\n" in shown
    assert "sentinel s2: takes no part\nsentinel s3: takes part\n" in shown
    assert "--accept-loss" in advice
    assert (file.parent / "state" / "state.db").exists()
    assert json.loads(run(file, "--json")[1])["held"][0]["primary"] == "a:1"


def test_it_sets_aside_and_the_sentinel_starts_as_a_new_one(file: Path, answers: Answers) -> None:
    answers(s1=None, s2=None, s3=None)
    code, shown, _ = run(file, "--accept-loss")
    assert code == ExitCode.OK and "set aside" in shown
    (aside,) = (file.parent / "state").iterdir()
    assert {"lock", "state.db"} <= {each.name for each in aside.iterdir()}
    store = Store.open(file.parent / "state", "s1")
    try:
        assert store.hard_states() == {} and store.untold
    finally:
        asyncio.run(store.close())


def test_while_a_majority_takes_part_it_is_refused(file: Path, answers: Answers) -> None:
    answers(s1=None, s2="", s3="")
    code, _, why = run(file, "--accept-loss")
    assert code == ExitCode.REFUSED and "s2 and s3 take part, and are a majority" in why
    assert (file.parent / "state" / "state.db").exists()


@pytest.mark.parametrize(("cluster_id", "code"), [("one", ExitCode.REFUSED), ("two", ExitCode.OK)])
def test_a_majority_of_another_cluster_is_none_that_could_tell_it(
    file: Path, answers: Answers, cluster_id: str, code: ExitCode
) -> None:
    answers(cluster_id, s1=None, s2="", s3="")
    assert run(file, "--accept-loss")[0] == code


def test_the_cluster_of_the_directory_is_shown(file: Path, answers: Answers) -> None:
    answers(s1=None, s2=None, s3=None)
    assert "this directory is of the cluster one" in run(file)[1]
    held = json.loads(run(file, "--json")[1])
    assert held["cluster_id"] == "one" and [each["group"] for each in held["held"]] == ["g"]


def test_while_the_sentinel_runs_it_is_refused(file: Path, answers: Answers) -> None:
    answers(s1=None, s2=None, s3=None)
    running = Store.open(file.parent / "state", "s1")
    try:
        code, _, why = run(file, "--accept-loss")
        assert code == ExitCode.STATE and "in use by another running sentinel" in why
    finally:
        asyncio.run(running.close())
    assert (file.parent / "state" / "state.db").exists()


def test_what_cannot_be_read_can_be_set_aside_all_the_same(file: Path, answers: Answers) -> None:
    answers(s1=None, s2=None, s3=None)
    (file.parent / "state" / "state.db").write_bytes(b"x" * 8192)
    code, shown, _ = run(file, "--accept-loss")
    assert code == ExitCode.OK and "is corrupt" in shown and "set aside" in shown


def test_where_there_is_nothing_it_is_said(file: Path, answers: Answers) -> None:
    answers(s1=None, s2=None, s3=None)
    assert run(file, "--accept-loss")[0] == ExitCode.OK
    code, _, why = run(file, "--accept-loss")
    assert code == ExitCode.REFUSED and "there is nothing in" in why
