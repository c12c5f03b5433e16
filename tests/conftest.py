"""What holds for every test: a marker for the kind of test it is, and hypothesis without a clock."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
KINDS = {"unit", "simulation", "integration", "chaos", "compose"}

# How long an example takes depends on the machine, so no example fails for that. In CI every run draws the
# same examples: a failure there is the change's, and new ones are looked for at home.
settings.register_profile("vedette", deadline=None, print_blob=True)
settings.register_profile("ci", settings.get_profile("vedette"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "vedette")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite",
        action="store_true",
        help="write what happens into tests/unit/quorum/testdata/*.txt instead of comparing; review the diff",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        kind = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        if kind in KINDS:
            item.add_marker(kind)
