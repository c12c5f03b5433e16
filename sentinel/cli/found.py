"""``vedette found-anew``: sets the state of a stopped sentinel aside, once too many directories are lost.

What is left cannot be taken for the newest: a change of primary may have been agreed on by those that are
lost, and to go on from an older one would demote the primary that clients write to. So nothing of it is used.
Where all directories are new the primary is found out from the nodes, and they are asked, not this one.

It is also the way for a sentinel that came back with the directory of a former cluster: those that refuse it
for that are no majority that could tell it anything.
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
    """What this directory has of a group, and what will be lost with it."""

    group: str
    state: HardState

    def as_json(self) -> dict[str, object]:
        topology, told = self.state.committed.topology, self.state.committed.directives
        return {
            "group": self.group,
            "term": self.state.term,
            "primary": topology.primary if topology else None,
            "paused": told.pause is not None,
            "scheduled": told.schedule is not None,
        }

    def sentence(self) -> str:
        topology, told = self.state.committed.topology, self.state.committed.directives
        parts = [f"{topology.primary} is primary, by term {topology.term}" if topology else "no primary"]
        parts += ["a pause"] if told.pause is not None else []
        parts += ["a schedule"] if told.schedule is not None else []
        return f"{self.group}: would be lost: {', '.join(parts)}, and the history of changes"


@dataclass(frozen=True, slots=True)
class Found:
    """``unreadable`` is why it is not known what is ``held``. ``aside`` is where it was put, if it was.

    ``cluster_id`` is that of the directory, empty if there is none; another is drawn, or told, instead.
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
        said = [self.unreadable] if self.unreadable else [each.sentence() for each in self.held]
        said += [f"this directory is of the cluster {self.cluster_id}"] if self.cluster_id else []
        said += [f"sentinel {each.id}: {state_of(each)}" for each in self.others]
        return [*said, f"set aside: what was here is in {self.aside} now"] if self.aside else said


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
    """Of this directory's cluster, or of one that does not say."""
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
