"""What a group with ``self_fence`` does at the majority's confirmation, and in its absence. Pure."""

from __future__ import annotations

from quorum.member import Member
from sentinel.coordination.inputs import Command
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.self_fence import Pausing, SelfFence
from sentinel.coordination.situation import Situation
from sentinel.notices.leaders import SelfFenced, SelfFenceEnded


class Contact:
    """``asked``: the group asks for it. Without that nothing follows."""

    def __init__(self, asked: bool, member: Member, book: NodeBook, situation: Situation, now: float) -> None:
        self._fence = SelfFence(member.config.timing.lease_s, now) if asked else None
        self._member = member
        self._book = book
        self._situation = situation

    def stalled(self, now: float) -> None:
        if self._fence is not None:
            self._fence.stalled(now)

    def confirmed(self, at: float, now: float) -> tuple[Command | None, SelfFenced | SelfFenceEnded | None]:
        """A majority confirmed that the committed entry known here was the newest until ``at``.

        Returns the requests to the primary, and the events to announce.
        """
        fence = self._fence
        if fence is None:
            return None, None
        fence.heard(at)
        before, cut_off_s = fence.node, fence.cut_off_s(now)
        pausing, why = fence.tick(
            now,
            primary=self._member.primary,
            local=self._member.names.local,
            answers=lambda node: not self._member.verdict(node, now).down,
            is_replica=self._book.is_replica,
            hands_off=self._book.hands_off,
            agree=lambda node, since: at > since and self._situation.majority_supports(node, since),
        )
        command = _command(pausing) if pausing is not None else None
        if before is None and fence.node is not None:
            return command, SelfFenced(fence.node, round(cut_off_s * 1000))
        if before is not None and fence.node is None:
            return command, SelfFenceEnded(before, why)
        return command, None


def _command(pausing: Pausing) -> Command:
    pause = ("CLIENT", "PAUSE", str(round(pausing.for_s * 1000)), "WRITE")
    return Command(pausing.node, pause if pausing.for_s else ("CLIENT", "UNPAUSE"))
