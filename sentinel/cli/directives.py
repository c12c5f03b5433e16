"""``vedette pause``, ``resume``, ``switchover --at`` and ``--cancel``: their requests and their output."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from config.duration import parse_duration
from config.errors import InvalidValueError
from sentinel.cli.failover import group_path
from sentinel.terminal.client import Reply, Sentinels
from sentinel.terminal.exits import CliError, ExitCode

_ADVICE = "Like 2026-01-31T03:00:00Z, 2026-01-31T03:00+01:00, or +10m for ten minutes from now."


def request_pause(sentinels: Sentinels, group: str, reason: str | None) -> Reply:
    """The sentinel's answer, with the operation's id. Raises CliError."""
    return sentinels.post(group_path(group, "/pause"), {} if reason is None else {"reason": reason})


def request_resume(sentinels: Sentinels, group: str) -> Reply:
    """As ``request_pause``."""
    return sentinels.post(group_path(group, "/resume"), {})


def request_cancel(sentinels: Sentinels, group: str) -> Reply:
    """As ``request_pause``."""
    return sentinels.delete(group_path(group, "/switchover"))


def moment(text: str, now: datetime) -> str:
    """The time in the API's form, from ISO 8601 with an offset or ``+10m``. Raises CliError."""
    if text.startswith("+"):
        try:
            return (now + timedelta(seconds=parse_duration(text[1:]))).astimezone(UTC).isoformat()
        except (InvalidValueError, OverflowError) as error:
            raise CliError(ExitCode.USAGE, f"--at: {text!r}: {error.args[-1]}", _ADVICE) from None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CliError(ExitCode.USAGE, f"--at: {text!r} is not a time", _ADVICE) from None
    if at.tzinfo is None:
        raise CliError(ExitCode.USAGE, f"--at: {text!r} has no offset, so it may mean any hour", _ADVICE)
    return at.isoformat()


def refuse_mixture(cancel: bool, **others: object) -> None:
    """Raises CliError if ``--cancel`` is combined with another option."""
    given = [f"--{name.replace('_', '-')}" for name, value in others.items() if value is not None]
    if cancel and given:
        raise CliError(ExitCode.USAGE, f"--cancel and {', '.join(given)} exclude each other")


def ended(operation: Mapping[str, Any]) -> str:
    """The outcome of an operation, for people."""
    match operation.get("kind"):
        case "pause":
            return "paused: detection goes on, and nothing is changed"
        case "resume":
            return "no longer paused"
        case "cancel":
            return "the scheduled switchover is cancelled"
        case _ if operation["state"] == "scheduled":
            to = operation["candidate"] or "the best replica"
            return f"a switchover to {to} is scheduled for {operation['at']}"
        case _:
            return f"{operation['new_primary']} is primary, term {operation['term']}"
