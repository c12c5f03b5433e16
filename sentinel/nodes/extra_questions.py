"""Questions sent along with each INFO: the node's ``min-replicas`` settings, and whether it evicted the
fence.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from promotion.step_types import WriteSafety
from sentinel.coordination.node_info import NodeInfo
from sentinel.nodes.info import parse_safety

logger = logging.getLogger(__name__)

SAFETY = ("CONFIG", "GET", "min-replicas-*")


class ExtraQuestions:
    """``read_safety`` and ``fence_key`` are those of ``Probe``."""

    def __init__(self, node: str, read_safety: bool, fence_key: str | None) -> None:
        self._node = node
        self._read_safety = read_safety
        self._fence = ("GET", fence_key) if fence_key is not None else None
        self._may_evict = self._fence_missing = False
        self._safety: WriteSafety | None = None
        self._demanding = False
        """Whether its newest INFO shows that ``min-replicas-to-write`` is set."""
        self._reported_unsafe = False

    def questions(self) -> list[tuple[str, ...]]:
        """The questions to send before an INFO, so that their answers are reported with it."""
        questions: list[tuple[str, ...]] = []
        if self._read_safety or self._demanding:
            questions.append(SAFETY)
        if self._may_evict and self._fence is not None:
            questions.append(self._fence)
        return questions

    def answered(self, words: tuple[str, ...], reply: object) -> None:
        """Takes the reply to any command; only replies to the questions count."""
        if words == SAFETY:
            self._on_safety(reply)
        elif words == self._fence:
            self._fence_missing = reply is None

    def complete(self, info: NodeInfo) -> NodeInfo:
        """``info`` with the answers that came before it; ``info`` decides the next questions."""
        missing = self._fence_missing and info.role == "master"
        self._demanding = info.limits.good_replicas is not None
        self._may_evict = info.limits.evicts_any_key
        self._fence_missing = self._fence_missing and self._may_evict
        if self._safety is None and not missing:
            return info
        return replace(info, safety=self._safety, fence_missing=missing)

    def _on_safety(self, reply: object) -> None:
        """A refusal is no evidence about the node; it only means that ``write_safety`` cannot be kept."""
        before, self._safety = self._safety, parse_safety(reply)
        if self._safety is None and self._read_safety and (before is not None or not self._reported_unsafe):
            self._reported_unsafe = True
            logger.warning("%s: write_safety cannot be kept, CONFIG GET is refused: %s", self._node, reply)
