"""Waits, after a failover or a switchover, until the replicas follow the new primary.

The operation is completed at the promotion. Until the other nodes have been told and are linked again, the
next failover might find no replica, and ``vedette status`` complains.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sentinel.cli.failover import POLL_S, group_path
from sentinel.status.answers import GroupAnswer, OperationAnswer
from sentinel.terminal.client import Reply, Sentinels
from sentinel.terminal.exits import CliError, ExitCode
from sentinel.terminal.show import REFUSING, link, understood


def await_replicas(
    sentinels: Sentinels,
    done: Reply,
    timeout_s: float,
    say: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Returns at once unless ``done`` is a completed operation that made a new primary.

    It asks as ``vedette status`` does, so that this one finds what was waited for. ``say`` gets whom it waits
    for. Raises CliError if they do not follow within ``timeout_s``.
    """
    operation = understood(done, OperationAnswer)
    if operation.state != "completed" or operation.new_primary is None:
        return
    deadline = clock() + timeout_s
    said: list[str] = []
    while True:
        group = understood(sentinels.get(group_path(operation.group)), GroupAnswer)
        waited_for = awaited(group, operation)
        if not waited_for:
            return
        listed = ", ".join(waited_for)
        if group.paused is not None:
            say(f"{group.group} is paused: {listed} will follow once it is resumed")
            return
        if clock() > deadline:
            raise CliError(
                ExitCode.REFUSED,
                f"{operation.new_primary} is primary, but after {timeout_s:.0f} s more it is not followed by "
                f"{listed}",
                "The sentinels go on without this command; `vedette status GROUP` shows how far they are.",
                done.body,
            )
        if waited_for != said:
            said = waited_for
            is_itself = waited_for == [operation.new_primary]
            until = "is seen as primary" if is_itself else f"is followed by {listed}"
            say(f"waiting until {operation.new_primary} {until}")
        sleep(POLL_S)


def awaited(group: GroupAnswer, operation: OperationAnswer) -> list[str]:
    """The nodes that are reached and do not follow yet; the primary itself while it is not seen as one.

    Empty if another change has made another primary since.
    """
    made = group.topology
    if made is None or made.term < (operation.term or 0):
        return [str(operation.new_primary)]
    if made.primary != operation.new_primary:
        return []
    found = []
    for node in group.nodes:
        if node.node == made.primary:
            is_there = node.role == "primary" or node.state == "down"
        else:
            is_out_of_reach = node.state not in ("up", *REFUSING) or bool(node.hands_off)
            is_there = is_out_of_reach or (node.follows == made.primary and link(node) == "up")
        if not is_there:
            found.append(node.node)
    return found
