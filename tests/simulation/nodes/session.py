"""A client's connection to a modelled node, at the node's side: requests in order, MULTI, WATCH, WAIT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from promotion.conversation import ReplyError

if TYPE_CHECKING:
    from tests.simulation.nodes.node import Node

OnReply = Callable[[Any], None]


class RefusedError(Exception):
    """Nobody listens."""


class Session:
    """``send`` hands over a request that has arrived; ``on_reply`` is called when the node answers.

    A closed session never answers. ``on_close`` is called once, when the node closes it.
    """

    def __init__(self, node: Node, on_close: Callable[[], None] = lambda: None) -> None:
        self.closed = False
        self.watched: dict[str, tuple[int, int]] = {}
        self.queue: list[list[str]] | None = None
        self.broken = False
        """A command was refused while it was queued, so EXEC will be refused."""
        self.last_offset = 0
        self._node = node
        self._on_close = on_close
        self._waiting: list[tuple[list[str], OnReply]] = []
        self._busy = False

    def send(self, words: Sequence[str | int], on_reply: OnReply) -> None:
        self._waiting.append(([str(word) for word in words], on_reply))
        self.go_on()

    def go_on(self) -> None:
        """Serve what waits, until a request has to wait itself."""
        while self._waiting and not self._busy and not self.closed and self._node.serving(self):
            words, on_reply = self._waiting[0]
            if self._node.holds_back(self, words):
                return
            self._waiting.pop(0)
            self._busy = True
            self._node.execute(self, words, self._replier(on_reply))

    def _replier(self, on_reply: OnReply) -> OnReply:
        def reply(value: Any) -> None:
            self._busy = False
            if not self.closed:
                on_reply(value)
                self.go_on()

        return reply

    def close(self, *, by_node: bool = False) -> None:
        if self.closed:
            return
        self.closed = True
        self._node.sessions.pop(self, None)
        if by_node:
            self._on_close()

    def end_transaction(self) -> None:
        self.queue = None
        self.broken = False
        self.watched = {}


def error(code_and_text: str) -> ReplyError:
    return ReplyError(code_and_text)
