"""What comes from elsewhere is pinned, containers have no right without a need, no secret is checked in.

Each rule can fail: it is shown a text that breaks it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit import supply_chain_rules as rules

CHECKOUT = Path(__file__).parents[2]
WORKFLOWS = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))
DOCKERFILES = [CHECKOUT / "Dockerfile", CHECKOUT / "examples/webhook-receiver/Dockerfile"]
LOCKS = [*sorted((CHECKOUT / "requirements").glob("*.txt")), DOCKERFILES[1].with_name("requirements.txt")]
ALONE = {"servers.txt", "plots.txt"}
"""Not beside the others in an environment, but each with them as constraints: the same holds."""
MAX_SCANNED_BYTES = 2**21

Rule = Callable[[Any], Iterator[str]]
by_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
by_dockerfile = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    return found


def checked_in() -> Iterator[tuple[str, str]]:
    """Every text that git keeps. Outside of a clone (an unpacked source archive) there is no telling."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a clone")
    for name in filter(None, listed.stdout.split("\0")):
        path = CHECKOUT / name
        if path.is_file() and path.stat().st_size <= MAX_SCANNED_BYTES:
            yield name, path.read_text(encoding="utf-8", errors="replace")


@by_workflow
def test_actions_are_pinned(path: Path) -> None:
    assert "uses:" in path.read_text(), "the rule looks at nothing"
    assert not list(rules.actions_are_pinned(path.read_text()))


@by_workflow
def test_jobs_have_no_rights_but_those_that_they_name(path: Path) -> None:
    assert not list(rules.jobs_name_their_rights(yaml.safe_load(path.read_text())))


@pytest.mark.parametrize("name", services())
def test_a_container_has_no_right_that_it_does_not_need(name: str) -> None:
    service = services()[name]
    for rule in (
        rules.service_is_hardened,
        rules.service_listens_here_only,
        rules.environment_has_no_secret,
    ):
        assert not list(rule(service)), rule.__name__


@by_dockerfile
def test_images_are_named_in_full_and_not_run_as_root(path: Path) -> None:
    assert not list(rules.images_are_named_in_full(path.read_text()))
    assert not list(rules.image_is_not_root_s(path.read_text()))


def test_no_secret_is_checked_in() -> None:
    found = []
    for name, text in checked_in():
        judges: list[Rule] = [rules.keeps_keys_to_itself]
        if not name.startswith("tests/"):
            judges.append(rules.has_no_signing_secret)
            if name.endswith((".yml", ".yaml")):
                judges.append(rules.settings_name_no_secret)
        found += [f"{name}: {problem}" for judge in judges for problem in judge(text)]
    assert not found


def test_lock_files_name_the_same_versions() -> None:
    """Or what is audited and tested is not what is shipped."""
    tested = rules.pins((CHECKOUT / "requirements/dev.txt").read_text())
    for lock in LOCKS:
        shared = {name: versions for name, versions in rules.pins(lock.read_text()).items() if name in tested}
        assert shared or lock.name in ALONE, f"{lock.name} shares nothing: the rule looks at nothing"
        assert {name: tested[name] for name in shared} == shared, lock.name


DIGEST = "3d3c42e5aac5ba805825da76410c181273ba90b1"
GOOD_SERVICE = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "tmpfs": [f"{rules.SCRATCH}:size=16m"],
    "ports": ["127.0.0.1:8701:8700"],
    "environment": {"VEDETTE_TOKEN": "${VEDETTE_TOKEN:-}", "VEDETTE_TOKEN_FILE": "/run/vedette/token"},
}
KEY = "-----BEGIN " + "EC PRIVATE KEY-----"
SIGNING = "whsec" + "_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

