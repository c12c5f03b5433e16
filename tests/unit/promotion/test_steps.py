"""What a step says to a node, word by word, where the order or a number is what makes it safe."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from promotion.conversation import Call, Calls, FencedError, Request, StepFailedError, Transact, Word
from promotion.step_types import Freeze, Promote, Repoint, Step, WriteSafety
from promotion.steps import conversation

FENCE, TERM = "fence", 7
Answers: TypeAlias = dict[tuple[Word, ...], Any]
OLD: Answers = {
    ("WATCH", FENCE): b"OK",
    ("GET", FENCE): b"6",
    ("CONFIG", "GET", "min-replicas-to-write"): [],
}
"""The answers of a node that has seen an older term."""
MASTER: Answers = {("ROLE",): [b"master", 0, []]}


def hold(step: Step, answers: Answers) -> list[Request]:
    """The whole conversation; what stands with other commands succeeds, unless ``answers`` says otherwise."""
    talk = conversation(step, TERM, FENCE)
    said: list[Request] = []
    reply: Any = None
    try:
        while True:
            request = talk.send(reply)
            said.append(request)
            match request:
                case Call(words):
                    reply = answers.get(words)
                case Calls(commands) | Transact(commands):
                    reply = tuple(answers.get(words, b"OK") for words in commands)
    except StopIteration:
        return said


def transaction(said: list[Request]) -> list[tuple[object, ...]]:
    (one,) = [request for request in said if isinstance(request, Transact)]
    return list(one.commands)


def test_the_fence_is_watched_then_read_then_raised_in_the_transaction_that_promotes() -> None:
    said = hold(Promote("b:1"), OLD | MASTER)
    assert isinstance(said[0], Calls) and said[0].commands[:2] == (("WATCH", FENCE), ("GET", FENCE))
    commands = transaction(said)
    assert commands[0] == ("REPLICAOF", "NO", "ONE")
    assert ("EVAL", "redis.call('SET', KEYS[1], ARGV[1])", 1, FENCE, TERM) in commands


def test_what_a_primary_demands_of_writes_is_set_before_anybody_can_write_to_it() -> None:
    commands = transaction(hold(Promote("b:1", WriteSafety(1, 2)), OLD | MASTER))
    assert ("CONFIG", "SET", "min-replicas-to-write", 1) in commands
    assert ("CONFIG", "SET", "min-replicas-max-lag", 2) in commands


@pytest.mark.parametrize("step", [Promote("b:1"), Repoint("b:1", "a", 1, "demote"), Freeze("b:1", 4.0)])
def test_a_newer_term_is_obeyed(step: Step) -> None:
    with pytest.raises(FencedError):
        hold(step, OLD | MASTER | {("GET", FENCE): b"8"})


def test_the_pause_lasts_as_long_as_it_was_asked_for_and_ends_by_itself() -> None:
    assert transaction(hold(Freeze("a:1", 4.0), OLD)) == [("CLIENT", "PAUSE", 4000, "WRITE")]


def test_a_node_that_is_no_primary_afterwards_was_not_promoted() -> None:
    with pytest.raises(StepFailedError):
        hold(Promote("b:1"), OLD | {("ROLE",): [b"slave", b"a", 1, b"connected", 0]})
