"""Finds the problems of a preflight that what is watched of the nodes has refuted since. Pure.

A preflight looks by connections of its own, so it may know better than the probes: a problem is refuted only
if the watched state agreed with it and does not any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sentinel.preflight.facts import Problem


@dataclass(frozen=True, slots=True)
class Watched:
    """One node, as the probes see it. ``linked``: as a replica, to its primary."""

    reached: bool
    is_primary: bool = False
    linked: bool = False
    loading: bool = False
    syncing: bool = False
    run_id: str = ""


Nodes: TypeAlias = Mapping[str, Watched]


def _is_reached(node: Watched) -> bool:
    return node.reached


def _is_linked(node: Watched) -> bool:
    return node.reached and (node.is_primary or node.linked)


def _has_loaded(node: Watched) -> bool:
    return node.reached and not node.loading


def _has_synced(node: Watched) -> bool:
    return node.reached and not node.syncing


def _one_primary(nodes: Nodes) -> bool:
    return sum(node.reached and node.is_primary for node in nodes.values()) == 1


_OF_A_NODE: Mapping[str, Callable[[Watched], bool]] = {
    "unreachable": _is_reached,
    "credentials": _is_reached,
    "protected-mode": _is_reached,
    "tls": _is_reached,
    "not-usable": _is_reached,
    "link-down": _is_linked,
    "loading": _has_loaded,
    "syncing": _has_synced,
}
"""What contradicts a problem of one node, by its code."""
_OF_THE_GROUP: Mapping[str, Callable[[Nodes], bool]] = {
    "two-primaries": _one_primary,
    "no-primary": _one_primary,
}


def is_refuted(problem: Problem, before: Nodes, now: Nodes) -> bool:
    """Whether the watched state contradicts the problem now, and did not before."""
    if problem.node is None:
        group_is_fine = _OF_THE_GROUP.get(problem.code)
        return group_is_fine is not None and group_is_fine(now) and not group_is_fine(before)
    is_fine = _OF_A_NODE.get(problem.code)
    if is_fine is None or problem.node not in now or problem.node not in before:
        return False
    return is_fine(now[problem.node]) and not is_fine(before[problem.node])
