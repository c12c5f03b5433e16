"""What follows from the majority's word, and from its absence, where a group has ``self_fence``. Pure."""

from __future__ import annotations

from typing import Protocol

from quorum.member import Member
from sentinel.coordination.inputs import Command, GroupEffect
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.self_fence import SelfFence
from sentinel.coordination.situation import Situation
from sentinel.notices.leaders import SelfFenced, SelfFenceEnded
from sentinel.notices.notice import NoticeEvent


class Core(Protocol):
    def tell(self, event: NoticeEvent) -> None: ...

    def put(self, effect: GroupEffect) -> None: ...


class Contact:
    """``asked``: the group asks for it. Without that nothing follows."""

    def __init__(
        self, asked: bool, member: Member, book: NodeBook, situation: Situation, core: Core, now: float
    ) -> None:
        self._fence = SelfFence(member.config.timing.lease_s, now) if asked else None
        self._member = member
        self._book = book
        self._situation = situation
        self._core = core

    def stalled(self, now: float) -> None:
        if self._fence is not None:
            self._fence.stalled(now)

    def confirmed(self, at: float, now: float) -> None:
        """What is known here to be agreed on was the newest until ``at``, by a majority's word."""
        fence = self._fence
        if fence is None:
            return
        fence.heard(at)
        before, cut_off_s = fence.node, fence.cut_off_s(now)
        pausing, why = fence.tick(
            now,
            primary=self._member.primary,
            answers=lambda node: not self._member.verdict(node, now).down,
            is_replica=self._book.is_replica,
            hands_off=self._book.hands_off,
            agree=lambda node, since: at > since and self._situation.majority_supports(node, since),
        )
        if pausing is not None:
            pause = ("CLIENT", "PAUSE", str(round(pausing.for_s * 1000)), "WRITE")
            self._core.put(Command(pausing.node, pause if pausing.for_s else ("CLIENT", "UNPAUSE")))
        if before is None and fence.node is not None:
            self._core.tell(SelfFenced(fence.node, round(cut_off_s * 1000)))
        elif before is not None and fence.node is None:
            self._core.tell(SelfFenceEnded(before, why))
