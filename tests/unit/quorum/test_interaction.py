"""The protocol as reviewed transcripts: the scripts in ``testdata/``, played by the members of production.

Each file specifies one part of the protocol. When a change of behaviour is meant, ``--rewrite`` writes what
happens now into the files, and the difference is what there is to review.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.unit.quorum.interaction_commands import Interpreter
from tests.unit.quorum.interaction_script import ScriptError, parse

TESTDATA = Path(__file__).parent / "testdata"
SCRIPTS = sorted(TESTDATA.glob("*.txt"))


def play(name: str, text: str) -> str:
    return parse(name, text).play(Interpreter().run)


def check(path: Path, *, rewrite: bool) -> None:
    """Raises AssertionError with the difference, unless the file is to be rewritten."""
    text = path.read_text(encoding="utf-8")
    happens = play(path.name, text)
    if rewrite:
        path.write_text(happens, encoding="utf-8")
    elif happens != text:
        names = (f"{path.name} (expected)", "what happens (--rewrite writes it)")
        lines = difflib.unified_diff(text.splitlines(), happens.splitlines(), *names, lineterm="")
        pytest.fail("\n".join(lines), pytrace=False)


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_the_protocol_does_what_its_specification_says(path: Path, request: pytest.FixtureRequest) -> None:
    check(path, rewrite=request.config.getoption("--rewrite"))


def test_each_part_of_the_protocol_has_a_file_that_begins_with_prose() -> None:
    assert len(SCRIPTS) >= 13
    for path in SCRIPTS:
        assert path.read_text(encoding="utf-8").startswith("# "), path.name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "members 3\n----\n\ndance s1\n----\n",
            "bad.txt:4: unknown command 'dance'; there are: add, advance",
        ),
        ("# Prose.\nadvance 1s\n----\n", "bad.txt:2: a script begins with 'members'"),
        ("members 3\nlease s1\ndance\n----\n", "bad.txt:3: unknown command 'dance'"),
        ("members 3\n----\n\nquietly\n----\n", "bad.txt:4: unknown command ''"),
        ("members 3\n", "bad.txt:1: no line '----' below 'members 3'"),
        ("members 3\n----\nok\n# And now\n", "bad.txt:4: a blank line is missing before this comment"),
        ("# Nothing.\n", "bad.txt:1: there is no command in it"),
        ("members x\n----\n", "bad.txt:1: 'x' is not a number from 1 to 9"),
        ("members 3\n----\n\npropose s1 n2\n----\n", "bad.txt:4: propose intent=NODE, primary=NODE or"),
        ("members 3 colour=red\n----\n", r"bad.txt:1: takes 1 words \[quorum=\] \[primary=\], not"),
        ("members 3\n----\n\nadvance soon\n----\n", "bad.txt:4: 'soon' is not a duration"),
        ("members 3\n----\n\nstate s4\n----\n", "bad.txt:4: there is no sentinel 's4'"),
        ("members 3\n----\n\ndown n9\n----\n", "bad.txt:4: there is no node 'n9'"),
        ("members 3\n----\n\ndeliver s1->s2\n----\n", "bad.txt:4: nothing is under way on s1->s2"),
        ("members 3\n----\n\ncut s1-s2\n----\n", "bad.txt:4: 's1-s2' is not a link"),
        ("members 3\n----\n\ntimeout s1 2s\n----\n", "bad.txt:4: a timeout is drawn from 300ms to 500ms"),
        ("members 3\n----\n\ncrash s1\n----\n\nlease s1\n----\n", "bad.txt:7: s1 is not running"),
    ],
)
def test_a_script_that_cannot_be_played_says_where_and_why(text: str, says: str) -> None:
    with pytest.raises(ScriptError, match=says):
        play("bad.txt", text)


def test_another_behaviour_fails_with_the_difference_and_rewriting_takes_it_up(tmp_path: Path) -> None:
    path = tmp_path / "lease.txt"
    path.write_text(
        "# Nobody leads.\nmembers 3\n----\nok\n\n# Why.\nlease s1\n----\nvalid\n", encoding="utf-8"
    )
    with pytest.raises(pytest.fail.Exception, match=r"(?s)-valid.*\+not valid"):
        check(path, rewrite=False)
    check(path, rewrite=True)
    text = path.read_text(encoding="utf-8")
    assert text.endswith("# Why.\nlease s1\n----\nnot valid\n") and text.startswith("# Nobody leads.\n")
    check(path, rewrite=False)
