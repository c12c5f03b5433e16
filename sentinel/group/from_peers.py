"""Distributes everything from the peers: messages to the registers, notes to their keepers, and the peers in
touch to the parts that count them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from quorum.messages import Message
from sentinel.group.cluster_driver import ClusterDriver
from sentinel.group.peer_reports import Reports
from sentinel.group.registers import Registers
from sentinel.group.runtime import GroupRuntime
from sentinel.notices.change import Change
from sentinel.peers.events import PeerEvents
from sentinel.peers.notes import ChangeNote, DeliveredNote, Note

logger = logging.getLogger(__name__)


class FromPeers(PeerEvents):
    """``keep`` writes another sentinel's record of a change; ``on_delivered`` is told of webhooks that
    another has delivered, ``on_touch`` that a peer came or went, ``on_word`` that one has answered.
    """

    def __init__(
        self,
        *,
        registers: Registers,
        groups: Mapping[str, GroupRuntime],
        cluster: ClusterDriver,
        keep: Callable[[Change], None],
        on_delivered: Callable[[tuple[str, ...]], None],
        on_touch: Callable[[], None],
        on_word: Callable[[], None],
    ) -> None:
        self._registers = registers
        self._reports = Reports(registers.find)
        self._groups = groups
        self._cluster = cluster
        self._keep = keep
        self._on_delivered = on_delivered
        self._on_touch = on_touch
        self._on_word = on_word

    def heard(self, peer: str, batch: list[tuple[str, Message]]) -> None:
        self._reports.heard(peer, batch)

    def noted(self, peer: str, note: Note) -> None:  # noqa: ARG002
        if isinstance(note, ChangeNote) and note.change.group in self._groups:
            self._keep(note.change)
        elif isinstance(note, DeliveredNote):
            self._on_delivered(note.ids)

    def touched(self, peer: str, in_touch: bool) -> None:
        logger.info("peer %s is %s", peer, "in touch" if in_touch else "out of touch")
        if not in_touch:
            self._reports.gone(peer)
            self._registers.peer_gone(peer)
        self._on_touch()

    def linked(self, peer: str) -> None:  # noqa: ARG002
        self._cluster.gossip()
        for group in self._groups.values():
            group.gossip()

    def answered(self, peer: str) -> None:  # noqa: ARG002
        self._on_word()
