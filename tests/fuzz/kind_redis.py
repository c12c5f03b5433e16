"""Replies of Redis: each is read or refused with one error, wherever packets end; and whatever a node answers
to a step, the step is done, or failed in the way that steps fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from redis.exceptions import InvalidResponse

from promotion.conversation import StepError
from promotion.executor import as_reply
from quorum.evidence import EvidenceKind
from sentinel.coordination.link_info import parse_link
from sentinel.coordination.node_refusals import of_connecting, of_ping
from sentinel.nodes.evidence import classify, error_text
from sentinel.nodes.info import parse_safety
from sentinel.nodes.reply_parser import BoundedReplies
from tests.fuzz.kind import CANARY, BrokenRuleError, Check, Kind, must, outline
from tests.fuzz.pieces import cuts
from tests.unit.promotion.scripted_node import ScriptedNode, Words
from tests.unit.promotion.step_cases import ON_A_PRIMARY, ON_A_REPLICA

MAX_WRITES = 200
"""Of one step: it would ask for ever."""
_WORDS = (
    b"*3\r\n", b"*-1\r\n", b"$-1\r\n", b"$5\r\nslave\r\n", b"+OK\r\n", b"+QUEUED\r\n", b"-NOPERM ",
    b"-MOVED 1 a:1\r\n", b"-EXECABORT ", b"-LOADING x\r\n", b"-READONLY x\r\n", b"-ASK\r\n", b":7\r\n",
    b"%1\r\n", b"~1\r\n", b">1\r\n", b"_\r\n", b",1.5\r\n", b"#t\r\n", b"(12345678901234567890\r\n",
    b"=7\r\ntxt:abc\r\n", b"|1\r\n", b"-OOM ", b"*1000000000\r\n", b"$1000000000\r\n", b"!3\r\nERR\r\n",
    b"*?\r\n", b"+PONG\r\n", b"*0\r\n", b"+\r\n", b"-\r\n",
)  # fmt: skip


@contextmanager
def _opened() -> Iterator[Check]:
    yield _check


def _check(data: bytes) -> str:
    replies, error = _read([data])
    for pieces in cuts(data):
        in_pieces, other = _read(pieces)
        short, long = sorted((_shown(in_pieces), _shown(replies)), key=len)
        # What is wrong behind a reply may be seen before that is read, or after.
        same = long[: len(short)] == short if error is not None else short == long
        must(
            same and (other is None) == (error is None),
            f"cut at other places it is read as {_shown(in_pieces)!r:.200}, {other}; not as "
            f"{_shown(replies)!r:.200}, {error}",
        )
    for reply in replies:
        _believe(reply)
    if replies:
        for step in (*ON_A_PRIMARY, *ON_A_REPLICA):
            node = ScriptedNode(follows=("a", 1) if step in ON_A_REPLICA else None)
            for every in (1, 2, 3):
                _take(step, node, replies, every)
    return f"{len(replies)} {outline(replies[-1] if replies else None)} {outline(error)}"


def _read(pieces: list[bytes]) -> tuple[list[object], InvalidResponse | None]:
    reader, found = BoundedReplies(), []
    try:
        for piece in pieces:
            for reply in reader.read(piece):
                found.append(reply)  # noqa: PERF402  # what was read before an error counts
    except InvalidResponse as error:
        must("out of memory" not in str(error).lower(), "room is made before sizes are judged")
        must("MemoryError" not in str(error), "room is made before sizes are judged")
        must(len(str(error)) < 500, "a long error")
        return found, error
    return found, None


def _shown(replies: list[object]) -> list[str]:
    return [f"{type(reply).__name__} {reply}" for reply in replies]


def _believe(reply: object) -> None:
    """What a probe makes of it."""
    parse_link(reply)
    parse_safety(reply)
    if isinstance(reply, Exception):
        seen = classify(reply)
        must(not seen.detail.startswith("unexpected"), f"nobody knows what to make of it: {seen.detail}")
        must(seen.kind is not EvidenceKind.CLOSED, f"an answer counts as a lost connection: {seen.detail}")
        must(CANARY not in seen.detail, "a secret is told")
        of_ping(error_text(reply))
        of_connecting(error_text(reply))


class _OddNode(ScriptedNode):
    """Answers as it should, but for what ``odd`` puts in its place."""

    odd: Callable[[Any], Any]

    def _answer(self, words: Words) -> Any:
        must(len(self.writes) <= MAX_WRITES, "the step asks for ever")
        return self.odd(super()._answer(words))


def _take(step: Any, like: ScriptedNode, replies: list[object], every: int) -> None:
    """Every so manieth answer is another, from the first or the last on."""
    for first in range(every):
        count = 0

        def odd(right: Any, first: int = first) -> Any:
            nonlocal count
            count += 1
            given = as_reply(replies[count // every % len(replies)])
            return given if count % every == first % every else right

        node = _OddNode(follows=like.follows)
        node.odd = odd
        try:
            node.take(step)
        except StepError as error:
            must("n:1" in str(error), f"names no node: {error}")
            must(len(str(error)) < 2000, f"a long reason: {len(str(error))} characters")
        except BrokenRuleError:
            raise
        except Exception as error:
            raise BrokenRuleError(f"{type(step).__name__}: {type(error).__name__}: {error}") from error


REDIS = Kind("redis", _opened, _WORDS)
