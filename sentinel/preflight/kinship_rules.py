"""Rules about membership: which nodes belong to the group, and which of them may be promoted. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promotion.places import written
from sentinel.preflight.facts import GroupFacts, NodeFacts, Problem


def _few_candidates(facts: GroupFacts) -> Iterator[Problem]:
    """A group with fewer than two promotable nodes: with only the primary listed, there is no failover."""
    able = [node for node in facts.nodes if _may_be_promoted(node, facts)]
    others = [node for node in facts.replicas if node.effective_priority != 0]
    # Other rules report a group without another node, or without one that has a priority.
    if len(able) > 1 or len(facts.nodes) == 1 or not others:
        return
    found = [node.name for node in facts.nodes if node.discovered and not facts.required.promote_discovered]
    left_out = f"; {' and '.join(found)} {'is' if len(found) == 1 else 'are'} not configured" if found else ""
    only = f"only {able[0].name} may be promoted" if able else "no node may be promoted"
    yield Problem(
        None,
        "error",
        "few-candidates",
        f"{only}{left_out}: with fewer than two such nodes there is no failover, or none back",
        "Name replicas in the group's nodes, of a priority other than 0, or set discover_replicas: promote.",
    )


def _foreign_replicas(facts: GroupFacts) -> Iterator[Problem]:
    """A configured node that is another cluster's primary by now: nothing is changed at it (``kinship``)."""
    masters = [
        (node, node.info) for node in facts.seen if node.info is not None and node.info.role == "master"
    ]
    ours = [info for _, info in masters if any(facts.at((each.ip, each.port)) for each in info.attached)]
    for node, info in masters:
        strangers = [(each.ip, each.port) for each in info.attached if facts.at((each.ip, each.port)) is None]
        others = [other for other in ours if other is not info]
        if strangers and others and not any({*info.replids} & {*other.replids} for other in others):
            yield Problem(
                node.name,
                "error",
                "foreign-replicas",
                "is left alone, for it seems to be another cluster's: it shares no history with this group, "
                f"and its replicas are none of its nodes ({', '.join(written(*each) for each in strangers)})",
                "Take it out of the group's nodes; or if it is the group's, REPLICAOF by hand.",
            )


def _not_watched(facts: GroupFacts) -> Iterator[Problem]:
    for node, why in facts.unwatched.items():
        yield Problem(
            node,
            "warning",
            "not-watched",
            f"is a replica, and is not watched: {why}",
            "Name it in the group's nodes, or let discover_range include its address.",
        )


def _vouch_in_vain(facts: GroupFacts) -> Iterator[Problem]:
    """A replica that is never promoted, but counts for WAIT: it may alone hold an acknowledged write."""
    if not facts.required.durability:
        return
    found = [node.name for node in facts.nodes if node.discovered and not facts.required.promote_discovered]
    for node in (*found, *facts.unwatched):
        yield Problem(
            node,
            "warning",
            "vouches-in-vain",
            "may acknowledge what WAIT waits for, and is never promoted: while it is ahead of the others, "
            "durability refuses a failover",
            "Name it in the group's nodes, or let it follow another replica.",
        )


def _may_be_promoted(node: NodeFacts, facts: GroupFacts) -> bool:
    if node.discovered and not facts.required.promote_discovered:
        return False
    return node.effective_priority != 0


KINSHIP_RULES: tuple[Callable[[GroupFacts], Iterator[Problem]], ...] = (
    _few_candidates,
    _foreign_replicas,
    _not_watched,
    _vouch_in_vain,
)
