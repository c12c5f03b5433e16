"""The state of the agreement at this sentinel, for readers (etcd's raft calls it ``Status``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from quorum.membership import Membership
from quorum.messages import Entry, EntryId
from quorum.raft.attendance import Attendance
from quorum.raft.confirmation import confirmed_at, stored
from quorum.raft.register import Register
from quorum.role import Role
from quorum.votes import majority


class Status:
    """``quorum.agreement.View`` of the Raft kind. ``peers`` are the configured members without this one."""

    def __init__(self, register: Register, attendance: Attendance, peers: Sequence[str]) -> None:
        self._register = register
        self._journal = register.journal
        """Asked for what it holds many times a step."""
        self._attendance = attendance
        self._peers = peers

    @property
    def term(self) -> int:
        return self._journal.state.term

    @property
    def newest(self) -> Entry:
        return self._journal.state.entry

    @property
    def committed(self) -> Entry:
        return self._journal.state.committed

    @property
    def is_open(self) -> bool:
        newest, committed = self._journal.state.entry, self._journal.state.committed
        # Nearly always it is the same object, and asked at every step.
        is_settled = newest is committed or newest == committed
        return not is_settled or newest.intent is not None

    @property
    def role(self) -> Role:
        return self._register.role

    @property
    def leader(self) -> str | None:
        return self._register.leader

    @property
    def membership(self) -> Membership:
        return self._register.membership

    @property
    def listening(self) -> str:
        return self._register.listening

    @property
    def is_retired(self) -> bool:
        return self._attendance.recovery.is_retired

    @property
    def is_stuck(self) -> bool:
        return self._attendance.recovery.is_stuck

    @property
    def apart(self) -> Mapping[str, str]:
        return self._attendance.apart

    @property
    def stored(self) -> EntryId:
        return stored(self._register)

    def lease_valid(self, now: float) -> bool:
        return self._register.lease_valid(now)

    def leader_until(self, now: float) -> float:
        return self._register.leader_until(now)

    def hears_leader(self, now: float) -> bool:
        return self._register.hears_leader(now)

    def confirmed_at(self, said: Callable[[str, EntryId], float], now: float) -> float:
        newest = self.committed.id
        words = [said(peer, newest) for peer in self._peers]
        return confirmed_at(self._register, words, majority(1 + len(self._peers)), now)
