"""Secrets come from the file, from beside it or from the environment, and are never shown again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import config
from config.wording import quote
from tests.unit.config.config_cases import changed, load_text, problems

HIDDEN = "hunter2hunter2hunter2"


def test_secrets_are_read_from_files_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cluster", "api", "redis", "hook"):
        (tmp_path / f"{name}.secret").write_text(f"{name}-{HIDDEN}\r\n", encoding="utf-8")
    monkeypatch.chdir("/")
    tree = changed(
        ("cluster.secret_file", "./cluster.secret"),
        ("api.token_file", str(tmp_path / "api.secret")),
        ("defaults.password_file", "${DIR}/redis.secret"),
        ("webhooks", [{"url": "https://h/", "secret_file": "hook.secret"}]),
    )
    settings = load_text(tmp_path, tree, {"DIR": "."}).settings
    group = settings.groups["mymaster"]
    found = [settings.cluster.secret, settings.api.token, group.password, settings.webhooks[0].secret]
    assert [secret and secret.get_secret_value() for secret in found] == [
        f"cluster-{HIDDEN}",
        f"api-{HIDDEN}",
        f"redis-{HIDDEN}",
        f"hook-{HIDDEN}",
    ]
    assert settings.cluster.secret_file == tmp_path / "cluster.secret"
    assert HIDDEN not in repr(settings)
    assert HIDDEN not in settings.model_dump_json()


@pytest.mark.parametrize(
    "content",
    [b"word", b"word\n", b"word\r\n", b"word\n\n", b"\xef\xbb\xbfword\n", b"\xef\xbb\xbfword\r\n\r\n"],
)
def test_what_editors_and_shells_add_is_no_part_of_a_secret(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    password = load_text(tmp_path, changed(("groups.mymaster.password_file", "f"))).settings.groups
    found = password["mymaster"].password
    assert found is not None and found.get_secret_value() == "word"


@pytest.mark.parametrize(
    "path",
    [
        "cluster.secret",
        "api.token",
        "sentinel.resp_password",
        "defaults.password",
        "groups.mymaster.password",
        "groups.mymaster.password_file",
    ],
)
def test_a_secret_that_was_forgotten_is_not_taken_for_none(tmp_path: Path, path: str) -> None:
    assert problems(tmp_path, changed((path, None))) == [
        f"{path}: has no value: give it one, or leave it out"
    ]


def test_a_group_may_take_back_the_password_of_the_defaults(tmp_path: Path) -> None:
    tree = changed(("defaults.password", "shared"), ("groups.mymaster.password", None))
    assert load_text(tmp_path, tree).settings.groups["mymaster"].password is None


def test_a_password_of_the_group_replaces_a_password_file_of_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "shared").write_text("shared", encoding="utf-8")
    tree = changed(
        ("defaults.password_file", "shared"),
        ("groups.mymaster.password", "own"),
        ("groups.other.nodes", ["b:1"]),
    )
    groups = load_text(tmp_path, tree).settings.groups
    passwords = [groups[name].password for name in ("mymaster", "other")]
    assert [password and password.get_secret_value() for password in passwords] == ["own", "shared"]
    assert [groups[name].password_file for name in ("mymaster", "other")] == [None, tmp_path / "shared"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "names a file that does not exist"),
        (b"", "names an empty file"),
        (b"\n", "names an empty file"),
        (b"\xff\xfe", "does not hold UTF-8 text"),
        (b"x" * 70_000, "is larger than 65536 bytes"),
    ],
)
def test_a_file_without_a_secret_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "f").write_bytes(content)
    tree = changed(
        ("cluster.secret_file", "f"),
        ("webhooks", [{"url": "http://h", "secret_file": "f"}]),
        ("defaults.password_file", "f"),
    )
    assert sorted(problems(tmp_path, tree)) == [
        f"cluster.secret_file: {message}",
        f"defaults.password_file: {message}",
        f"webhooks[0].secret_file: {message}",
    ]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found = problems(tmp_path, changed(("api.token_file", "pipe")))
    assert found == ["api.token_file: names something that is not a file"]


@pytest.mark.parametrize(
    ("section", "key"), [("cluster", "secret"), ("api", "token"), ("defaults", "password")]
)
def test_a_secret_in_two_places_is_refused(tmp_path: Path, section: str, key: str) -> None:
    tree = changed((f"{section}.{key}", HIDDEN), (f"{section}.{key}_file", "f"))
    assert problems(tmp_path, tree) == [
        f"{section}.{key}_file: is given as well as {key}: leave out one of them"
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cluster.secret", [HIDDEN]),
        ("cluster.secret", {HIDDEN[:3]: HIDDEN}),
        ("groups.mymaster.nodes", [f"redis://:{HIDDEN}@h:6379"]),
        ("groups.mymaster.nodes", [{"address": f":{HIDDEN}@h:6379"}]),
        ("groups.mymaster.password", HIDDEN * 4000),
        ("webhooks", [{"url": f"http://u:{HIDDEN}@h:x/", "secret": f"whsec_{HIDDEN}!"}]),
        ("webhooks", [{"url": f"ftp://u:{HIDDEN}@h/", "secret": "s"}]),
        ("webhooks", [{"url": f"http://u:{HIDDEN}@", "secret": "s"}]),
        ("webhooks", [{"url": f"http://[{HIDDEN}/", "secret": "s"}]),
        ("webhooks", [{"url": [f"http://u:{HIDDEN}@h/"], "secret": "s"}]),
        ("webhooks", HIDDEN),
        ("groups.mymaster.tls", [HIDDEN]),
        ("api", HIDDEN),
    ],
)
def test_no_problem_shows_a_secret(tmp_path: Path, path: str, value: Any) -> None:
    with pytest.raises(config.ConfigError) as caught:
        load_text(tmp_path, changed((path, value)))
    assert HIDDEN not in str(caught.value)
    assert HIDDEN not in repr(caught.value.problems)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("key", ["secret", "token", "password", "url"])
def test_a_value_under_a_secret_setting_is_never_quoted(key: str) -> None:
    assert quote(HIDDEN, ("api", key)) == "the value"
    assert quote("loud", ("sentinel", "log_level")) == "'loud'"


def test_numbers_as_secrets_must_be_quoted_since_yaml_changes_them(tmp_path: Path) -> None:
    assert problems(tmp_path, changed(("api.token", 12345))) == [
        "api.token: must be a text: put it in quotes"
    ]


def test_tls_files_must_exist_and_key_and_certificate_go_together(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("x", encoding="utf-8")
    tree = changed(
        ("groups.mymaster.tls", {"cert_file": "cert.pem"}), ("defaults.tls", {"ca_file": "none.pem"})
    )
    assert problems(tmp_path, tree) == [
        "groups.mymaster.tls: needs both of cert_file and key_file, or neither",
        "defaults.tls.ca_file: names a file that does not exist",
    ]


def test_tls_paths_start_at_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x", encoding="utf-8")
    tree = changed(("groups.mymaster.tls", {"ca_file": "ca.pem", "server_name": "redis"}))
    tls = load_text(tmp_path, tree).settings.groups["mymaster"].tls
    assert tls is not None
    assert (tls.ca_file, tls.verify, tls.server_name) == (tmp_path / "ca.pem", True, "redis")


def hook(folder: Path, **settings: Any) -> config.WebhookSettings:
    tree = changed(("webhooks", [{"url": "http://u:pw@h:9000/x?y=z", "secret": "plain", **settings}]))
    return load_text(folder, tree).settings.webhooks[0]


def test_a_webhook_wants_every_event_unless_told(tmp_path: Path) -> None:
    assert hook(tmp_path).events == config.EVENT_TYPES
    assert hook(tmp_path, events=["primary.down"]).events == ("primary.down",)


def test_a_webhook_secret_is_base64_if_it_says_so(tmp_path: Path) -> None:
    assert hook(tmp_path).signing_key == b"plain"
    assert hook(tmp_path, secret="whsec_AAEC/w==").signing_key == b"\x00\x01\x02\xff"


def test_a_webhook_is_shown_without_credentials_path_or_query(tmp_path: Path) -> None:
    webhook = hook(tmp_path)
    assert webhook.safe_url == "http://h:9000"
    assert "pw" not in repr(webhook)
    assert "pw" not in str(webhook)
    assert webhook.url == "http://u:pw@h:9000/x?y=z"


def test_an_unknown_event_type_is_answered_with_the_nearest(tmp_path: Path) -> None:
    tree = changed(("webhooks", [{"url": "http://h", "secret": "s", "events": ["failover.complete"]}]))
    (message,) = problems(tmp_path, tree)
    assert message.startswith("webhooks[0].events[0]: 'failover.complete' is not one of primary.down, ")
    assert message.endswith(" (did you mean 'failover.completed'?)")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"format": "pagerduty"}, "webhooks[0].secret: is required (or secret_file)"),
        ({"format": "standard"}, "webhooks[0].secret: is required (or secret_file)"),
        ({"format": "pagerduty", "secret": HIDDEN}, "is no routing key of PagerDuty: 32 letters and digits"),
        ({"format": "slack", "secret": HIDDEN}, "is of no use with format slack"),
        ({"format": "alertmanager", "secret": f"{HIDDEN} x"}, "is no bearer token"),
    ],
)
def test_each_kind_of_receiver_has_a_secret_of_its_own(
    tmp_path: Path, settings: dict[str, str], message: str
) -> None:
    (told,) = problems(tmp_path, changed(("webhooks", [{"url": "http://h", **settings}])))
    assert message in told and HIDDEN not in told


@pytest.mark.parametrize(
    ("form", "secret"), [("slack", None), ("teams", None), ("alertmanager", None), ("pagerduty", "a1" * 16)]
)
def test_other_receivers_than_standard_are_taken(tmp_path: Path, form: str, secret: str | None) -> None:
    settings = {"url": "http://h", "format": form} | ({"secret": secret} if secret else {})
    (found,) = load_text(tmp_path, changed(("webhooks", [settings]))).settings.webhooks
    assert (found.format, found.signing_key.decode()) == (form, secret or "")
