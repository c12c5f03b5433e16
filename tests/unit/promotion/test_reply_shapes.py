"""An odd answer to a step makes the step fail in the usual way: it never ends the sentinel."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from redis.exceptions import ResponseError

from promotion.conversation import ReplyError, StepError, StepUnknownError
from promotion.executor import MAX_ERROR_CHARS, as_reply
from promotion.replies import Command
from promotion.reply_shapes import odd_one, whole
from promotion.roles import role_said
from promotion.step_types import Promote, Step
from tests.unit.promotion.scripted_node import OK, ScriptedNode, Words
from tests.unit.promotion.step_cases import ON_A_PRIMARY, ON_A_REPLICA

ODD: tuple[Any, ...] = (
    None,
    7,
    b"x",
    [],
    [1],
    [b"slave"],
    [b"slave", b"\xff", 1],
    [None],
    [[]],
    {b"a": b"b"},
)


class OddNode(ScriptedNode):
    """Answers ``odd`` to the command that begins with ``where``, in a transaction too."""

    odd: Any
    where: str

    def _answer(self, words: Words) -> Any:
        answer = super()._answer(words)
        return self.odd if words[0] == self.where and answer != b"QUEUED" else answer

    def _run(self, words: Words) -> Any:
        answer = super()._run(words)
        return self.odd if words[0] == self.where else answer


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("step", [*ON_A_PRIMARY, *ON_A_REPLICA], ids=lambda step: type(step).__name__)
def test_an_odd_answer_fails_the_step_and_no_more(step: Step, odd: Any) -> None:
    for where in ("ROLE", "GET", "INFO", "EXEC", "MULTI", "WATCH", "EVAL", "CONFIG", "REPLICAOF", "CLIENT"):
        node = OddNode(follows=("a", 1) if step in ON_A_REPLICA else None)
        node.odd, node.where = odd, where
        with suppress(StepError):
            node.take(step)


def test_what_is_odd_is_named_and_nobody_knows_whether_it_ran() -> None:
    node = OddNode(follows=("a", 1))
    node.odd, node.where = [OK], "EXEC"
    with pytest.raises(StepUnknownError, match="EXEC was answered with what no Redis says"):
        node.take(Promote("n:1"))


@pytest.mark.parametrize(
    ("commands", "replies", "odd"),
    [
        ((("GET", "k"),), (b"7",), None),
        ((("GET", "k"),), (7,), ("GET", "k")),
        ((("GET", "k"),), (ReplyError("NOPERM x"),), None),
        ((("MULTI",), ("GET", "k"), ("EXEC",)), (OK, b"QUEUED", [7]), ("EXEC",)),
        ((("MULTI",), ("GET", "k"), ("EXEC",)), (OK, b"QUEUED", [b"7", b"8"]), ("EXEC",)),
        ((("MULTI",), ("GET", "k"), ("EXEC",)), (OK, b"QUEUED", None), None),
        ((("MULTI",), ("GET", "k"), ("EXEC",)), (ReplyError("NOPERM x"), 7, OK), ("GET", "k")),
        ((("MULTI",), ("DISCARD",), ("ROLE",)), (OK, ReplyError("NOPERM x"), b"QUEUED"), None),
        ((("MULTI",), ("DISCARD",), ("ROLE",)), (OK, OK, b"QUEUED"), ("ROLE",)),
    ],
)
def test_the_first_answer_that_no_redis_gives_is_found(
    commands: tuple[Command, ...], replies: tuple[Any, ...], odd: Command | None
) -> None:
    assert odd_one(commands, replies) == odd


@pytest.mark.parametrize("text", ["", "-1", "1" * 19, "\u00b2", "7\n", " 7", "9" * 5000, None])
def test_what_is_no_number_is_none(text: str | None) -> None:
    assert whole(text) is None
    assert whole("18") == whole(b"18") == 18


def test_a_replica_that_does_not_say_of_whom_is_none_to_go_by() -> None:
    assert role_said(b"role:slave\r\nmaster_port:\xc2\xb2\r\n") == [b""]


def test_a_long_error_is_cut() -> None:
    cut = as_reply(ResponseError("NOPERM " + "x" * 60_000))
    assert isinstance(cut, ReplyError) and len(cut.message) < MAX_ERROR_CHARS + 10
