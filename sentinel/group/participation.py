"""Reports whether this sentinel takes part in elections, and which peers it excludes; keeps it on disk.

The agreement core decides it group by group. People are informed once for all groups: in the log when it
changes, and by ``/readyz``, the metrics, the list of peers and the preflight while it is so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any

from quorum.inputs import IdTwice
from quorum.membership import Membership
from sentinel.group.cluster_driver import ClusterDriver
from sentinel.group.driver import GroupDriver
from sentinel.group.view import Voting
from sentinel.peers.links import PeerLinks
from sentinel.state.store import Store

logger = logging.getLogger(__name__)

TWICE = "is running twice: two processes have its id, and neither counts"
ADVICE_TWICE = "stop one of the two, or give it an id, an address and a state directory of its own"
QUIET_S = 3.0
"""Sentinels that start together have informed each other by then, so there is nothing to report."""
ADVICE_APART = (
    "members are changed by one at a time, in the configuration of one sentinel after the other: "
    "to replace one, add the new one first, then remove the old one"
)

ADVICE_FOREIGN = (
    "whichever of the two is alone with its id has the state directory of another cluster: stop it, run "
    "'vedette found-anew' there, which sets that aside, and start it"
)


def members_advice(state_dir: Path) -> str:
    """The advice for a configuration that is more than one step away."""
    return (
        "Change cluster.members by one at a time, in one sentinel after the other, and wait until all take "
        "part again (/readyz) and former_members in /v1/groups is empty: to replace a sentinel, add the new "
        "one first, then remove the old one. If the "
        f"others have come to these members already, move {state_dir} away: this one then joins as a new one."
    )


class Participation:
    """``spawn`` runs a write; ``look`` is to be called every moment."""

    def __init__(
        self,
        *,
        drivers: Mapping[str, GroupDriver],
        cluster: ClusterDriver,
        store: Store,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        links: PeerLinks,
        membership: Membership,
    ) -> None:
        self._drivers = drivers
        self._cluster = cluster
        self._store = store
        self._spawn = spawn
        self._twins = links.twins
        self._clusters = links.clusters
        self._membership = membership
        self._is_twice = False
        self._since: float | None = None
        self._told = ""
        self._told_apart: dict[str, str] = {}
        self.twice: frozenset[str] = frozenset()
        """The peers of whose ids there are two processes."""
        self.listening: dict[str, str] = {}
        """The groups in whose elections this sentinel takes no part, and why."""
        self.apart: dict[str, str] = {}
        """The peers that are not listened to, and why."""
        self.foreign: dict[str, str] = {}
        """Those of them that are of another cluster, and of which."""

    def look(self, now: float) -> tuple[int, int, int, int]:
        """In how many groups' elections it takes no part; how many peers have other members, are running
        twice, and are of another cluster.
        """
        self._look_for_twins(now)
        votes = {name: driver.voting for name, driver in self._drivers.items()}
        self.listening = {name: voting.why_not for name, voting in votes.items() if voting.why_not}
        of_other_members = {peer: why for voting in votes.values() for peer, why in voting.apart.items()}
        self.foreign = dict(self._clusters.foreign)
        foreign = {peer: self._say_foreign(peer) for peer in self.foreign}
        self.apart = of_other_members | dict.fromkeys(self.twice, TWICE) | foreign
        if not self.listening or self._since is None:
            self._since = now
        self._keep([self._cluster.voting, *votes.values()])
        self._tell(now)
        others = self.apart.keys() - self.twice - self.foreign.keys()
        return len(self.listening), len(others), len(self.twice), len(self.foreign)

    def _say_foreign(self, peer: str) -> str:
        return f"is of another cluster, {self.foreign[peer]}, and this one is of {self._clusters.own}"

    def _look_for_twins(self, now: float) -> None:
        tellers = self._twins.tellers(now)
        if bool(tellers) != self._is_twice:
            self._is_twice = bool(tellers)
            for register in self._registers:
                register.feed(IdTwice(self._is_twice))
            if tellers:
                logger.error("another process has this sentinel's id, %s: %s", _say(tellers), ADVICE_TWICE)
        before, self.twice = self.twice, self._twins.twice(now)
        for peer in sorted(self.twice - before):
            logger.error("peer %s %s: %s", peer, TWICE, ADVICE_TWICE)
        for peer in sorted(before - self.twice):
            logger.info("peer %s is one process again", peer)

    @property
    def _registers(self) -> tuple[GroupDriver | ClusterDriver, ...]:
        return (*self._drivers.values(), self._cluster)

    @property
    def former_members(self) -> list[str]:
        """The members with which some register still has to agree, since members are being changed."""
        return sorted({name for register in self._registers for name in register.voting.membership.former})

    @property
    def why(self) -> str:
        """Why this sentinel takes no part somewhere, in words; empty if it does everywhere.

        A refusal comes first: who is refused is told nothing, so no waiting ends its listening.
        """
        refused = self._why_refused()
        if refused or not self.listening:
            return refused
        group, why = next(iter(self.listening.items()))
        where = group if len(self.listening) == 1 else f"{group} and {len(self.listening) - 1} other groups"
        return f"takes no part in elections of {where}: {why}"

    def say_why(self) -> str:
        """As ``why``."""
        return self.why

    def _why_refused(self) -> str:
        """So many are of another cluster that this one has no majority without them."""
        if self._membership.elects(self._membership.everybody - self.foreign.keys()):
            return ""
        peer = min(self.foreign)
        more = f", and so are {len(self.foreign) - 1} more" if len(self.foreign) > 1 else ""
        return f"is refused: {peer} {self._say_foreign(peer)}{more}; {ADVICE_FOREIGN}"

    @property
    def is_stuck(self) -> bool:
        return any(driver.voting.is_stuck for driver in self._drivers.values())

    def _keep(self, votes: Iterable[Voting]) -> None:
        """A start finds on disk whether what is there was all that this sentinel knew.

        It is vouched for only behind the writes of what it was told, and no longer once it went back. That a
        group is retired is on disk with its state, so all the others need not be doubted with it.
        """
        listens = any(voting.why_not and not voting.is_retired for voting in votes)
        settled = not listens and all(register.is_settled for register in self._registers)
        if settled and (not self._store.vouched or self._store.untold):
            self._spawn(self._store.vouch(is_own=True))
        elif listens and self._store.vouched:
            self._spawn(self._store.vouch(is_own=False))

    def _tell(self, now: float) -> None:
        why = self.why if self.listening and now - (self._since or now) >= QUIET_S else ""
        kind = ("stuck" if self.is_stuck else "listens") if why else ""
        if kind and kind != self._told:
            logger.error("this sentinel %s", why)
        elif self._told and not self.listening:
            logger.info("this sentinel takes part in all elections now")
        if kind or not self.listening:
            self._told = kind
        for peer, reason in self.apart.items():
            if reason != TWICE and self._told_apart.get(peer) != reason:
                advice = ADVICE_FOREIGN if peer in self.foreign else ADVICE_APART
                logger.error("peer %s %s: neither listens to the other; %s", peer, reason, advice)
        self._told_apart = dict(self.apart)


def _say(peers: Collection[str]) -> str:
    return f"{' and '.join(peers)} {'says' if len(peers) == 1 else 'say'}"
