"""The notice about a node that refuses the beginning of a step, or whose answer is missing."""

from __future__ import annotations

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from promotion.conversation import Reply, StepUnknownError, Word
from promotion.executor import Executor
from promotion.step_types import Promote, Seal
from tests.unit.promotion.scripted_node import TERM, UNKNOWN, Words
from tests.unit.promotion.step_cases import fails, replica


class Deaf:
    """An exchange that answers the first write, and loses the second at its EXEC."""

    def __init__(self) -> None:
        self.unanswered: tuple[Word, ...] | None = None
        self._writes = 0

    async def write(self, commands: tuple[tuple[Word, ...], ...]) -> list[Reply]:
        self._writes += 1
        if self._writes == 1:
            role = [b"slave", b"a", 1, b"connected", 5]
            known: dict[str, Reply] = {"ROLE": role, "GET": b"3", "WATCH": b"OK", "MULTI": b"OK", "INFO": b""}
            return [known.get(str(words[0]), []) for words in commands]
        self.unanswered = ("EXEC",)
        raise RedisConnectionError("gone")

    async def close(self) -> None: ...


def test_a_lost_connection_names_the_command_that_was_not_answered() -> None:
    async def reach(_node: str) -> Deaf:
        return Deaf()

    async def take() -> None:
        await Executor(reach, "fence", 5.0).run(Promote("n:1"), 7, lambda: True)

    with pytest.raises(StepUnknownError, match="gone, EXEC was not answered"):
        asyncio.run(take())


def test_where_a_transaction_cannot_be_left_the_reason_names_discard() -> None:
    node = replica(refuses={"DISCARD": UNKNOWN, "EXEC": UNKNOWN})
    assert fails(node, Seal("n:1")).startswith("DISCARD: ")


def test_a_multi_that_is_refused_all_at_once_has_let_the_rest_run() -> None:
    """The replies show the outcome: the node is a primary with its fence."""
    node = replica()

    def forbid(words: Words) -> None:
        if words[0] == "GET":
            node.refuses["MULTI"] = UNKNOWN

    node.before_each = forbid
    node.take(Promote("n:1"))
    assert node.follows is None
    assert node.fence == str(TERM).encode()
