"""The error for a name that no sentinel knows, with the name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from sentinel.terminal.exits import CliError, ExitCode

LISTED = 10


def unknown_group(name: str, known: Iterable[str]) -> CliError:
    groups = sorted(known)
    more = f" and {len(groups) - LISTED} more" if len(groups) > LISTED else ""
    return CliError(
        ExitCode.REFUSED,
        f"there is no group {name!r:.80}{did_you_mean(name, groups)}",
        f"The groups are {', '.join(groups[:LISTED])}{more}." if groups else "There are no groups.",
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """As ``config.fields.did_you_mean``; but these names, unlike settings, may have capitals and dashes."""
    near = difflib.get_close_matches(name[:80], list(known), n=1, cutoff=0.6)
    return f" (did you mean '{near[0]}'?)" if near else ""
