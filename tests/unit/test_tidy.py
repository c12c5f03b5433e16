"""The house rules hold in the whole checkout; and each rule can fail."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.unit.tidy_rules import (
    MAX_LINES,
    Module,
    Rule,
    asks_the_catalogue,
    calls_are_pure,
    goes_by_one_clock,
    has_a_telling_name,
    has_docstring,
    imports_are_pure,
    is_finished,
    is_short,
    prints_nothing,
    randomness_is_handed_in,
    reads_no_core,
    sleeps_only_between_looks,
)

CHECKOUT = Path(__file__).parents[2]
PACKAGES = ("config", "quorum", "promotion", "sentinel")
FOLDERS = (*PACKAGES, "tests", "benchmarks", "docs", "examples")

PURE = [
    "quorum/*.py",
    "quorum/raft/*.py",
    "promotion/*.py",
    "sentinel/coordination/*.py",
    "sentinel/notices/*.py",
    "sentinel/group/admission.py",
    "sentinel/group/picture.py",
    "sentinel/group/view.py",
    "sentinel/nodes/reconnecting.py",
    "sentinel/notices/directives.py",
    "sentinel/peers/clocks.py",
    "sentinel/peers/presence.py",
    "sentinel/peers/stored.py",
    "sentinel/peers/superseded.py",
    "sentinel/peers/twins.py",
    "sentinel/process/backoff.py",
    "sentinel/process/lateness.py",
    "sentinel/process/waiting.py",
    "sentinel/state/lowered_terms.py",
    "sentinel/status/freshness.py",
    "sentinel/status/node_checks.py",
    "sentinel/web/event_log.py",
    "sentinel/preflight/*rules.py",
    "sentinel/preflight/facts.py",
    "sentinel/preflight/permissions.py",
]
IMPURE = ["promotion/executor.py", "sentinel/notices/story.py"]
SPEAKS = ["sentinel/cli/*.py", "sentinel/demo/*.py", "sentinel/terminal/*.py"]
"""What has a terminal to print to."""
READS_THE_FILE = [*SPEAKS, "sentinel/sentinel_conf/*.py", "sentinel/catalogue/from_file.py"]
"""What runs beside a daemon, or before there is one; and where the file becomes the catalogue."""
KNOWS_THE_CORE = ["sentinel/coordination/*.py", "sentinel/group/*.py"]
OTHER_CLOCKS = [*SPEAKS, "sentinel/process/clock.py", "sentinel/process/event_loop.py"]


def read() -> Iterator[Module]:
    for folder in FOLDERS:
        for path in sorted((CHECKOUT / folder).rglob("*.py")):
            yield Module(path.relative_to(CHECKOUT).as_posix(), path.read_text(encoding="utf-8"))


def matches(module: Module, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(module.path, pattern) for pattern in patterns)


def is_packaged(module: Module) -> bool:
    return module.package in PACKAGES


def is_pure(module: Module) -> bool:
    return matches(module, PURE) and not matches(module, IMPURE)


def friends(module: Module) -> tuple[str, ...]:
    """What a pure module may import of ours: its own package; the coordinator, all but config."""
    return ("quorum", "promotion", "sentinel") if module.package == "sentinel" else (module.package,)


def pure_imports(module: Module) -> Iterator[str]:
    return imports_are_pure(*friends(module))(module)


HOUSE_RULES: list[tuple[Rule, Callable[[Module], bool]]] = [
    (is_short, is_packaged),
    (has_docstring, lambda module: not module.name.startswith("test_")),
    (has_a_telling_name, lambda module: True),
    (is_finished, lambda module: True),
    (prints_nothing, lambda module: is_packaged(module) and not matches(module, SPEAKS)),
    (pure_imports, is_pure),
    (calls_are_pure, is_pure),
    (randomness_is_handed_in, is_pure),
    (reads_no_core, lambda module: module.package == "sentinel" and not matches(module, KNOWS_THE_CORE)),
    (asks_the_catalogue, lambda module: module.package == "sentinel" and not matches(module, READS_THE_FILE)),
    (sleeps_only_between_looks, lambda module: module.package == "tests"),
    (goes_by_one_clock, lambda module: module.package == "sentinel" and not matches(module, OTHER_CLOCKS)),
]


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    return list(read())


@pytest.mark.parametrize(("rule", "applies"), HOUSE_RULES, ids=[rule.__name__ for rule, _ in HOUSE_RULES])
def test_the_house_rules_hold(rule: Rule, applies: Callable[[Module], bool], modules: list[Module]) -> None:
    judged = [module for module in modules if applies(module)]
    assert judged, "the rule looks at nothing"
    assert not [f"{module.path}: {problem}" for module in judged for problem in rule(module)]


def test_the_pure_parts_are_where_the_rules_look(modules: list[Module]) -> None:
    pure = {module.path for module in modules if is_pure(module)}
    assert {"quorum/raft/register.py", "promotion/work.py", "sentinel/coordination/coordinator.py"} <= pure
    assert "promotion/executor.py" not in pure


UNFINISHED = "# TO" + "DO: later"

BAD = [
    (is_short, "\n" * (MAX_LINES + 1)),
    (has_docstring, "x = 1"),
    (is_finished, UNFINISHED),
    (prints_nothing, "print('x')"),
    (imports_are_pure("quorum"), "import asyncio"),
    (imports_are_pure("quorum"), "from os.path import join"),
    (imports_are_pure("quorum"), "def f():\n    import time"),
    (imports_are_pure("quorum"), "from datetime import datetime"),
    (imports_are_pure("quorum"), "import redis.asyncio"),
    (imports_are_pure("quorum"), "from promotion import plan"),
    (imports_are_pure("quorum"), "from . import votes"),
    (calls_are_pure, "x = hash('a')"),
    (calls_are_pure, "open('x')"),
    (randomness_is_handed_in, "import random\nx = random.random()"),
    (randomness_is_handed_in, "import random\ndraw = random.choice"),
    (randomness_is_handed_in, "import random\nx = random.Random()"),
    (randomness_is_handed_in, "import random as dice"),
    (randomness_is_handed_in, "from random import randint"),
    (reads_no_core, "term = driver.coordinator.member.view.term"),
    (asks_the_catalogue, "names = tuple(self._settings.groups)"),
    (goes_by_one_clock, "import time\nnow = time.monotonic()"),
    (goes_by_one_clock, "now = asyncio.get_running_loop().time()"),
    (goes_by_one_clock, "now = self._loop.time()"),
    (sleeps_only_between_looks, "import time\ntime.sleep(1)"),
    (sleeps_only_between_looks, "async def f():\n    await asyncio.sleep(SOME_S)"),
]

GOOD = [
    (is_short, "\n" * MAX_LINES),
    (has_docstring, ""),
    (has_docstring, '"""Says."""\nx = 1'),
    (imports_are_pure("quorum"), "import random, hashlib, collections.abc\nfrom quorum.votes import Tally"),
    (randomness_is_handed_in, "import random\ndef f(rng: random.Random) -> float:\n    return rng.random()"),
    (reads_no_core, "from sentinel.coordination.coordinator import QUIET_GOSSIPS\nterm = driver.view.term"),
    (asks_the_catalogue, "names = tuple(catalogue.groups)"),
    (sleeps_only_between_looks, "while not ready():\n    time.sleep(0.01)"),
    (sleeps_only_between_looks, "async def f():\n    await asyncio.sleep(0)"),
]


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_a_rule_fails_where_it_is_broken(rule: Rule, text: str) -> None:
    assert list(rule(Module("quorum/example.py", text)))


@pytest.mark.parametrize(("rule", "text"), GOOD)
def test_a_rule_lets_pass_what_keeps_it(rule: Rule, text: str) -> None:
    assert not list(rule(Module("quorum/example.py", text)))


@pytest.mark.parametrize("name", ["utils", "redis_utils", "helpers"])
def test_a_name_that_tells_nothing_is_refused(name: str) -> None:
    assert list(has_a_telling_name(Module(f"sentinel/{name}.py", "")))
