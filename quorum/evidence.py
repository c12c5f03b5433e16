"""The evidence of a probe about a node. The prober classifies it, the detector judges it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class EvidenceKind(enum.StrEnum):
    """One thing that happened on the connection to a node."""

    ALIVE = "alive"
    """A valid reply (PONG, -MASTERDOWN, any data): the process lives and serves."""
    LOADING = "loading"
    """-LOADING: alive, but not serving yet."""
    CLOSED = "closed"
    """The established connection was closed or reset by the other side."""
    REFUSED = "refused"
    """A new connection was refused: nothing listens there."""
    UNRESOLVED = "unresolved"
    """The name does not resolve, or not in time."""
    UNREACHABLE = "unreachable"
    """Connecting or waiting for a reply timed out, or there is no route: proves nothing by itself."""
    MISCONFIGURED = "misconfigured"
    """Wrong password, missing permission, failed TLS: the node answers, so it lives."""
    BLIND = "blind"
    """This sentinel cannot look, being out of files or memory, or not allowed to: no word on the node."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """``detail`` is for people: the error's text, without secrets."""

    kind: EvidenceKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """A replica's report of its link to ``to``, the node that it follows, when asked at ``asked_at``."""

    to: str
    up: bool
    asked_at: float


@dataclass(frozen=True, slots=True)
class DataSeen:
    """A node's role and data by its INFO, as far as detection needs them."""

    run_id: str
    role: str
    """``master`` or ``slave``, as Redis says it."""
    keys: int
    offset_bytes: int
    """Its offset in the history ``replid``; it means nothing in another history."""
    replid: str = ""
    former: tuple[str, int] | None = None
    """The history that it left for ``replid``, and up to which offset it holds that one."""
    started_empty: bool = False
    """Its process surely loaded no data when it started, whatever clients have written since then."""
    loading: bool = False
    """Its reports about its data are not final yet."""
    lasting_keys: int | None = None
    """The number of keys that never expire; None if unknown."""

    @property
    def replids(self) -> frozenset[str]:
        """The replication histories that it holds a part of."""
        return frozenset({self.replid} if self.former is None else {self.replid, self.former[0]})

    def held(self, history: str) -> int | None:
        """The offset up to which it holds that history; None if it is not known to hold any of it."""
        if history == self.replid:
            return self.offset_bytes
        return self.former[1] if self.former is not None and self.former[0] == history else None
