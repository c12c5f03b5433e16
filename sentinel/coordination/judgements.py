"""Announces the nodes' condition, as this sentinel and the quorum judge it. Pure.

A node is announced as up again only once it has answered. That this sentinel stalled, is out of files, or has
lost touch with the quorum makes no dead node alive.
"""

from __future__ import annotations

from quorum.member import Member
from quorum.messages import Opinion
from sentinel.notices.nodes import (
    Blind,
    DataLost,
    Misconfigured,
    NodeDown,
    NodeEvent,
    NodeUnknown,
    NodeUp,
    QuorumDown,
    QuorumUp,
)


class Judgements:
    """Each call returns the events to announce."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._troubles: dict[tuple[type[Misconfigured | Blind], str], str] = {}
        self._down: set[str] = set()
        """Of which nodes was last told that a quorum calls them down."""
        self._told_gone: str | None = None

    def changed(self, opinion: Opinion, now: float) -> list[NodeEvent | None]:
        """This sentinel changed its mind."""
        node, verdict = opinion.node, self._member.verdict(opinion.node, now)
        if opinion.down:
            after_ms = round((now - verdict.since) * 1000)
            grade, detail = opinion.grade.value, verdict.detail
            return [NodeDown(node, grade, after_ms, detail, primary=self._leads(node))]
        if opinion.unknown:
            return [NodeUnknown(node, verdict.detail)]
        return [NodeUp(node), self.look(), self._maybe_up(node, now)]

    def quorum_changed(
        self, node: str, down: bool, agree: tuple[str, ...], now: float
    ) -> QuorumDown | QuorumUp | None:
        if not down:
            return self._maybe_up(node, now)
        if node in self._down:
            return None
        self._down.add(node)
        return QuorumDown(node, agree, primary=self._leads(node))

    def look(self) -> DataLost | None:
        """Whether what the primary lost is found to be in no node any more: no change can bring it back."""
        gone, before = self._member.memory.gone, self._told_gone
        self._told_gone = gone
        if gone is not None and gone != before:
            return DataLost(self._member.primary, gone)
        return None

    def seen(self, node: str) -> tuple[Misconfigured | Blind | None, ...]:
        """Something was seen of ``node``: whether it refuses our key, or cannot be looked at from here."""
        return (
            self._trouble(Misconfigured, node, self._member.misconfigured(node)),
            self._trouble(Blind, node, self._member.blind(node)),
        )

    def _maybe_up(self, node: str, now: float) -> QuorumUp | None:
        verdict = self._member.verdict(node, now)
        if node not in self._down or verdict.down or verdict.unknown or self._member.is_odown(node):
            return None
        self._down.discard(node)
        agree = tuple(self._member.board.down(node, now))
        gone = self._member.memory.gone if self._leads(node) else None
        return QuorumUp(node, agree, primary=self._leads(node), may_have_lost=gone)

    def _trouble(
        self, kind: type[Misconfigured | Blind], node: str, problem: str | None
    ) -> Misconfigured | Blind | None:
        if problem is None:
            self._troubles.pop((kind, node), None)
        elif self._troubles.get((kind, node)) != problem:
            self._troubles[kind, node] = problem
            return kind(node, problem)
        return None

    def _leads(self, node: str) -> bool:
        return node == self._member.primary
