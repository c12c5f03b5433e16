"""Rules about identity: a server under two names, in two groups, or missing from the configuration. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sentinel.coordination.balanced import Balanced
from sentinel.coordination.contested import shared_with
from sentinel.preflight.facts import GroupFacts, NodeFacts, Problem
from sentinel.state.lowered_terms import HIGH, terms_run_out


def doubles(facts: GroupFacts) -> dict[str, NodeFacts]:
    """The configured names that lead to the server of an earlier one, with that node."""
    first: dict[str, NodeFacts] = {}
    found: dict[str, NodeFacts] = {}
    for node in sorted(facts.seen, key=lambda node: node.discovered):
        assert node.info is not None
        used = first.setdefault(node.info.run_id, node)
        if used is not node:
            found[node.name] = used
    return found


def balanced(facts: GroupFacts) -> dict[str, str]:
    """The names that lead to several servers in turn, with the evidence."""
    found = dict(facts.balanced)
    for node in facts.seen:
        names = Balanced()
        for run_id in node.run_ids:
            names.heard(node.name, run_id, facts.at_s)
        found |= {name: why for name, why in names.why.items() if name not in found}
    return found


def without_balanced(facts: GroupFacts) -> GroupFacts:
    """The facts without names that lead to several servers: their answers are of no one node."""
    left_out = balanced(facts)
    if not left_out:
        return facts
    return replace(facts, nodes=tuple(node for node in facts.nodes if node.name not in left_out))


def without_doubles(facts: GroupFacts) -> GroupFacts:
    """The facts with each server once, so that its problems are reported once."""
    left_out = doubles(facts)
    return replace(facts, nodes=tuple(node for node in facts.nodes if node.name not in left_out))


def between_groups(groups: Mapping[str, GroupFacts]) -> dict[str, GroupFacts]:
    """The same facts, with the servers that each group shares with the others."""
    users: dict[str, list[tuple[str, str]]] = {}
    for group, facts in groups.items():
        for node in facts.seen:
            if node.info is not None and not node.discovered:
                users.setdefault(node.info.run_id, []).append((group, node.name))
    found = {}
    for group, facts in groups.items():
        contested = {}
        for node in facts.seen:
            others = [
                each for each in users.get(node.info.run_id if node.info else "", []) if each[0] != group
            ]
            if others:
                contested[node.name] = shared_with(others)
        found[group] = replace(facts, contested={**facts.contested, **contested})
    return found


def _balanced(facts: GroupFacts) -> Iterator[Problem]:
    for name, why in balanced(facts).items():
        yield Problem(
            name,
            "error",
            "balanced-name",
            f"leads to several servers in turn, so it is no node and is left out of everything: {why}",
            "List the name of each server instead, as a StatefulSet's pods have one each.",
        )


def _doubled(facts: GroupFacts) -> Iterator[Problem]:
    facts = without_balanced(facts)
    for name, used in doubles(facts).items():
        if any(node.name == name and node.discovered for node in facts.nodes):
            continue
        yield Problem(
            name,
            "error",
            "double-node",
            f"is the same server as {used.name}, by its run id, and that name is used instead: there is one "
            "node less than it seems",
            "List each server once, by the name that the other nodes and the clients use.",
        )


def _contested(facts: GroupFacts) -> Iterator[Problem]:
    for name, why in facts.contested.items():
        yield Problem(
            name,
            "error",
            "two-groups",
            f"{why}: nothing is changed at it, so it is neither promoted nor re-pointed",
            "Take it out of one of the groups.",
        )


def _unlisted(facts: GroupFacts) -> Iterator[Problem]:
    if facts.unwatched_primary is not None:
        yield Problem(
            facts.unwatched_primary,
            "error",
            "unwatched-primary",
            "is the primary that the sentinels agree on, and is not watched here: its loss would be missed",
            "Add it to the group's nodes, and restart this sentinel.",
        )
    elif facts.unlisted is not None:
        yield Problem(
            facts.unlisted,
            "error",
            "unlisted-primary",
            "is the primary that the sentinels agree on, and is not among the nodes of the configuration; "
            "it is watched all the same, and is not promoted again once it is replaced",
            "Add it to the group's nodes, or hand over to a node that is listed: `vedette switchover GROUP`.",
        )


def _terms_run_out(facts: GroupFacts) -> Iterator[Problem]:
    if facts.own_term >= HIGH:
        yield Problem(
            None,
            "error",
            "terms",
            terms_run_out(facts.own_term),
            "Stop all sentinels, and run `vedette repair-terms` for each of them.",
        )


def _clocks(facts: GroupFacts) -> Iterator[Problem]:
    for peer, apart in facts.clocks.items():
        yield Problem(
            None,
            "warning",
            "clocks-apart",
            f"the clock of sentinel {peer} is {apart}: a scheduled switchover waits until the clocks of a "
            "majority say that its time has come, and times of events cannot be compared",
            "Keep the sentinels' clocks by NTP.",
        )


IDENTITY_RULES: tuple[Callable[[GroupFacts], Iterator[Problem]], ...] = (
    _balanced,
    _doubled,
    _contested,
    _unlisted,
    _terms_run_out,
    _clocks,
)
