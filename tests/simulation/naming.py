"""How a sentinel's configuration names the nodes: as others do, by other names, without one, or one twice.

A node ``h1:6379`` may be reached as ``alias-h1:6379`` too, as a server by its IP and by its name.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Mapping

from sentinel.coordination.node_spec import NodeSpec
from tests.simulation.node import Node

ALIAS = "alias-"
BALANCED = "any:6379"
"""Each new connection to it reaches the next server: a balancer, or a name with several addresses."""


class Naming(enum.StrEnum):
    PLAIN = "by the usual names"
    ALIASES = "by other names"
    WITHOUT = "without one of them"
    TWICE = "one of them twice"
    BALANCED = "and has one that leads to all of them in turn"


def true_name(name: str) -> str:
    """Of the server that a name leads to."""
    return name.removeprefix(ALIAS)


class Nodes(dict[str, Node]):
    """By any name of theirs. ``balanced``: those that the balanced name leads to, one after the other."""

    def __init__(self, balanced: Iterable[str], known: Mapping[str, Node] | None = None) -> None:
        super().__init__(known or {})
        self._next = itertools.cycle(balanced)

    def __missing__(self, name: str) -> Node:
        if name == BALANCED:
            return self[next(self._next)]
        if true_name(name) == name:
            raise KeyError(name)
        return self[true_name(name)]


def specs(nodes: Nodes, naming: Naming, about: str) -> list[NodeSpec]:
    """``about`` is the node that is left out, or listed twice."""
    usual = [NodeSpec(node.name, node.host, node.port) for node in nodes.values()]
    others = [NodeSpec(f"{ALIAS}{spec.name}", f"{ALIAS}{spec.host}", spec.port) for spec in usual]
    match naming:
        case Naming.PLAIN:
            return usual
        case Naming.ALIASES:
            return others
        case Naming.WITHOUT:
            return [spec for spec in usual if spec.name != about]
        case Naming.TWICE:
            return [*usual, *(spec for spec in others if true_name(spec.name) == about)]
        case Naming.BALANCED:
            host, _, port = BALANCED.partition(":")
            return [NodeSpec(BALANCED, host, int(port)), *usual]
