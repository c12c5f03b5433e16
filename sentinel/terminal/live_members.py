"""Finds problems of a cluster's sentinels by comparing their answers to the same question. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from config import GroupSettings, Settings
from sentinel.preflight.facts import Severity
from sentinel.status.answers import GroupAnswer, GroupsAnswer

MAX_APART_MS = 1000


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """One member, as seen from here. ``failure`` explains why there is no ``answer``.

    Its clock was ``ahead_ms`` ahead of this host's, plus or minus ``blur_ms``; None if unknown.
    """

    id: str
    url: str
    answer: GroupsAnswer | None = None
    failure: str = ""
    ahead_ms: float | None = None
    blur_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """``sentinel``, ``group`` and ``node`` name what it is about, if they are not None."""

    severity: Severity
    code: str
    problem: str
    advice: str
    sentinel: str | None = None
    group: str | None = None
    node: str | None = None

    @property
    def where(self) -> str:
        sentinel = self.sentinel and f"sentinel {self.sentinel}"
        group = self.group and f"group {self.group}"
        return " ".join(part for part in (sentinel, group, self.node) if part) or "cluster"


def member_findings(settings: Settings, seen: Sequence[MemberSeen]) -> Iterator[Finding]:
    """``seen`` are the members in any order."""
    for member in seen:
        if member.answer is None:
            yield Finding(
                "error",
                "unreachable",
                member.failure,
                "Start `vedette run` there, or make it reachable from this host.",
                member.id,
            )
        else:
            yield from _same_cluster(settings, member, member.answer)
            yield from _same_groups(settings, member, member.answer)
    yield from _clusters(seen)
    yield from _out_of_touch(seen)
    yield from _clocks(seen)
    yield from _versions(seen)


def _same_cluster(settings: Settings, member: MemberSeen, answer: GroupsAnswer) -> Iterator[Finding]:
    if answer.sentinel != member.id:
        yield Finding(
            "error",
            "wrong-sentinel",
            f"{member.url} answers as {answer.sentinel}",
            "Correct cluster.members here, or sentinel.id there.",
            member.id,
        )
    members = sorted(settings.cluster.members)
    if sorted(answer.members) != members:
        yield Finding(
            "error",
            "other-members",
            f"its members are {', '.join(sorted(answer.members))}, and here they are {', '.join(members)}",
            _members_advice(frozenset(answer.members) ^ frozenset(members)),
            member.id,
        )
    for group in answer.groups:
        if group.takes_no_part is not None:
            yield Finding(
                "error",
                "takes-no-part",
                group.takes_no_part,
                "Start the sentinels that are missing, or see docs/safety.md about lost directories.",
                member.id,
                group.group,
            )


def _members_advice(differing: Collection[str]) -> str:
    if len(differing) == 1:
        return "Finish the change: restart the sentinels one by one with these cluster.members."
    return (
        "Change cluster.members by one at a time: it refuses to start with these. To replace a sentinel, add "
        "the new one first, in one configuration after the other, then remove the old one in the same way."
    )


def _same_groups(settings: Settings, member: MemberSeen, answer: GroupsAnswer) -> Iterator[Finding]:
    theirs = {group.group: group for group in answer.groups}
    for name in sorted(settings.groups.keys() | theirs.keys()):
        if name not in theirs:
            yield Finding(
                "error",
                "group-missing",
                "does not watch this group",
                "Give it the same groups, and restart it.",
                member.id,
                name,
            )
        elif name not in settings.groups:
            yield Finding(
                "warning",
                "group-unknown",
                "watches this group, which is not in this file",
                "Give all sentinels the same groups.",
                member.id,
                name,
            )
        else:
            yield from _same_group(member, settings.groups[name], theirs[name], len(settings.cluster.members))


def _same_group(
    member: MemberSeen, ours: GroupSettings, theirs: GroupAnswer, member_count: int
) -> Iterator[Finding]:
    here = {str(node.address) for node in ours.nodes}
    there = {node.node for node in theirs.nodes if not node.discovered}
    there |= theirs.doubles.keys() | theirs.balanced.keys()
    if here != there:
        differences = [f"without {name}" for name in sorted(here - there)]
        differences += [f"with {name}" for name in sorted(there - here)]
        yield Finding(
            "error",
            "other-nodes",
            f"watches other nodes than this file says: {', '.join(differences)}",
            "Give all sentinels the same nodes, and restart it.",
            member.id,
            theirs.group,
        )
    for unlisted in (node.node for node in theirs.nodes if node.unlisted):
        yield Finding(
            "error",
            "unlisted-primary",
            "is the primary that the sentinels agree on, and is not among the nodes of its configuration",
            "Add it to the group's nodes, or hand over to a node that is listed.",
            member.id,
            theirs.group,
            unlisted,
        )
    quorum = ours.effective_quorum(member_count)
    if theirs.quorum != quorum:
        yield Finding(
            "warning",
            "other-quorum",
            f"has quorum {theirs.quorum}, and here it is {quorum}",
            "Give all sentinels the same quorum.",
            member.id,
            theirs.group,
        )


def _clusters(seen: Sequence[MemberSeen]) -> Iterator[Finding]:
    """The sentinels whose cluster id differs from most: they came back with the state of another cluster."""
    ids = {member.id: member.answer.cluster_id for member in seen if member.answer is not None}
    counts = Counter(cluster_id for cluster_id in ids.values() if cluster_id is not None)
    if len(counts) < 2:
        return
    (most, _), *_ = counts.most_common()
    for id_, cluster_id in ids.items():
        if cluster_id is not None and cluster_id != most:
            yield Finding(
                "error",
                "other-cluster",
                f"is of the cluster {cluster_id}, and most are of {most}: neither listens to the other",
                "If it is to be one of the others, stop it, run 'vedette found-anew' there, and start it.",
                id_,
            )


def _out_of_touch(seen: Sequence[MemberSeen]) -> Iterator[Finding]:
    """Sentinels that answer here but are out of touch: the network between them, or their secrets differ."""
    answering = {member.id for member in seen if member.answer is not None}
    for member in seen:
        peers = member.answer.peers if member.answer is not None else ()
        lost = sorted(peer.sentinel for peer in peers if not peer.in_touch and peer.sentinel in answering)
        if lost:
            yield Finding(
                "error",
                "out-of-touch",
                f"is out of touch with {' and '.join(lost)}, though all of them answer here",
                "Is cluster.secret the same, and the way between the two open? Their logs tell which.",
                member.id,
            )


def _clocks(seen: Sequence[MemberSeen]) -> Iterator[Finding]:
    """Clocks that differ: a majority of them decides when a schedule is due; logs and histories use them."""
    for member in seen:
        if member.ahead_ms is None or abs(member.ahead_ms) - member.blur_ms <= MAX_APART_MS:
            continue
        side = "ahead of" if member.ahead_ms > 0 else "behind"
        yield Finding(
            "warning",
            "clock",
            f"its clock is {abs(member.ahead_ms):.0f} ms {side} this host's",
            "Keep the clocks by NTP, or times in logs and histories cannot be compared; schedules use them.",
            member.id,
        )


def _versions(seen: Sequence[MemberSeen]) -> Iterator[Finding]:
    versions: dict[str, list[str]] = {}
    for member in seen:
        if member.answer is not None:
            versions.setdefault(member.answer.version, []).append(member.id)
    if len(versions) > 1:
        listed = "; ".join(f"{version} at {', '.join(ids)}" for version, ids in versions.items())
        yield Finding(
            "warning", "versions", f"the sentinels differ in version: {listed}", "Finish the upgrade."
        )
