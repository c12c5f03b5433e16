"""One search by Spin: its C code is made, compiled and run, and what it says is read."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MEMORY_MB = 2000
MAX_DEPTH = 10_000
_OPTIONS = ("-O2", "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MB}")


class SpinError(Exception):
    """The search was not made, or not to its end."""


@dataclass(frozen=True, slots=True)
class Search:
    """``error``: the first that was found, as Spin words it; None: there is none in any state."""

    states: int
    transitions: int
    depth: int
    memory_mb: float
    seconds: float
    error: str | None


def search(model: Path, defines: Sequence[str], scratch: Path, timeout_s: float) -> Search:
    """Exhaustive, without hashing states away. Raises SpinError if memory, depth or time did not suffice."""
    scratch.mkdir(parents=True)
    (scratch / model.name).write_text(model.read_text())
    _run(["spin", *defines, "-a", model.name], scratch, timeout_s)
    _run(["gcc", *_OPTIONS, "-o", "pan", "pan.c"], scratch, timeout_s)
    begin = time.monotonic()
    said = _run(["./pan", "-E", "-n", f"-m{MAX_DEPTH}", "-w22"], scratch, timeout_s)
    return parse(said, time.monotonic() - begin)


def parse(said: str, seconds: float) -> Search:
    """What ``pan`` printed. Raises SpinError."""
    for trouble in ("max search depth too small", "out of memory", "reached -DMEMLIM", "search was not"):
        if trouble in said:
            raise SpinError(f"incomplete: {trouble}")
    error = re.search(r"^pan:1: (.*?)(?: \(at depth \d+\))?$", said, re.MULTILINE)
    counted = re.search(r"errors: (\d+)", said)
    if counted is None or (counted[1] == "0") != (error is None):
        raise SpinError(f"not understood: {said[-500:]}")
    return Search(
        states=int(_number(r"([\d.e+]+) states, stored", said)),
        transitions=int(_number(r"([\d.e+]+) transitions", said)),
        depth=int(_number(r"depth reached (\d+)", said)),
        memory_mb=_number(r"([\d.e+]+)\s+total actual memory usage", said),
        seconds=seconds,
        error=error[1] if error else None,
    )


def _number(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    if found is None:
        raise SpinError(f"no {pattern}: {said[-500:]}")
    return float(found[1])


def _run(command: Sequence[str], directory: Path, timeout_s: float) -> str:
    try:
        done = subprocess.run(
            command, cwd=directory, check=False, capture_output=True, text=True, timeout=timeout_s
        )
    except FileNotFoundError:
        raise SpinError(f"there is no {command[0]}") from None
    except subprocess.TimeoutExpired:
        raise SpinError(f"{command[0]}: not done after {timeout_s:g} s") from None
    if done.returncode or "syntax error" in done.stdout:
        raise SpinError(f"{command[0]}: {(done.stdout + done.stderr)[-800:]}")
    return done.stdout + done.stderr
