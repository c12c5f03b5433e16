"""What may become of each request that a scenario consists of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulation.model_redis.limits import MISCONF, OOM, STALE, TOO_MANY_CLIENTS
from tests.simulation.model_redis.refusals import CONNECT, WITH_SUBCOMMAND, How, Refusal
from tests.simulation.model_redis.replicas import LOADING
from tests.simulation.refusals.scenarios import OTHER, PRIMARY, SCENARIOS, TARGET, Scenario
from tests.simulation.sick import Ailment, Trouble

EVERYWHERE, REPLICAS = "*", "replicas"
PLACES = {EVERYWHERE: (PRIMARY, TARGET, OTHER), REPLICAS: (TARGET, OTHER)}
"""More than one node at once."""
ERRORS = {
    "OOM": OOM,
    "MISCONF": MISCONF,
    "MASTERDOWN": STALE,
    "NOPERM": "NOPERM this user has no permissions to run the '{command}' command",
    "unknown command": "ERR unknown command '{command}', with args beginning with: ",
    "BUSY": "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "LOADING": LOADING,
}
ONCE = ("OOM", "NOPERM", "LOADING")
"""Those that differ for whoever meets them once: full, forbidden, or soon over."""
WHEN_IT_RUNS = ("OOM", "MISCONF", "NOPERM")
QUIET = (How.SILENCE, How.CUT, How.SILENCE_AFTER, How.CUT_AFTER)
FORBIDDEN_PAUSE = "NOT-ALLOWED"
MAX_NTH = 6
"""A request that is repeated for ever, such as INFO, is refused so many times in turn."""
WATCHING = frozenset({"PING", "INFO"})
"""Asked all the time, by those who watch the node."""


@dataclass(frozen=True, slots=True)
class Case:
    """``nth`` None: it keeps refusing."""

    scenario: Scenario
    node: str
    command: str
    label: str
    how: How
    error: str = ""
    nth: int | None = None
    ailment: Ailment | None = None
    """Instead of a command: a state of the node, which refuses by Redis's own rules."""

    @property
    def trouble(self) -> Trouble:
        return self.ailment or Refusal(self.command, self.how, self.error, self.nth)

    @property
    def where(self) -> str:
        return {EVERYWHERE: "everywhere", REPLICAS: "both replicas"}.get(self.node, self.node)

    @property
    def nodes(self) -> tuple[str, ...]:
        return PLACES.get(self.node, (self.node,))

    def __str__(self) -> str:
        if self.ailment is not None:
            return f"{self.scenario.name}: at {self.where} {self.label}"
        often = "for good" if self.nth is None else f"request {self.nth}"
        return f"{self.scenario.name}: {self.command} at {self.where}, {often}: {self.label}"


def ways(command: str, *, once: bool) -> Iterator[tuple[str, How, str]]:
    """Each way in which a request may be refused: its label, how, and the error."""
    if command == CONNECT:
        yield "max number of clients", How.ERROR, TOO_MANY_CLIENTS
        yield "connection refused", How.CUT, ""
        yield How.SILENCE.value, How.SILENCE, ""
        return
    for label, error in ERRORS.items():
        if label in ONCE or not once:
            yield label, How.ERROR, error
    for label in WHEN_IT_RUNS[:1] if once else WHEN_IT_RUNS:
        yield f"{label} when it runs", How.ERROR_AT_EXEC, ERRORS[label]
    for how in QUIET:
        yield how.value, how, ""


def record(scenario: Scenario) -> dict[str, list[str]]:
    """What was asked of each node in an undisturbed run, in order."""
    # Imported late: a trial runs cases.
    from tests.simulation.refusals.trial import run_undisturbed

    asked = run_undisturbed(scenario)
    # How the simulator forbids a pause; it is refused as it is.
    return {node: [name for name in names if name != FORBIDDEN_PAUSE] for node, names in asked.items()}


def cases_of(scenario: Scenario) -> Iterator[Case]:
    """Single requests first; then, at one node and at all, its states, and commands refused for good."""
    asked = record(scenario)
    for node, names in asked.items():
        for name, count in Counter(names).items():
            for nth in range(1, min(count, MAX_NTH) + 1):
                for way in ways(name, once=True):
                    yield Case(scenario, node, name, *way, nth=nth)
    for node in (*asked, EVERYWHERE, REPLICAS):
        for ailment in Ailment:
            yield Case(scenario, node, ailment.name, ailment.value, How.ERROR, ailment=ailment)
    for node in (*asked, EVERYWHERE):
        names = asked.get(node) or [name for each in asked.values() for name in each]
        for name in _for_good(names):
            for way in ways(name, once=False):
                yield Case(scenario, node, name, *way)


def _for_good(names: list[str]) -> list[str]:
    """Each command, and the whole of those with subcommands: ``rename-command`` knows no subcommands."""
    whole = [name.partition(" ")[0] for name in names if name.partition(" ")[0] in WITH_SUBCOMMAND]
    return list(dict.fromkeys([*names, *whole]))


def all_cases() -> Iterator[Case]:
    for scenario in SCENARIOS:
        yield from cases_of(scenario)
