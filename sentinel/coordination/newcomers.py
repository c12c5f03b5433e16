"""Chooses the nodes to watch beside the configured ones: replicas that the primary reports, if they are ours.
Pure.

The primary repeats whatever a replica reports about itself, and any process that may replicate from it may
report anything. So a reported address is watched only if our password may be sent there, if no other group of
this configuration has it, and as long as the server behind it proves to be the group's (``kinship``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from quorum.messages import Entry
from sentinel.coordination.node_info import Attached
from sentinel.coordination.node_spec import NodeSpec
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.relations import Relations
from sentinel.notices import nodes as told

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Elsewhere: TypeAlias = Callable[[str, int, str | None], str | None]
"""The other group that has the node with this host, port and run id (where that is known)."""

FORGET_S = 20.0
MAX_DISCOVERED = 64
MAX_GAP_S = 10.0
"""Of the time between two looks at the primary, so much counts: what it did not say while down counts not."""
HOLD_S = 10.0
"""A server that was dropped is looked at again no sooner."""
MAX_HELD = 256


@dataclass(frozen=True, slots=True)
class DiscoveryRules:
    """``secret``: a password or a client certificate is sent to each node that is connected to.

    ``ranges`` are the addresses to which it may go beside the configured nodes. None: none, if there is a
    secret.
    """

    secret: bool = False
    ranges: Sequence[Network] | None = None
    forget_s: float = FORGET_S

    def why_not(self, host: str) -> str:
        """Why the server at ``host`` may not be connected to; empty if it may."""
        if self.ranges is None:
            return "outside of discover_range" if self.secret else ""
        address = _address(host)
        if address is None:
            return f"outside of discover_range: {host} is a name"
        inside = any(address.version == net.version and address in net for net in self.ranges)
        return "" if inside else "outside of discover_range"


@dataclass(frozen=True, slots=True)
class Found:
    """``quiet``: it is watched again to see whether it is still what it was dropped for."""

    node: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class NotWatched:
    node: str
    why: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """``quiet``: as before, which has been told."""

    node: str
    why: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Foreign:
    """A configured node that is not to be touched."""

    node: str
    why: str


News: TypeAlias = Found | NotWatched | Dropped | Foreign


@dataclass(frozen=True, slots=True)
class _Held:
    """A dropped node, so that an older report does not bring it back."""

    run_id: str
    why: str
    at: float


class Newcomers:
    """``unwatched`` are reported by the primary, and why they are not watched."""

    def __init__(self, book: NodeBook, rules: DiscoveryRules, elsewhere: Elsewhere) -> None:
        self.unwatched: Mapping[str, str] = {}
        self.relations = Relations(book)
        self._book = book
        self._rules = rules
        self._elsewhere = elsewhere
        self._absent_s: dict[str, float] = {}
        self._held: dict[str, _Held] = {}
        self._foreign: dict[str, str] = {}
        self._looked_at: float | None = None

    def seen(self, node: str, primary: str | None, entries: Collection[Entry], now: float) -> list[News]:
        """Call it when ``node`` has answered. A node that an agreed entry of ``entries`` names is never
        dropped."""
        agreed, led = ({self._book.local(name) for name in names} for names in _agreed(entries))
        self.relations.kinship.led(led)
        if node not in self._book:
            return []
        news: list[News] = []
        spec = self._book[node].spec
        self.relations.seen(node, primary)
        if spec.discovered and node not in agreed:
            news += self._judge(spec, now)
        elif not spec.discovered and node != primary:
            news += self._judge_configured(node)
        if node == primary:
            news += self._forget(node, agreed, now)
            news += self._take_in(node, now)
        return news

    @property
    def are_none(self) -> bool:
        """As far as is known, the primary reports only configured nodes."""
        return not (self.unwatched or self._held)

    def looked(self, node: str, primary: str | None, now: float) -> None:
        """``node`` has spoken, and reports nobody else than before."""
        if node == primary:
            self._looked_at = now

    # -- whom the book has already -------------------------------------------------------------

    def _judge(self, spec: NodeSpec, now: float) -> list[News]:
        info = self._book[spec.name].info
        assert info is not None
        group = self._elsewhere(spec.host, spec.port, info.run_id)
        why = f"it is a node of group {group}" if group else self.relations.why_foreign(spec.name)
        held = self._held.pop(spec.name, None)
        if not why:
            return [] if held is None else [Found(spec.name)]
        while len(self._held) >= MAX_HELD:
            del self._held[next(iter(self._held))]
        self._held[spec.name] = _Held(info.run_id, why, now)
        self._drop(spec.name)
        known = held is not None and (held.run_id, held.why) == (info.run_id, why)
        return [Dropped(spec.name, f"no longer ours: {why}", quiet=known)]

    def _judge_configured(self, node: str) -> list[News]:
        why = self.relations.why_foreign(node)
        before = self._foreign.get(node, "")
        self._foreign[node] = why
        return [Foreign(node, why)] if why and why != before else []

    def _forget(self, primary: str, agreed: Collection[str], now: float) -> list[News]:
        """The nodes that neither answer nor are reported, for as long as the primary could have reported
        them.
        """
        since, self._looked_at = self._looked_at, now
        gap_s = min(now - since, MAX_GAP_S) if since is not None else 0.0
        reported = {self._book.name_of(each.ip, each.port) for each in self._attached(primary)}
        news: list[News] = []
        for name in self._book.watched:
            record = self._book[name]
            if not record.spec.discovered or name in agreed:
                continue
            answers = record.info is not None and now - record.info_at <= self._rules.forget_s
            absent_s = 0.0 if name in reported or answers else self._absent_s.get(name, 0.0) + gap_s
            self._absent_s[name] = absent_s
            if absent_s > self._rules.forget_s:
                self._drop(name)
                why = f"forgotten: it does not answer, nor has {primary} reported it for {absent_s:.0f} s"
                news.append(Dropped(name, why))
        return news

    def _drop(self, name: str) -> None:
        self._book.drop(name)
        self.relations.kinship.forget(name)
        self._absent_s.pop(name, None)

    # -- whom the primary reports --------------------------------------------------------------

    def _take_in(self, primary: str, now: float) -> list[News]:
        news: list[News] = []
        unwatched: dict[str, str] = {}
        for replica in self._attached(primary) if self._book.discover else ():
            name = self._book.name_of(replica.ip, replica.port)
            if name in self._book or self._book.may_be_known(replica.port) or self._holds(name, replica, now):
                continue
            why = self._why_not(replica)
            if not why:
                self._book.add(NodeSpec(name, replica.ip, replica.port, discovered=True))
                news.append(Found(name, quiet=name in self._held))
            elif len(unwatched) < MAX_DISCOVERED:
                unwatched[name] = why
                if self.unwatched.get(name) != why:
                    news.append(NotWatched(name, why))
        self.unwatched = unwatched
        return news

    def _attached(self, primary: str) -> tuple[Attached, ...]:
        info = self._book[primary].info
        return info.attached if info is not None and info.role == "master" else ()

    def _holds(self, name: str, replica: Attached, now: float) -> bool:
        """A primary reports a replica that is gone until it notices: that is no news of the replica.

        An acknowledgement from after it was dropped is.
        """
        held = self._held.get(name)
        if held is None:
            return False
        lag_s = now if replica.lag_s is None else replica.lag_s + 1.0
        return now - lag_s <= held.at or now - held.at < HOLD_S

    def _why_not(self, replica: Attached) -> str:
        group = self._elsewhere(replica.ip, replica.port, None)
        if group is not None:
            return f"it is a node of group {group}"
        why = self._rules.why_not(replica.ip)
        if not why and sum(self._book[name].spec.discovered for name in self._book.names) >= MAX_DISCOVERED:
            why = f"{MAX_DISCOVERED} replicas that nobody configured are watched already, which is the limit"
        return why


def event_of(news: News) -> told.NodeEvent | None:
    """The event to announce, if any."""
    match news:
        case Found(node, quiet=False):
            return told.Discovered(node)
        case Dropped(node, why, quiet=False):
            return told.Dropped(node, why)
        case NotWatched(node, why):
            return told.NotWatched(node, why)
        case Foreign(node, why):
            return told.Foreign(node, why)
        case _:
            return None


def _agreed(entries: Collection[Entry]) -> tuple[set[str], set[str]]:
    """The primary or the next one by the newest entries; and all nodes that leaders may have promoted."""
    agreed = {entry.topology.primary for entry in entries if entry.topology}
    agreed |= {entry.intent.target for entry in entries if entry.intent}
    previous = {entry.topology.previous for entry in entries if entry.topology}
    return agreed, agreed | {name for name in previous if name is not None}


def nowhere(_host: str, _port: int, _run_id: str | None) -> None:
    """There is no other group."""


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
