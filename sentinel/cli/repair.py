"""``vedette repair-terms``: shows the terms in a state directory, and lowers those that have run out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config import Settings
from quorum.messages import HardState
from sentinel.state.file import StoreError
from sentinel.state.lowered_terms import HIGH, CannotLowerError, Found, look, lowered
from sentinel.state.repair_terms import read, write
from sentinel.terminal.exits import CliError, ExitCode


@dataclass(frozen=True, slots=True)
class Seen:
    """The terms of one group, before and after; ``after`` None: nothing was changed."""

    group: str
    found: Found
    after: int | None = None

    @property
    def runs_out(self) -> bool:
        return (self.found.highest if self.after is None else self.after) >= HIGH

    def as_json(self) -> dict[str, object]:
        return {
            "group": self.group,
            "highest_term": self.found.highest,
            "runs_out": self.runs_out,
            "propose_to_subtract": self.found.proposal,
            "highest_term_after": self.after,
        }

    def sentence(self) -> str:
        if self.after is not None:
            return f"{self.group}: the highest term was {self.found.highest}, and is {self.after} now"
        text = f"{self.group}: the highest term is {self.found.highest}"
        if not self.found.proposal:
            return text
        needed = "; terms run out here" if self.runs_out else "; there is no need to change that"
        return f"{text}{needed}: --subtract {self.found.proposal}"


ADVICE = (
    "Stop all sentinels, and run this for each of them. If they propose different numbers for a group, take "
    "the smallest; then run it for each with GROUP and --subtract of that same number, and start them."
)


def show(settings: Settings, group: str | None) -> list[Seen]:
    return [Seen(name, found) for name, found in look(_states(settings, group)).items()]


def subtract(settings: Settings, group: str | None, by: int) -> list[Seen]:
    """Raises CliError; nothing is changed then."""
    states = _states(settings, group)
    found = look(states)
    wanted = {name: state for name, state in states.items() if found[name].highest > by}
    if not wanted:
        raise CliError(ExitCode.REFUSED, f"no term here is above {by}: nothing was changed")
    new: dict[str, HardState] = {}
    for name, state in wanted.items():
        try:
            new[name] = lowered(state, by)
        except CannotLowerError as error:
            raise CliError(ExitCode.REFUSED, f"group {name}: {error}: nothing was changed", ADVICE) from error
    _stored(settings.sentinel.state_dir, settings.sentinel.id, new, by)
    return [Seen(name, found[name], state.term) for name, state in new.items()]


def _states(settings: Settings, group: str | None) -> dict[str, HardState]:
    try:
        states = read(settings.sentinel.state_dir, settings.sentinel.id)
    except StoreError as error:
        raise CliError(ExitCode.STATE, str(error)) from error
    if group is None:
        return states
    if group not in states:
        raise CliError(ExitCode.USAGE, f"there is no group {group!r} in {settings.sentinel.state_dir}")
    return {group: states[group]}


def _stored(state_dir: Path, sentinel_id: str, states: Mapping[str, HardState], by: int) -> None:
    try:
        write(state_dir, sentinel_id, states, by)
    except StoreError as error:
        raise CliError(ExitCode.STATE, str(error)) from error
