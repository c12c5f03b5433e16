"""The relations between the nodes of a group's book, by which ``kinship`` judges. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from promotion.view import SEALED
from sentinel.coordination.kinship import Endpoint, Kinship, Relation
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.node_spec import NodeRecord, NodeSpec
from sentinel.coordination.nodebook import NodeBook

GRACE_S = 3.0
"""Redis replicas look for their primary once a second: whoever has some is known by them after this."""


class Relations:
    """``why_hands_off`` is one of the book's objections."""

    def __init__(self, book: NodeBook) -> None:
        self.kinship = Kinship()
        self._book = book
        self._since: dict[str, tuple[str, float]] = {}
        """By node: which process it is, and when that was first seen."""
        self._primary: str | None = None
        self._reigned: str | None = None
        """The run id of the last process that was vouched for as the primary."""
        book.objections.append(self.why_hands_off)
        book.undecided = self.undecided

    def seen(self, name: str, primary: str | None) -> None:
        """``name`` has spoken: what it said is remembered of one that is the group's."""
        self._primary = primary
        record = self._book[name]
        if record.info is None:
            return
        if self._since.get(name, ("", 0.0))[0] != record.info.run_id:
            self._since[name] = (record.info.run_id, record.info_at)
        if name == primary and self._is_vouched_for(record):
            self._reigned = record.info.run_id
            self.kinship.reigns(name, record.info)
        relation = self._relation(record.spec, record.info)
        if not self.kinship.why_foreign(relation):
            self.kinship.serves(relation)

    def _is_vouched_for(self, record: NodeRecord) -> bool:
        """Whether what answers as the primary is the group's: its address may have been given away at once.

        A history that the group never had becomes its own once a node of the group is in it, or after a
        moment in which only nodes of the group have come to follow.
        """
        name, info = record.spec.name, record.info
        assert info is not None
        if not self.kinship.is_unknown(info) or self._has_followers(name, info):
            return True
        # Redis begins a new history, with no former one, at the first replica of a primary that had none, and
        # after an hour without any (repl-backlog-ttl). Whoever followed somebody else has a former one.
        if info.run_id == self._reigned and info.replid2 is None:
            return True
        new = record.info_at - self._since[name][1] < GRACE_S
        return not new and not self.kinship.why_foreign(self._relation(record.spec, info))

    def _has_followers(self, name: str, info: NodeInfo) -> bool:
        followers = (self._book[each] for each in self._book.names if each != name)
        return any(
            other.info is not None
            and not other.spec.discovered
            and other.info.link_up
            and other.info.replid == info.replid
            and self._book.name_of(other.info.master_host or "", other.info.master_port or 0) == name
            for other in followers
        )

    def is_unknown(self, name: str, info: NodeInfo) -> bool:
        """Whether nothing in what ``name`` says is the group's: no data, and no node that it follows."""
        follows_ours = self._relation(self._book[name].spec, info).follows_ours
        return self.kinship.is_unknown(info) and not follows_ours

    def why_hands_off(self, name: str) -> str:
        """Also for a moment after a configured node came back with data that is not known to be the group's.

        It may be another cluster's primary whose replicas have not found it yet.
        """
        if name == self._primary:
            return ""
        why = self.why_foreign(name)
        if not why and self._came_back_unknown(name):
            return "it came back with data in a history that the group never had, and may be somebody else's"
        return why

    def undecided(self, name: str) -> bool:
        """Whether nothing but time is wanting to tell if the node is the group's."""
        return self._came_back_unknown(name) and not self.why_foreign(name)

    def _came_back_unknown(self, name: str) -> bool:
        """Whether a configured node came back just now with data that is not known to be the group's."""
        record = self._book[name]
        spec, info = record.spec, record.info
        if info is None or spec.discovered or info.role != "master" or not info.keys:
            return False
        run_id, since = self._since.get(name, ("", record.info_at))
        new = run_id != info.run_id or record.info_at - since < GRACE_S
        return new and self.kinship.is_unknown(info)

    def why_foreign(self, name: str) -> str:
        """Why the server there is not the group's to demote or to re-point; empty if it is, or is silent."""
        spec, info = self._book[name].spec, self._book[name].info
        # Asked at every step, so that what goes without saying is said first.
        if info is None or not (spec.discovered or (info.attached and not self.kinship.has_had(info))):
            return ""
        return self.kinship.why_foreign(self._relation(spec, info))

    def _relation(self, spec: NodeSpec, info: NodeInfo) -> Relation:
        follows_ours = False
        if info.role == "slave" and info.master_host is not None and info.master_port is not None:
            follows_ours = self._is_trusted(self._book.name_of(info.master_host, info.master_port))
        # Whoever has the group's history has no strangers, and most have: no address is looked up for them.
        strangers = () if self.kinship.has_had(info) else tuple(self._strangers(info))
        return Relation(spec.name, spec.discovered, info, follows_ours, strangers)

    def _is_trusted(self, upstream: str) -> bool:
        """Whether whoever follows ``upstream`` follows the group: nobody else would follow a seal."""
        if upstream not in self._book:
            return upstream == SEALED
        spec, info = self._book[upstream].spec, self._book[upstream].info
        if info is None or info.role != "master":
            return not spec.discovered
        if self.kinship.has_had(info):
            return True
        others = Relation(spec.name, spec.discovered, info, False, tuple(self._strangers(info)))
        return not spec.discovered and not self.kinship.why_foreign(others)

    def _strangers(self, info: NodeInfo) -> Iterator[Endpoint]:
        """Replicas of a node that are none of ours: neither configured nor watched since they were ours."""
        for replica in info.attached:
            name = self._book.name_of(replica.ip, replica.port)
            if name in self._book:
                spec, said = self._book[name].spec, self._book[name].info
                if not spec.discovered or (said is not None and self.kinship.is_the_same(name, said)):
                    continue
            yield (replica.ip, replica.port)
