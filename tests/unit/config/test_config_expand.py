from __future__ import annotations

from pathlib import Path

import pytest

from config.expand import expand_text
from tests.unit.config.config_cases import changed, load_text, problems

ENV = {"NAME": "value", "EMPTY": "", "TRICKY": "${NAME}$$"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${NAME}", "value"),
        ("a-${NAME}-b-${NAME}", "a-value-b-value"),
        ("${NONE:-x y}", "x y"),
        ("${NONE:-}", ""),
        ("${EMPTY}", ""),
        ("${EMPTY:-x}", "x"),
        ("${NAME:-x}", "value"),
        ("$${NAME}", "${NAME}"),
        ("p$$w$", "p$w$"),
        ("$NAME", "$NAME"),
        ("${TRICKY}", "${NAME}$$"),
    ],
)
def test_expands(text: str, expanded: str) -> None:
    assert expand_text(text, ENV) == expanded


@pytest.mark.parametrize("text", ["${", "${NAME", "${}", "${1}", "${NA ME}", "${NAME-x}"])
def test_refuses_malformed_references(text: str) -> None:
    with pytest.raises(ValueError, match="malformed"):
        expand_text(text, ENV)


def test_numbers_and_booleans_may_come_from_the_environment(tmp_path: Path) -> None:
    tree = changed(("groups.mymaster.quorum", "${QUORUM}"))
    tree["groups"]["mymaster"] |= {
        "discover_replicas": "${DISCOVER}",
        "tls": "${TLS}",
        "down_after": "${AFTER:-3s}",
    }
    group = load_text(tmp_path, tree, {"QUORUM": "2", "DISCOVER": "false", "TLS": "true"}).settings.groups[
        "mymaster"
    ]
    assert (group.quorum, group.discover_replicas, group.down_after) == (2, False, 3.0)
    assert group.tls is not None


def test_an_unset_variable_is_named_once(tmp_path: Path) -> None:
    assert problems(tmp_path, changed(("sentinel.id", "${WHO}"))) == [
        "sentinel.id: the environment variable WHO is not set (or give a default: ${WHO:-...})"
    ]


def test_what_the_environment_holds_is_not_shown(tmp_path: Path) -> None:
    found = problems(
        tmp_path, changed(("groups.mymaster.down_after", "${PASSWORD}")), {"PASSWORD": "hunter2"}
    )
    assert found == ["groups.mymaster.down_after: '${PASSWORD}' is not a duration (try 1s)"]
