"""An import makes a configuration that `vedette check` accepts, and keeps secrets private."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import Result

import config
from config import Address
from sentinel.terminal.exits import ExitCode
from tests.unit.sentinel.cli.test_cli import vedette

PASSWORD = 'pa$$ "wörd" ${HOME} #'
QUOTED = PASSWORD.replace('"', '\\"')
CONF = (
    "port 26379\n"
    "sentinel announce-ip 10.0.0.2\n"
    "sentinel monitor mymaster 10.0.1.1 6379 2\n"
    "sentinel down-after-milliseconds mymaster 1500\n"
    f'sentinel auth-pass mymaster "{QUOTED}"\n'
    "sentinel known-replica mymaster 10.0.1.2 6379\n"
    "sentinel known-sentinel mymaster 10.0.0.3 26379 c\n"
    "sentinel known-sentinel mymaster 10.0.0.1 26379 a\n"
    "sentinel notification-script mymaster /bin/x\n"
)


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    file = tmp_path / "sentinel.conf"
    file.write_text(CONF)
    return file


def imported(conf: Path, *options: str | Path) -> Result:
    return vedette("import-sentinel-conf", conf, *options)


def loaded(conf: Path, *options: str | Path, **env: str) -> config.Settings:
    """As `vedette check` would."""
    result = imported(conf, *options)
    assert result.exit_code == ExitCode.OK, result.output
    file = conf.parent / "vedette.yml"
    file.write_text(result.stdout)
    return config.load(file, env).settings


def test_secrets_come_from_the_environment_by_default(conf: Path) -> None:
    result = imported(conf)
    assert "wörd" not in result.output
    assert "VEDETTE_MYMASTER_PASSWORD" in result.stderr
    settings = loaded(conf, VEDETTE_MYMASTER_PASSWORD=PASSWORD, VEDETTE_CLUSTER_SECRET="s" * 32)
    group = settings.groups["mymaster"]
    assert [str(node.address) for node in group.nodes] == ["10.0.1.1:6379", "10.0.1.2:6379"]
    assert (group.quorum, group.down_after) == (2, 1.5)
    assert group.password is not None
    assert group.password.get_secret_value() == PASSWORD
    assert (settings.sentinel.id, str(settings.sentinel.resp)) == ("s2", "0.0.0.0:26379")
    assert settings.cluster.members == {f"s{n}": Address(f"10.0.0.{n}", 8700) for n in (1, 2, 3)}


def test_secrets_can_go_to_files_that_only_the_owner_reads(conf: Path) -> None:
    directory = conf.parent / "secrets"
    settings = loaded(conf, "--secrets-dir", directory)
    password = settings.groups["mymaster"].password
    assert password is not None
    assert password.get_secret_value() == PASSWORD
    assert settings.cluster.secret is not None
    assert len(settings.cluster.secret.get_secret_value()) >= 32
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}
    again = imported(conf, "--secrets-dir", directory)
    assert again.exit_code == ExitCode.USAGE
    assert "exists already" in again.stderr


def test_secrets_are_printed_where_that_is_asked_for(conf: Path) -> None:
    settings = loaded(conf, "--with-secrets", VEDETTE_CLUSTER_SECRET="s" * 32)
    password = settings.groups["mymaster"].password
    assert password is not None
    assert password.get_secret_value() == PASSWORD
    both = imported(conf, "--with-secrets", "--secrets-dir", conf.parent)
    assert both.exit_code == ExitCode.USAGE


def test_what_was_left_behind_is_at_the_top(conf: Path) -> None:
    result = imported(conf)
    assert "#   line 9, sentinel notification-script: Vedette runs no scripts" in result.stdout
    assert "# webhooks:" in result.stdout
    body = json.loads(imported(conf, "--json").stdout)
    assert [(note["line"], note["what"]) for note in body["notes"]] == [(9, "sentinel notification-script")]
    assert body["yaml"] == result.stdout
    assert body["variables"] == ["VEDETTE_CLUSTER_SECRET", "VEDETTE_MYMASTER_PASSWORD"]


def test_members_can_be_named(conf: Path) -> None:
    members = ("--member", "a=host-a:8700", "--member", "b=host-b:8700", "--member", "c=host-c:8700")
    env = {"VEDETTE_MYMASTER_PASSWORD": "p", "VEDETTE_CLUSTER_SECRET": "s" * 32}
    settings = loaded(conf, *members, "--id", "b", **env)
    assert settings.sentinel.id == "b"
    assert settings.cluster.members["c"] == Address("host-c", 8700)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--member", "a"), "is not ID=HOST:PORT"),
        (("--member", "a=host"), "has no port"),
        (("--member", "a=h:1", "--member", "a=h:2"), "given twice"),
        (("--member", "a=h:1", "--id", "b"), "not one of the members"),
        (("--id", "s1"), "is that of another member"),
        (("--id", "a b"), "letters, digits"),
    ],
)
def test_options_that_do_not_fit(conf: Path, options: tuple[str, ...], problem: str) -> None:
    result = imported(conf, *options)
    assert result.exit_code == ExitCode.USAGE
    assert problem in result.stderr


def test_a_file_that_knows_no_other_sentinels_gets_placeholders(tmp_path: Path) -> None:
    file = tmp_path / "sentinel.conf"
    file.write_text("sentinel monitor m redis-1 6379 2\n")
    result = imported(file)
    assert "name the sentinels in cluster.members (s1, s2, s3)" in result.stderr
    assert result.stdout.count("# a placeholder: name it") == 3
    settings = loaded(file, VEDETTE_CLUSTER_SECRET="s" * 32)
    assert len(settings.cluster.members) == 3
    assert settings.groups["m"].down_after == 1.0


def test_sentinels_of_one_machine_get_a_port_each(tmp_path: Path) -> None:
    file = tmp_path / "sentinel.conf"
    file.write_text(
        "port 5001\n"
        "sentinel monitor m 127.0.0.1 6379 2\n"
        "sentinel known-sentinel m 127.0.0.1 5000 a\n"
        "sentinel known-sentinel m 127.0.0.1 5002 c\n"
    )
    settings = loaded(file)
    assert settings.sentinel.id == "s2"
    assert [str(address) for address in settings.cluster.members.values()] == [
        "127.0.0.1:8701",
        "127.0.0.1:8702",
        "127.0.0.1:8703",
    ]


def test_tls_to_the_nodes_is_carried_over(tmp_path: Path) -> None:
    for name in ("ca.crt", "own.crt", "own.key"):
        (tmp_path / name).write_text("")
    file = tmp_path / "sentinel.conf"
    file.write_text(
        f"tls-replication yes\ntls-ca-cert-file {tmp_path}/ca.crt\n"
        f"tls-cert-file {tmp_path}/own.crt\ntls-key-file {tmp_path}/own.key\n"
        "sentinel monitor 1234 127.0.0.1 6379 1\nsentinel monitor on ::1 6379 1\n"
    )
    settings = loaded(file, VEDETTE_CLUSTER_SECRET="s" * 32)
    assert set(settings.groups) == {"1234", "on"}
    assert str(settings.groups["on"].nodes[0].address) == "[::1]:6379"
    tls = settings.groups["1234"].tls
    assert tls is not None
    assert (tls.ca_file, tls.key_file) == (tmp_path / "ca.crt", tmp_path / "own.key")


def test_a_fault_names_the_file_and_the_line(conf: Path) -> None:
    conf.write_text(f"{CONF}sentinel parallel-syncs mymaster many\n")
    result = imported(conf)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert result.stderr.startswith(f"{conf}:10: parallel-syncs: 'many' is not a whole number")
    assert json.loads(imported(conf, "--json").stdout)["line"] == 10
    missing = imported(conf.parent / "nowhere.conf")
    assert missing.exit_code == ExitCode.USAGE
    assert "nowhere.conf: cannot be read" in missing.stderr


MIXED = CONF.replace(
    "sentinel known-replica mymaster 10.0.1.2 6379\n",
    "sentinel known-replica mymaster 10.0.1.2 6379\nsentinel known-replica mymaster redis-2 6379\n"
    "sentinel known-replica mymaster redis-1.pods 6379\n",
)


def nodes(imported_text: str) -> str:
    return next(line for line in imported_text.splitlines() if line.strip().startswith("nodes:"))


def test_the_ip_and_the_name_of_one_pod_are_one_node(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"redis-1.pods": ["10.0.1.1"], "redis-2": ["10.0.1.2"]}
    monkeypatch.setattr("sentinel.cli.imports.system_lookup", lambda host: known[host])
    conf.write_text(MIXED)
    result = imported(conf)
    assert nodes(result.stdout).strip() == "nodes: [redis-1.pods:6379, redis-2:6379]"
    assert "# 10.0.1.2:6379 is left out: it is redis-2:6379, by another name." in result.stdout


def test_where_names_cannot_be_resolved_it_says_that_two_may_be_one(
    conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody_knows(_host: str) -> list[str]:
        raise OSError("no such name")

    monkeypatch.setattr("sentinel.cli.imports.system_lookup", nobody_knows)
    conf.write_text(MIXED)
    result = imported(conf)
    assert nodes(result.stdout).count("6379") == 4
    assert "Names and addresses are mixed" in result.stdout


def test_the_password_of_the_old_sentinel_is_that_of_the_resp_port(conf: Path) -> None:
    conf.write_text("requirepass resp-word\n" + CONF)
    settings = loaded(
        conf,
        VEDETTE_MYMASTER_PASSWORD=PASSWORD,
        VEDETTE_CLUSTER_SECRET="s" * 32,
        VEDETTE_RESP_PASSWORD="resp-word",
    )
    assert settings.sentinel.resp_password is not None
    assert settings.sentinel.resp_password.get_secret_value() == "resp-word"
