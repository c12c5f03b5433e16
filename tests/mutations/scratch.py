"""Copies of the checkout in which a rule can be taken out, and what is run there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutations.mutation import CHECKOUT, Mutation

TEST_TIMEOUT_S = 60
RUN_LIMIT_S = 600.0
_FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
_BROKEN = re.compile(r"^seed (\d+): (.*)$", re.MULTILINE)


class TroubleError(Exception):
    """Nothing was shown: a run could not be made, or did not end as it should."""


def files() -> list[str]:
    """What is in the checkout, as git sees it, and what is new there."""
    git = shutil.which("git")
    if git is None:
        raise TroubleError("git is not installed")
    names = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [name for name in names.split("\0") if name and (CHECKOUT / name).is_file()]


@contextmanager
def copied(mutation: Mutation | None) -> Iterator[Path]:
    """A copy of the checkout with ``mutation`` applied. Raises StaleError if that does not fit."""
    with TemporaryDirectory(prefix="vedette-mutation-") as folder:
        copy = Path(folder)
        for name in files():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, copy / name)
        if mutation is not None:
            target = copy / mutation.file
            target.write_text(mutation.applied_to(target.read_text()))
        yield copy


def failing_test(copy: Path, tests: Sequence[str]) -> str | None:
    """The node id of the first of ``tests`` that fails; None if all pass."""
    words = ["pytest", "-x", "-q", "-n0", "-rf", "--timeout", str(TEST_TIMEOUT_S), "--color=no", *tests]
    code, said = _run(copy, [*words, "-p", "no:cacheprovider"])
    if code == 0:
        return None
    failed = _FAILED.search(said)
    if code != 1 or failed is None:
        raise TroubleError(f"pytest ended with {code}:\n{said[-2000:]}")
    return failed[1]


def breaking_seed(copy: Path, style: str, limit_s: float) -> tuple[int, str] | None:
    """The first seed found of the simulator that breaks a rule, and which; None if there is none."""
    code, said = _run(copy, ["tests.mutations.search", style, str(limit_s)])
    if code == 0:
        return None
    broken = _BROKEN.search(said)
    if code != 1 or broken is None:
        raise TroubleError(f"the simulator ended with {code}:\n{said[-2000:]}")
    return int(broken[1]), broken[2].strip()


def holds(copy: Path, seed: int) -> bool:
    """Whether every rule holds in this run of the simulator."""
    return _run(copy, ["tests.simulation", "--seed", str(seed)])[0] == 0


def _run(copy: Path, words: Sequence[str]) -> tuple[int, str]:
    # The copy comes before an installed checkout; and nothing compiled is left over from another rule.
    own = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=copy,
            env=os.environ | own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=RUN_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        raise TroubleError(f"{words[0]} did not end within {RUN_LIMIT_S:g} s") from None
    return done.returncode, done.stdout
