"""Each kind of step with a node for it, and helpers to state its expected result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.conversation import StepFailedError
from promotion.fence import SET_FENCE
from promotion.step_types import (
    Disarm,
    Freeze,
    Handover,
    KeepFence,
    KeepSafety,
    Promote,
    Rehearse,
    Repoint,
    Restore,
    Rewrite,
    Seal,
    Step,
    Thaw,
    WriteSafety,
)
from tests.unit.promotion.scripted_node import (
    KEY,
    TERM,
    ScriptedNode,
    Words,
)

OLD_PRIMARY = ("a", 1)
TURN: Words = ("REPLICAOF", "NO", "ONE")
RAISE: Words = ("EVAL", SET_FENCE, 1, KEY, TERM)
CUT: tuple[Words, ...] = (
    ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
    ("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes"),
)
NEW = Promote("n:1")
DEMOTE = Repoint("n:1", "b", 1, "demote")
ON_A_PRIMARY: tuple[Step, ...] = (
    DEMOTE,
    Handover("n:1", "b:1", "b", 1, 0.01),
    Freeze("n:1", 4.0),
    Thaw("n:1"),
    Disarm("n:1"),
    KeepFence("n:1"),
    KeepSafety("n:1", WriteSafety(1, 2)),
    Rewrite("n:1"),
    Rehearse("n:1", "replica"),
)
ON_A_REPLICA: tuple[Step, ...] = (
    NEW,
    Repoint("n:1", "b", 1, "repoint"),
    Seal("n:1"),
    Restore("n:1"),
    Rehearse("n:1", "primary"),
)
ALL = (*ON_A_PRIMARY, *ON_A_REPLICA)


def node_for(step: Step, **more: object) -> ScriptedNode:
    node = ScriptedNode(follows=OLD_PRIMARY if step in ON_A_REPLICA else None)
    return replace(node, **more)  # type: ignore[arg-type]


def replica(**more: object) -> ScriptedNode:
    return replace(ScriptedNode(follows=OLD_PRIMARY), **more)  # type: ignore[arg-type]


def primary(**more: object) -> ScriptedNode:
    return replace(ScriptedNode(), **more)  # type: ignore[arg-type]


def fails(node: ScriptedNode, step: Step) -> str:
    """The reason, where the step must fail, and no connection was lost."""
    with pytest.raises(StepFailedError) as caught:
        node.take(step)
    assert caught.value.node == step.node
    return caught.value.reason


def set_min(value: int) -> Words:
    return ("CONFIG", "SET", "min-replicas-to-write", value)


def kind(step: Step) -> str:
    return type(step).__name__.lower()


def raises_the_fence(node: ScriptedNode) -> None:
    node.fence = b"9"
