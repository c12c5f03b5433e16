"""A client reads the members and the token of a sentinel's file, and nothing else of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import ClientPart, ConfigError, load_client_part
from tests.checkout import CHECKOUT

README = (CHECKOUT / "README.md").read_text()
MEMBERS = "cluster: {members: {s1: 10.0.0.1:8700, s2: 10.0.0.2:8700}}\n"


def load(folder: Path, text: str, **env: str) -> ClientPart:
    file = folder / "vedette.yml"
    file.write_text(text)
    return load_client_part(file, env)


def problem(folder: Path, text: str, **env: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **env).token()
    return str(caught.value)


def test_the_file_of_the_readme_serves_on_a_laptop(tmp_path: Path) -> None:
    [text] = re.findall(r"```yaml\n(# yaml-language-server.*?)```", README, re.DOTALL)
    part = load(tmp_path, text)
    assert [str(address) for address in part.members.values()] == [f"host-{n}:8700" for n in (1, 2, 3)]
    assert part.own is None
    assert load(tmp_path, text, SENTINEL_ID="s2").own == "s2"
    with pytest.raises(ConfigError, match=r"api\.token_file: names a file that does not exist"):
        part.token()


@pytest.mark.parametrize(
    "rest",
    [
        "sentinel: {id: '${ID}', http: nonsense, http: twice}\n",
        "groups: {g: {password: '${PASSWORD}', nodes: 7}, 'a name': {}}\n",
        "webhooks: [{secret_file: ./nowhere}]\n",
        "api: {token: '${TOKEN}', hosts: 7}\n",
        "unknown: [!foreign tag]\n",
    ],
)
def test_what_a_client_does_not_need_is_not_looked_at(tmp_path: Path, rest: str) -> None:
    assert list(load(tmp_path, MEMBERS + rest).members) == ["s1", "s2"]


def test_the_token_is_read_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "api.token").write_text("t0ken\n")
    assert load(tmp_path, MEMBERS + "api: {token_file: ./api.token}\n").token() == "t0ken"
    assert load(tmp_path, MEMBERS + "api: {token: '${TOKEN}'}\n", TOKEN="of-env").token() == "of-env"
    assert load(tmp_path, MEMBERS + "api:\n").token() is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("groups: {}\n", "cluster.members: is required"),
        ("cluster: [x]\n", "cluster: must be a mapping"),
        ("cluster: {members: {s1: '${HOST}:8700'}}\n", "environment variable HOST is not set"),
        ("cluster: {members: {s1: 0.0.0.0:8700}}\n", "can be listened on, but not connected to"),
        ("cluster: {members: {s1: a:1}, members: {s1: b:1}}\n", "cluster.members: is given twice"),
        (MEMBERS + "api: {token: '${TOKEN}'}\n", "environment variable TOKEN is not set"),
        (MEMBERS + "api: {token: a, token: b}\n", "api.token: is given twice"),
        (MEMBERS + "api: {token: a, token_file: b}\n", "is given as well as token"),
        ("cluster: {members: {\n", "is not valid YAML"),
    ],
)
def test_what_it_needs_is_checked_as_for_the_daemon(tmp_path: Path, text: str, message: str) -> None:
    assert message in problem(tmp_path, text)
