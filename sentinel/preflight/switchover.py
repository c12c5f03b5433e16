"""Finds the reasons why a switchover could not succeed, in the facts of its two nodes. Pure.

A leader tries all of it before it changes anything (``promotion.rehearsing``). If a reason is known
beforehand, the operator gets it at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sentinel.preflight.data_rules import failing_disk
from sentinel.preflight.facts import GroupFacts, NodeFacts, Problem
from sentinel.preflight.permissions import command_of

ABOUT_STEPS = frozenset({"permission", "command-missing", "key-permission", "persistence-failing"})
"""The codes of problems that may make a step fail, so that a new look is worth it."""
_NEEDED = ("replicaof", "role", "get", "set", "watch")
_FENCE = frozenset({"get", "set", "watch"})


def worth_a_look(problems: Collection[Problem], *nodes: str | None) -> bool:
    """Whether the last problems may prevent a switchover between these nodes."""
    return any(problem.code in ABOUT_STEPS and problem.node in nodes for problem in problems)


def objections(facts: GroupFacts, primary: str, target: str) -> tuple[str, ...]:
    """The reasons, each with the node and the command that it would refuse."""
    seen = {node.name: node for node in facts.seen}
    found = [why for name in (primary, target) if name in seen for why in _of(seen[name], facts)]
    if primary in seen:
        found += _of_primary(seen[primary])
    if target in seen:
        found += _of_target(seen[target])
    return tuple(dict.fromkeys(found))


def _of(node: NodeFacts, facts: GroupFacts) -> Iterator[str]:
    for permission in _NEEDED:
        denied = node.denied.get(permission)
        if denied is not None and (permission not in _FENCE or facts.required.fence_key is not None):
            yield f"{node.name}: {command_of(permission)}: {denied.value}"


def _of_primary(node: NodeFacts) -> Iterator[str]:
    """The old primary must be able to pause its writes and resume them, or to hand over by itself."""
    pause, failover = node.denied.get("client|pause"), node.denied.get("failover")
    if pause is not None and failover is not None:
        commands = command_of("client|pause"), command_of("failover")
        yield f"{node.name}: {commands[0]}: {pause.value}; {commands[1]}: {failover.value}"
    resume = node.denied.get("client|unpause")
    if pause is None and resume is not None:
        yield f"{node.name}: {command_of('client|unpause')}: {resume.value}"


def _of_target(node: NodeFacts) -> Iterator[str]:
    if (why := failing_disk(node)) is not None:
        yield f"{node.name}: would refuse all writes (MISCONF): {why}"