BAD: list[tuple[Rule, Any]] = [
    (rules.actions_are_pinned, "      - uses: actions/checkout@v4"),
    (rules.actions_are_pinned, f"      - uses: actions/checkout@{DIGEST}"),
    (rules.actions_are_pinned, f"      - uses: actions/checkout@{DIGEST[:7]} # v4.0.0"),
    (rules.actions_are_pinned, "    uses: other/repository/.github/workflows/x.yml@main"),
    (rules.actions_are_pinned, "      - uses: docker://alpine:3"),
    (rules.jobs_name_their_rights, {"permissions": {"contents": "write"}, "jobs": {}}),
    (rules.jobs_name_their_rights, {"jobs": {}}),
    (rules.jobs_name_their_rights, {"permissions": {}, "jobs": {"check": {}}}),
    (rules.service_is_hardened, {**GOOD_SERVICE, "read_only": False}),
    (rules.service_is_hardened, {**GOOD_SERVICE, "cap_drop": ["NET_RAW"]}),
    (rules.service_is_hardened, {**GOOD_SERVICE, "security_opt": []}),
    (rules.service_is_hardened, {**GOOD_SERVICE, "tmpfs": []}),
    (rules.service_is_hardened, {**GOOD_SERVICE, "cap_add": ["SYS_ADMIN"]}),
    (rules.service_is_hardened, {**GOOD_SERVICE, "privileged": True}),
    (rules.service_is_hardened, {**GOOD_SERVICE, "user": "0:0"}),
    (rules.service_listens_here_only, {"ports": ["8701:8700"]}),
    (rules.service_listens_here_only, {"ports": ["0.0.0.0:8701:8700"]}),
    (rules.service_listens_here_only, {"network_mode": "host"}),
    (rules.environment_has_no_secret, {"environment": {"VEDETTE_TOKEN": "${VEDETTE_TOKEN:-demo}"}}),
    (rules.environment_has_no_secret, {"environment": {"VEDETTE_CLUSTER_SECRET": "demo"}}),
    (rules.image_is_not_root_s, "FROM a:1 AS b\nUSER nobody\nFROM b\nCMD x\n"),
    (rules.image_is_not_root_s, "FROM a:1\nUSER nobody\nUSER root\n"),
    (rules.images_are_named_in_full, "FROM python\n"),
    (rules.images_are_named_in_full, "FROM python:latest\n"),
    (rules.images_are_named_in_full, "ARG V=3.13\nFROM python:${V}-slim\n"),
    (rules.keeps_keys_to_itself, KEY),
    (rules.keeps_keys_to_itself, "AKIA" + "ABCDEFGHIJKLMNOP"),
    (rules.keeps_keys_to_itself, "ghp" + "_" + "a1" * 18),
    (rules.has_no_signing_secret, SIGNING),
    (rules.settings_name_no_secret, "cluster:\n  secret: demo-only-secret\n"),
    (rules.settings_name_no_secret, "  api-token: 'abc'\n"),
    (rules.settings_name_no_secret, "- VEDETTE_TOKEN: ${VEDETTE_TOKEN:-demo}\n"),
]

GOOD: list[tuple[Rule, Any]] = [
    (
        rules.actions_are_pinned,
        f"      - uses: actions/checkout@{DIGEST} # v7.0.1\n      - uses: ./.github/x",
    ),
    (rules.jobs_name_their_rights, {"permissions": {}, "jobs": {"check": {"permissions": {}}}}),
    (rules.service_is_hardened, GOOD_SERVICE),
    (rules.service_listens_here_only, GOOD_SERVICE),
    (rules.environment_has_no_secret, GOOD_SERVICE),
    (rules.image_is_not_root_s, "FROM a:1 AS b\nUSER root\nFROM b\nUSER 10001\n"),
    (rules.images_are_named_in_full, f"FROM python:3.13-slim@sha256:{'a' * 64} AS base\nFROM base\n"),
    (rules.keeps_keys_to_itself, "-----BEGIN CERTIFICATE-----"),
    (
        rules.settings_name_no_secret,
        "  secret: ${SECRET}\n  token: ${TOKEN:-}\n  secret_file: /x\n  tokens: []\n",
    ),
]


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_a_rule_fails_where_it_is_broken(rule: Rule, text: Any) -> None:
    assert list(rule(text))


@pytest.mark.parametrize(("rule", "text"), GOOD)
def test_a_rule_lets_pass_what_keeps_it(rule: Rule, text: Any) -> None:
    assert not list(rule(text))
