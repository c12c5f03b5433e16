"""What is checked when a node is told to follow the primary: that it is another, and then that it does so.

Two names can be one server. Told to follow its other name, a primary would give up its role and wait for
itself, without end; so a node whose run id is that of the primary is left as it is, as the last guard.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from promotion.conversation import Call, Request, StepFailedError
from promotion.handover import read_fields
from promotion.places import plain
from promotion.step_types import Repoint
from promotion.view import NodeView


def is_itself(view: NodeView, target: NodeView) -> bool:
    """Whether both are one server, by its run id or by where it is reached."""
    same_process = bool(view.run_id) and view.run_id == target.run_id
    return same_process or plain((view.host, view.port)) == plain((target.host, target.port))


def check_another(step: Repoint) -> Generator[Request, Any, None]:
    """Whether the node is another server than the primary, by what it says now.

    One that may not be asked (ACL) is believed to be.
    """
    if not step.primary_run_id:
        return
    said = yield Call(("INFO", "server"))
    if isinstance(said, bytes) and read_fields(said).get("run_id") == step.primary_run_id:
        raise StepFailedError(
            step.node,
            f"is the very server that {step.primary_host}:{step.primary_port} leads to, under another name",
        )


def check_follows(step: Repoint) -> Generator[Request, Any, None]:
    """Compared is where it leads: Redis keeps an older spelling of the same address."""
    role = yield Call(("ROLE",))
    if not isinstance(role, list) or role[0] != b"slave":
        raise StepFailedError(step.node, "is not a replica after REPLICAOF")
    if plain((role[1].decode(), role[2])) != plain((step.primary_host, step.primary_port)):
        raise StepFailedError(
            step.node, f"does not follow {step.primary_host}:{step.primary_port} after REPLICAOF"
        )
