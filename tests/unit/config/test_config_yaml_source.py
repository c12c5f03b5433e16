"""Files that are no settings at all, and YAML's surprises."""

from __future__ import annotations

from pathlib import Path

import pytest

import config
from config.yaml_source import MAX_BYTES
from tests.unit.config.config_cases import load_text, problems


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError) as caught:
        config.load(tmp_path / "none.yml", {})
    assert str(caught.value) == f"{tmp_path / 'none.yml'}: cannot be read: No such file or directory"


def test_a_directory_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="cannot be read: Is a directory"):
        config.load(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("- a\n", "must be a mapping (key: value) at the top"),
        ("just text", "must be a mapping (key: value) at the top"),
        ("a: [1\nb: 2", "is not valid YAML: expected ',' or ']', but got ':'"),
        (
            "a: 1\n---\nb: 2",
            "is not valid YAML: expected a single document in the stream, but found another document",
        ),
        ("a: *unknown", "is not valid YAML: found undefined alias"),
        ('a: "\\UFFFFFFFF"', "is not valid YAML: bad escape"),
        ("a: \x07", "is not valid YAML: a character that is not allowed"),
        ("[" * 5000, "is nested too deeply"),
        ("a: " + "[" * 50 + "]" * 50, "is nested too deeply"),
        ("a: &a [*a]", "is nested too deeply"),
        ("a: " + "x" * MAX_BYTES, f"is larger than {MAX_BYTES} bytes"),
    ],
)
def test_what_is_not_a_usable_document_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert problems(tmp_path, text) == [message]


def test_what_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "vedette.yml").write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(config.ConfigError, match=r"vedette.yml:2: is not UTF-8 text"):
        config.load(tmp_path / "vedette.yml", {})


def test_a_syntax_error_has_its_line_and_quotes_nothing(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError) as caught:
        load_text(tmp_path, "cluster:\n  secret: *hunter2\n")
    assert str(caught.value).endswith("vedette.yml:2: is not valid YAML: found undefined alias")


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    assert problems(tmp_path, "\n".join(lines)) == ["has more than 50000 values"]


def test_an_alias_is_followed(tmp_path: Path) -> None:
    text = """\
sentinel: {id: s1, state_dir: s, http: &own "127.0.0.1:8701"}
cluster: {members: {s1: *own}}
groups: {a: {nodes: ["a:1"]}}
"""
    assert load_text(tmp_path, text).settings.cluster.members["s1"].port == 8701


def test_a_repeated_key_is_refused_at_its_second_line(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError) as caught:
        load_text(tmp_path, "api:\n  token: a\n  token: b\n")
    assert f"{tmp_path / 'vedette.yml'}:3: api.token: is given twice (first in line 2)" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("api: {<<: token}", "api.<<: must name a mapping, or a list of them"),
        ("api: {<<: [{token: x}, y]}", "api.<<: must name a mapping, or a list of them"),
        ("api: {token: !secret x}", "api.token: has a value that YAML cannot read (put it in quotes)"),
        ("api: !thing {token: x}", "api: has a YAML tag that is not supported"),
        ("api: {[a, b]: x}", "api.line 1: has a key that is not a text"),
        ("api: {token: 0x_}", "api.token: has a value that YAML cannot read (put it in quotes)"),
    ],
)
def test_what_yaml_can_but_settings_cannot_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in problems(tmp_path, text)


def test_keys_are_texts_as_written(tmp_path: Path) -> None:
    text = """\
sentinel: {id: "1", state_dir: s, http: "127.0.0.1:8701"}
cluster: {members: {1: 127.0.0.1:8701}}
groups: {on: {nodes: ["a:1"]}, 2024-01-01: {nodes: ["b:1"]}}
"""
    settings = load_text(tmp_path, text).settings
    assert list(settings.cluster.members) == ["1"]
    assert list(settings.groups) == ["on", "2024-01-01"]


def test_a_merge_key_brings_what_is_not_written_there(tmp_path: Path) -> None:
    text = """\
sentinel: &own {id: s1, state_dir: state, http: "127.0.0.1:8701"}
cluster: {members: {s1: "127.0.0.1:8701"}}
groups:
  one: &one
    nodes: ["a:1", "a:2"]
    <<: &patient {down_after: 5s, refused_after: 1s}
    down_after: 2s
  two:
    <<: [*one, {quorum: 1, parallel_syncs: 3}]
    nodes: ["b:1", "b:2"]
"""
    groups = load_text(tmp_path, text).settings.groups
    assert (groups["one"].down_after, groups["one"].refused_after) == (2.0, 1.0)
    two = groups["two"]
    assert ([str(node.address) for node in two.nodes], two.down_after, two.quorum) == (["b:1", "b:2"], 2.0, 1)
    assert (two.parallel_syncs, two.refused_after) == (3, 1.0)


def test_a_fault_in_what_was_merged_names_its_line(tmp_path: Path) -> None:
    text = "x: &x\n  quorum: none\ngroups:\n  g:\n    <<: *x\n"
    with pytest.raises(config.ConfigError) as caught:
        load_text(tmp_path, text)
    assert [each.line for each in caught.value.problems if each.path == "groups.g.quorum"] == [2]


def test_merge_keys_without_end_are_refused(tmp_path: Path) -> None:
    assert problems(tmp_path, "api: &a {<<: *a}") == ["is nested too deeply, or merges too much"]
    bomb = "a0: &a0 {x: 1}\n" + "".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 9)
    )
    assert problems(tmp_path, bomb) == ["is nested too deeply, or merges too much"]
