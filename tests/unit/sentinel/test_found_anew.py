"""``vedette found-anew``: what it shows, when it refuses, and what it leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quorum.messages import Entry, HardState, Topology
from sentinel import cli_found
from sentinel.api_answers import GroupsAnswer
from sentinel.cli import app
from sentinel.cli_exit import ExitCode
from sentinel.live_members import MemberSeen
from sentinel.store import Store
from tests.unit.sentinel.store_cases import persist
from tests.unit.sentinel.test_cli import group, groups

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
        await store.close()

    asyncio.run(fill())
    return file


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """``None``: it does not answer. Else why it takes no part."""

    def given(**states: str | None) -> None:
        seen = []
        for one, why in states.items():
            body = groups(group(takes_no_part=why or None))[1] if why is not None else None
            answer = GroupsAnswer.model_validate(body) if body is not None else None
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
