"""Programs that some tests use where they can be had: on PATH, or beside the Python that runs the tests."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest


def program(name: str, advice: str) -> str:
    """The path of ``name``; without it the test is skipped, and ``advice`` says where to get it."""
    path = os.pathsep.join(
        [os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent), "/usr/sbin"]
    )
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"no {name}: {advice}")
    return found


def promtool() -> str:
    return program("promtool", "Debian's package prometheus has it")
