"""Where a command takes its sentinels and its token from: option, environment, file, in this order."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentinel.cli.find import find_sentinels
from sentinel.terminal.client import DEFAULT_URL, Sentinels, normalised
from sentinel.terminal.exits import CliError, ExitCode
from tests.unit.sentinel.cli.test_cli import FakeSentinel, dead, fake, groups, make_fake, vedette

__all__ = ["dead", "fake", "make_fake"]

TWO = (
    "current: prod\ncontexts:\n  prod: {url: 'a:1, b', token_file: ./prod.token}\n  lab: {url: [http://c]}\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".config" / "vedette"
    folder.mkdir(parents=True)
    (folder / "config.yml").write_text(TWO)
    (folder / "prod.token").write_text("t0ken\n")
    return tmp_path


def find(
    home: Path, *urls: str, context: str | None = None, config: Path | None = None, **env: str
) -> Sentinels:
    return find_sentinels(urls, config, None, lambda _: None, {"HOME": str(home), **env}, context)


def refused(home: Path, context: str | None = None, **env: str) -> str:
    with pytest.raises(CliError) as caught:
        find_sentinels((), None, None, lambda _: None, {"HOME": str(home), **env}, context)
    assert caught.value.code == ExitCode.USAGE
    return str(caught.value)


def test_an_option_goes_before_the_environment_and_that_before_the_file(home: Path, tmp_path: Path) -> None:
    prod = ("http://a:1", "http://b:8700")
    assert find(home).urls == prod
    assert find(home, VEDETTE_CONTEXT="lab").urls == ("http://c",)
    assert find(home, VEDETTE_CONTEXT="lab", VEDETTE_URL="d:4").urls == ("http://d:4",)
    assert find(home, context="prod", VEDETTE_CONTEXT="lab", VEDETTE_URL="d:4").urls == prod
    assert find(home, "e:5", VEDETTE_CONTEXT="lab", VEDETTE_URL="d:4").urls == ("http://e:5",)
    assert find(tmp_path / "nobody").urls == (DEFAULT_URL,)
    assert find(home, XDG_CONFIG_HOME="/nowhere").urls == (DEFAULT_URL,)
    with pytest.raises(CliError, match="excludes"):
        find(home, "e:5", context="lab")


def test_the_default_port_is_that_of_the_documents() -> None:
    assert DEFAULT_URL == "http://127.0.0.1:8700"
    assert normalised("host-1") == "http://host-1:8700"
    assert normalised("[::1]") == "http://[::1]:8700"
    assert normalised("https://vedette.example.com") == "https://vedette.example.com"


def test_a_token_goes_only_to_the_sentinels_of_its_context(fake: FakeSentinel, home: Path) -> None:
    (home / ".config/vedette/config.yml").write_text(
        f"contexts: {{prod: {{url: {fake.url}, token_file: prod.token}}}}\n"
    )
    fake.answers["/v1/groups/g/pause"] = (202, {"operation": "op-1", "group": "g"})
    env = {"HOME": str(home), "XDG_CONFIG_HOME": ""}
    assert vedette("pause", "g", env=env).exit_code == ExitCode.OK
    assert vedette("pause", "g", env={**env, "VEDETTE_TOKEN": "other"}).exit_code == ExitCode.OK
    assert vedette("pause", "g", "--url", fake.url, env=env).exit_code == ExitCode.OK
    sent = [headers.get("Authorization") for _, _, headers, _ in fake.asked]
    assert sent == ["Bearer t0ken", "Bearer other", None]


def test_a_file_of_another_machine_is_enough_to_read_and_a_change_says_what_lacks(
    fake: FakeSentinel, tmp_path: Path
) -> None:
    file = tmp_path / "vedette.yml"
    file.write_text(
        "sentinel: {id: '${SENTINEL_ID}'}\n"
        f"cluster: {{members: {{s1: '{fake.url.removeprefix('http://')}'}}, secret_file: /nowhere}}\n"
        "groups: {g: {nodes: [redis-1:6379], password_file: /nowhere}}\n"
        "api: {token_file: /nowhere/api.token}\n"
    )
    fake.answers["/v1/groups"] = groups()
    assert vedette("status", "-c", file).exit_code == ExitCode.OK
    refused = vedette("pause", "g", "-c", file)
    assert refused.exit_code == ExitCode.USAGE
    assert f"{file}:4: api.token_file: names a file that does not exist" in refused.stderr
    assert "VEDETTE_TOKEN" in refused.stderr
    assert [method for method, *_ in fake.asked] == ["GET"]


def test_an_error_names_where_the_value_comes_from(home: Path, dead: str, fake: FakeSentinel) -> None:
    file = home / ".config/vedette/config.yml"
    assert refused(home, VEDETTE_URL="ftp://x").startswith("VEDETTE_URL: 'ftp://x' is not the URL")
    assert "VEDETTE_CONTEXT: 'prd'" in refused(home, VEDETTE_CONTEXT="prd")
    assert "did you mean 'prod'?" in refused(home, context="prd")
    file.write_text("contexts: {a: {url: 'ftp://x'}}\n")
    assert refused(home).startswith(f"{file}: contexts.a.url: 'ftp://x'")
    file.write_text("contexts: {a: {url: x}, b: {url: y}}\n")
    assert "which of a, b?" in refused(home)
    file.write_text("contexts: {a: {url: x, tokenfile: y}}\n")
    assert "did you mean 'token_file'?" in refused(home)
    assert "named by VEDETTE_URL" in vedette("status", env={"VEDETTE_URL": dead}).stderr
    fake.problem("/v1/groups/g/pause", "unauthorized")
    wrong = vedette("pause", "g", env={"VEDETTE_URL": fake.url, "VEDETTE_TOKEN": "x"})
    assert "The token that was sent comes from VEDETTE_TOKEN." in wrong.stderr
    assert "there is no file" in refused(home / "nobody", context="prod")
