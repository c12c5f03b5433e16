"""``vedette found-anew``: sets the state of a stopped sentinel aside, once too many state directories are
lost.

The remaining state may not be the newest: the lost sentinels may have agreed on a change of primary, and to
continue from an older state would demote the primary that clients write to. So none of it is used. When all
directories are new, the sentinels find out the primary from the nodes.

The command is also for a sentinel that came back with the directory of a former cluster: the others refuse
it, so they are no majority that could tell it anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config import Settings
from quorum.cluster import CLUSTER
from quorum.messages import HardState
from quorum.votes import majority
from sentinel.cli.live import ask_members
from sentinel.peers.cluster import is_foreign
from sentinel.state.file import StoreError, is_empty, set_aside
from sentinel.state.repair_terms import read
from sentinel.terminal.exits import CliError, ExitCode
from sentinel.terminal.live_members import MemberSeen

ADVICE = (
    "Stop all sentinels, run this with --accept-loss for each whose directory is left, and start them all: "
    "they begin once they have heard from each other that nobody has a past."
)


@dataclass(frozen=True, slots=True)
class Held:
    """The state of a group in this directory, which would be lost."""

    group: str
    state: HardState

    def as_json(self) -> dict[str, object]:
        topology, directives = self.state.committed.topology, self.state.committed.directives
        return {
            "group": self.group,
            "term": self.state.term,
            "primary": topology.primary if topology else None,
            "paused": directives.pause is not None,
            "scheduled": directives.schedule is not None,
        }

    def sentence(self) -> str:
        topology, directives = self.state.committed.topology, self.state.committed.directives
        parts = [f"{topology.primary} is primary, by term {topology.term}" if topology else "no primary"]
        parts += ["a pause"] if directives.pause is not None else []
        parts += ["a schedule"] if directives.schedule is not None else []
        return f"{self.group}: would be lost: {', '.join(parts)}, and the history of changes"


@dataclass(frozen=True, slots=True)
class Found:
    """``unreadable`` is the reason why ``held`` is unknown. ``aside`` is the new place of the state, if
    moved.

    ``cluster_id`` is the directory's, empty if it has none; a founded cluster has another one.
    """

    held: tuple[Held, ...]
    unreadable: str
    others: tuple[MemberSeen, ...]
    aside: str | None = None
    cluster_id: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "cluster_id": self.cluster_id or None,
            "held": [each.as_json() for each in self.held],
            "unreadable": self.unreadable or None,
            "others": [{"sentinel": each.id, "state": state_of(each)} for each in self.others],
            "set_aside": self.aside,
        }

    def lines(self) -> list[str]:
        lines = [self.unreadable] if self.unreadable else [each.sentence() for each in self.held]
        lines += [f"this directory is of the cluster {self.cluster_id}"] if self.cluster_id else []
        lines += [f"sentinel {each.id}: {state_of(each)}" for each in self.others]
        return [*lines, f"set aside: what was here is in {self.aside} now"] if self.aside else lines


def state_of(member: MemberSeen) -> str:
    if member.answer is None:
        return "does not answer"
    return "takes part" if takes_part(member) else "takes no part"


def takes_part(member: MemberSeen) -> bool:
    answer = member.answer
    return answer is not None and any(group.takes_no_part is None for group in answer.groups)


def found_anew(settings: Settings, *, accept_loss: bool) -> Found:
    """Raises CliError; nothing is changed then."""
    state_dir, own = settings.sentinel.state_dir, settings.sentinel.id
    if is_empty(state_dir):
        raise CliError(ExitCode.REFUSED, f"there is nothing in {state_dir} to set aside", ADVICE)
    held: tuple[Held, ...] = ()
    unreadable = cluster_id = ""
    try:
        states = read(state_dir, own)
        cluster_id = states.pop(CLUSTER, HardState()).committed.cluster_id
        held = tuple(Held(group, state) for group, state in sorted(states.items()))
    except StoreError as error:
        unreadable = str(error)
    members = ask_members(settings)
    _refuse_where_a_majority_lives(members, cluster_id)
    others = tuple(member for member in members if member.id != own)
    aside = None
    try:
        aside = str(set_aside(state_dir)) if accept_loss else None
    except StoreError as error:
        raise CliError(ExitCode.STATE, str(error)) from error
    return Found(held, unreadable, others, aside, cluster_id)


def _refuse_where_a_majority_lives(members: Sequence[MemberSeen], cluster_id: str) -> None:
    """Raises CliError if a majority of this directory's cluster (or of an unknown one) takes part."""
    alive = [
        member.id
        for member in members
        if takes_part(member) and member.answer and not is_foreign(cluster_id, member.answer.cluster_id)
    ]
    if len(alive) >= majority(len(members)):
        raise CliError(
            ExitCode.REFUSED,
            f"{' and '.join(alive)} take part, and are a majority: nothing was changed",
            "Start this sentinel: they tell it what it lacks. If it cannot read its state, move that away.",
        )
