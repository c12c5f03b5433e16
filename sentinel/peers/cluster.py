"""Decides whether a peer is of this cluster, by the id that each names in its handshake and its pings. Pure.

Sentinels of the same names may have founded another cluster, and no agreement of either holds for the other
(``quorum.cluster``). A sentinel without an id is accepted: a new one, one that is being upgraded, or one of a
release that has none.
"""

from __future__ import annotations

from collections.abc import Mapping

from sentinel.peers.wire import PeerProtocolError


class ForeignClusterError(PeerProtocolError):
    """The peer is of another cluster. It is told by ``participation``, once."""


def is_foreign(own: str, theirs: str | None) -> bool:
    """Whether two that name these are of different clusters. Empty: it has none yet; None: it names none."""
    return bool(own and theirs and own != theirs)


class Clusters:
    """``own`` is the id of this sentinel's, empty while it has none."""

    def __init__(self) -> None:
        self.own = ""
        self._said: dict[str, str | None] = {}

    def adopt(self, cluster_id: str) -> None:
        """This sentinel has this id, and it is on disk."""
        self.own = cluster_id

    @property
    def foreign(self) -> Mapping[str, str]:
        """The peers of other clusters, with the ids of these, by the newest that each said."""
        own = self.own
        return {peer: said for peer, said in self._said.items() if said and is_foreign(own, said)}

    def is_foreign(self, peer: str) -> bool:
        return is_foreign(self.own, self._said.get(peer))

    def said(self, peer: str, theirs: str | None) -> None:
        """Raises ForeignClusterError: nothing else that ``peer`` says counts."""
        self._said[peer] = theirs
        if self.is_foreign(peer):
            raise ForeignClusterError(f"is of the cluster {theirs}, and this is {self.own}")
