"""The node that a request names: its name here, and why it cannot be the next primary. Pure."""

from __future__ import annotations

from config.address import Address
from config.errors import InvalidValueError
from sentinel.group.view import GroupView


def node_name(view: GroupView, asked: str) -> str:
    """However the address is written; left as it is when it is none, to be refused by name."""
    if view.node(asked) is not None:
        return asked
    try:
        return str(Address.parse(asked))
    except InvalidValueError:
        return asked


def why_not(view: GroupView, candidate: str, primary: str | None) -> str | None:
    """A sentence; None if the group has the node, and it is not the ``primary``."""
    if view.node(candidate) is None:
        return f"{candidate!r:.100} is no node of this group."
    return f"{candidate}: is the primary already." if candidate == primary else None
