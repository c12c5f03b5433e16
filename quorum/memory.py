"""Remembers the nodes' data by process and history, to judge a primary that restarted.

A commit clears none of it: that a leader made a node primary again, or settled its entry, says nothing about
another node's data. The data of a primary before a restart count until every node that held them was heard
since, and had no more than the current process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from quorum.evidence import DataSeen
from quorum.regression import regression

MAX_PROCESSES = 4
"""Restarts that nobody could judge yet; the oldest beyond these is forgotten."""


@dataclass(frozen=True, slots=True)
class _Proof:
    """``why`` the process ``run_id`` has fallen back; a replica held ``history`` up to ``held_bytes``."""

    why: str
    run_id: str
    history: str
    held_bytes: int


class Memory:
    """For the primary, ``fallen`` says in words why its data has fallen back; else None."""

    def __init__(self) -> None:
        self.fallen: str | None = None
        self.gone: str | None = None
        """The same, where no node holds any more what the primary lost: nobody can mend it."""
        self._proof: _Proof | None = None
        """What was proven last of the process that is there now, and is not settled."""
        self._primary: str | None = None
        self._latest: dict[str, DataSeen] = {}
        self._processes: list[DataSeen] = []
        """The last word of each process of the primary that was whole as far as is known, oldest first."""
        self._lost: DataSeen | None = None
        self._suspect = ""
        self._heard: set[str] = set()
        """Who was heard since the newest process of the primary was first seen."""

    @property
    def history(self) -> str | None:
        """The newest history that the primary is known to have written; None if nothing is known."""
        if self._lost is not None:
            return self._lost.replid
        return self._processes[-1].replid if self._processes else None

    @property
    def process(self) -> str | None:
        """The run id of the primary as it was last known to be whole."""
        known = self._lost or (self._processes[-1] if self._processes else None)
        return known.run_id if known is not None else None

    @property
    def lost(self) -> frozenset[str]:
        """The histories of what the primary has lost; empty if it is not known to have fallen back."""
        return self._lost.replids if self._lost is not None else frozenset()

    @property
    def unheard(self) -> tuple[str, ...]:
        """Who held what the primary wrote before it restarted, and was not heard since: to be read anew."""
        former = [process for process in self._processes if process.run_id != self._suspect]
        others = [node for node in self._latest if node not in {self._primary, *self._heard}]
        return tuple(node for node in others if any(self._may_hold(node, process) for process in former))

    def forget(self, node: str) -> None:
        self._latest.pop(node, None)

    def reign(self, primary: str | None) -> None:
        """``primary`` is the committed one: of a new one, what it was last seen to be is what it has."""
        if primary == self._primary:
            return
        self._primary = primary
        known = self._latest.get(primary or "")
        self._processes = [known] if known is not None and not known.loading else []
        self._suspect = ""
        self._lost = self.fallen = self.gone = self._proof = None

    def see(self, node: str, seen: DataSeen) -> None:
        self._latest[node] = seen
        if node != self._primary:
            self._heard.add(node)
        elif seen.run_id != self._suspect and not seen.loading:
            self._suspect = seen.run_id
            self._heard.clear()

    def goes_on(self, node: str, seen: DataSeen) -> bool:
        """As ``see`` and ``judge`` where the node is the process that it was, and no former one of the
        primary is remembered, which could have held more. False: nothing was taken in.
        """
        known, primary = self._latest.get(node), self._latest.get(self._primary or "")
        if known is None or primary is None or self._lost is not None or self._proof is not None:
            return False
        if (known.run_id, known.role) != (seen.run_id, seen.role) or seen.loading or primary.role != "master":
            return False
        if [process.run_id for process in self._processes] != [primary.run_id]:
            return False
        self._latest[node] = seen
        if node == self._primary:
            self._processes = [seen]
        else:
            self._heard.add(node)
        return True

    def judge(self, answers: Callable[[str], bool]) -> str | None:
        """Why the primary's data has fallen back. Only nodes that ``answers`` prove anything."""
        now = self._latest.get(self._primary or "")
        if now is None or now.loading:
            # Data that are still being loaded cannot be judged, and refute nothing.
            return self.fallen
        others = {node: seen for node, seen in self._latest.items() if node != self._primary}
        proving = {node: seen for node, seen in others.items() if answers(node)}
        former = [process for process in self._processes if process.run_id != now.run_id]
        self._lost = self.fallen = None
        for process in reversed(former):
            self.fallen = regression(process, now, proving, self._heard)
            if self.fallen is not None:
                self._processes, self._lost = former, process
                self._note_proof(now.run_id, process, proving.values())
                return self.fallen
        if now.role == "master":
            self._weigh_proof(now, others.values())
            unheard = [node for node in others if node not in self._heard]
            kept = [process for process in former if any(self._may_hold(node, process) for node in unheard)]
            self._processes = [*kept, now][-MAX_PROCESSES:]
        return None

    def _note_proof(self, run_id: str, process: DataSeen, proving: Iterable[DataSeen]) -> None:
        """A replica that copies the primary proves nothing any more. What it proved is true all the same."""
        held = [far for seen in proving if (far := seen.held(process.replid)) is not None]
        self._proof = _Proof(str(self.fallen), run_id, process.replid, max(held, default=0))
        self.gone = None

    def _weigh_proof(self, now: DataSeen, others: Iterable[DataSeen]) -> None:
        """Nobody proves it now: the primary has got it all back, or it is gone, or who holds it is away."""
        proof, has = self._proof, now.held(self._proof.history) if self._proof is not None else None
        if proof is None:
            return
        if proof.run_id != now.run_id or (has is not None and has >= proof.held_bytes):
            self._proof = None
        elif all((seen.held(proof.history) or 0) <= (has or 0) for seen in others):
            self.gone, self._proof = proof.why, None

    def _may_hold(self, node: str, process: DataSeen) -> bool:
        return bool(self._latest[node].replids & process.replids)
