"""Agrees on the cluster's id, which its first leader draws and a majority stores.

Members of the same names may have another past. If all state directories are set aside or lost, the new ones
found another cluster, whose terms begin again. A sentinel that comes back then with its former directory, in
which the terms are higher, would put an old topology above everything agreed on since. So the sentinels agree
on an id, in a register of its own beside those of the groups, which never changes. It is part of each
handshake, and two sentinels with different ids refuse each other (``sentinel.peers.cluster``).

The core is the same as for a group, except that no node is watched and the leader has only this to do. A
sentinel without an id, as of a release that had none, gets it like any commit.
"""

from __future__ import annotations

from quorum.agreement import Agreement
from quorum.effects import Effect
from quorum.errors import PeerViolationError
from quorum.inputs import Input, PeerGone, Propose, Received, StopLeading, Want
from quorum.member import Member
from quorum.member_config import MemberConfig
from quorum.messages import Opinions

CLUSTER = "@cluster"
"""The name of its register; no group can have it."""
FOUNDING = "cluster id"


class ClusterMember(Member):
    """``agreement`` draws what the cluster is called if this sentinel founds it."""

    def __init__(self, config: MemberConfig, agreement: Agreement, now: float) -> None:
        super().__init__(config, agreement, now)
        self._reported: set[str] = set()

    @property
    def cluster_id(self) -> str:
        """Empty while none is known to be agreed on."""
        return self.view.committed.cluster_id

    def step(self, given: Input, now: float) -> list[Effect]:
        """As ``Member.step``; a peer with another id is ignored."""
        match given:
            case Received(sender, Opinions() as report):
                theirs = report.committed.cluster_id
                if self.cluster_id and theirs and theirs != self.cluster_id:
                    raise PeerViolationError(sender, f"is of the cluster {theirs}, not {self.cluster_id}")
                self._reported.add(sender)
            case PeerGone(peer):
                self._reported.discard(peer)
        effects = super().step(given, now)
        effects += super().step(Want(self._reasons()), now)
        return effects + self._lead(now)

    def _reasons(self) -> frozenset[str]:
        """Only peers that report on this register are asked to elect: older releases do not know it."""
        here = {self.config.self_id, *self._reported}
        wanted = not self.cluster_id and self.view.membership.elects(here)
        return frozenset({FOUNDING} if wanted else ())

    def _lead(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        if self.view.lease_valid(now) and self._open_or_new():
            effects += super().step(Propose(None), now)
        if self.view.lease_valid(now) and self.cluster_id and not self.view.is_open:
            effects += super().step(StopLeading(), now)
        return effects

    def _open_or_new(self) -> bool:
        """The stored id is proposed again in this term; if there is none, the drawn one."""
        view = self.view
        return view.newest.term < view.term and (view.is_open or not self.cluster_id)
