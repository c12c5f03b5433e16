"""AUTH at the Sentinel listener, with a password and without one, as Redis answers it."""

from __future__ import annotations

import pytest

from sentinel.resp.auth import hello_options, login
from sentinel.resp.codec import Failure


@pytest.mark.parametrize(
    ("password", "args", "code"),
    [
        (None, ["any"], "ERR AUTH <password> called without any password"),
        (None, ["default", "any"], None),
        (None, ["alice", "any"], "WRONGPASS"),
        ("word", ["word"], None),
        ("word", ["default", "word"], None),
        ("wörd", ["wörd"], None),
        ("word", ["wrong"], "WRONGPASS"),
        ("word", ["default", "wrong"], "WRONGPASS"),
        ("word", ["alice", "word"], "WRONGPASS"),
        ("word", [], "ERR wrong number"),
        ("word", ["a", "b", "c"], "ERR wrong number"),
    ],
)
def test_who_logs_in(password: str | None, args: list[str], code: str | None) -> None:
    refused = login(password, args)
    assert refused is None if code is None else refused is not None and refused.text.startswith(code)


def test_what_hello_may_bring() -> None:
    assert hello_options([]) == ((), None)
    assert hello_options(["setname", "me", "AUTH", "default", "word"]) == (("default", "word"), "me")
    for wrong in (["AUTH", "default"], ["SETNAME"], ["OTHER"]):
        assert isinstance(hello_options(wrong), Failure)
