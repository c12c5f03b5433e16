"""``vedette failover`` and ``switchover``: send the request, and follow the operation to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

from sentinel.status.answers import AcceptedAnswer, CandidatesAnswer, OperationAnswer
from sentinel.terminal.client import Reply, Sentinels
from sentinel.terminal.exits import CliError, ExitCode
from sentinel.terminal.show import understood

POLL_S = 0.2


def group_path(group: str, what: str = "") -> str:
    """The group's path in the API. ``group`` may be any typed text."""
    return f"/v1/groups/{quote(group, safe='')}{what}"


def describe(
    sentinels: Sentinels, group: str, candidate: str | None, verb: str = "Fail over", at: str | None = None
) -> str:
    """The question before the request, which says what would be done. Raises CliError."""
    answer = understood(sentinels.get(group_path(group, "/candidates")), CandidatesAnswer)
    # The best replica at a later time is not known now.
    target = candidate or (answer.chosen if at is None else None) or "the best replica"
    return f"{verb} {answer.group} from {answer.primary} to {target}{f' at {at}' if at else ''}?"


def request(sentinels: Sentinels, group: str, candidate: str | None) -> Reply:
    """The sentinel's answer, with the operation's id. Raises CliError."""
    body = {} if candidate is None else {"candidate": candidate}
    return sentinels.post(group_path(group, "/failover"), body)


def request_switchover(
    sentinels: Sentinels, group: str, to: str | None, hold_writes_s: float | None, at: str | None = None
) -> Reply:
    """The sentinel's answer, with the operation's id. Raises CliError."""
    body = {} if to is None else {"to": to}
    if hold_writes_s is not None:
        body["timeout"] = f"{round(hold_writes_s * 1000)}ms"
    if at is not None:
        body["at"] = at
    return sentinels.post(group_path(group, "/switchover"), body)


def follow(
    sentinels: Sentinels,
    accepted: Reply,
    timeout_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Reply:
    """The operation once it is completed, or, if it is scheduled, once it is agreed on.

    Asks the sentinel that took the request. Raises CliError if it fails, or is not over within ``timeout_s``.
    """
    id_ = understood(accepted, AcceptedAnswer).operation
    asked = sentinels.only(accepted.url)
    deadline = clock() + timeout_s
    while True:
        reply = asked.get(f"/v1/operations/{quote(id_, safe='')}")
        operation = understood(reply, OperationAnswer)
        if operation.state in ("completed", "scheduled"):
            return reply
        if operation.state == "failed":
            raise CliError(
                ExitCode.REFUSED,
                f"the {operation.kind} of {operation.group} failed: {operation.reason or 'no reason given'}",
                "`vedette explain GROUP` shows how the group stands now.",
                reply.body,
            )
        if clock() > deadline:
            raise CliError(
                ExitCode.REFUSED,
                f"operation {operation.operation} is still {operation.state} after {timeout_s:g} s",
                "It goes on without this command; `vedette history GROUP` will show it.",
                reply.body,
            )
        sleep(POLL_S)
