"""Reads the benchmarks' results back from ``results/``."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import Any

from benchmarks.report import RESULTS


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over its trials, of which ``count`` ended."""

    median: float
    low: float
    high: float
    count: int


class Result:
    """One benchmark's file. Raises FileNotFoundError if it was never run."""

    def __init__(self, name: str) -> None:
        read: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
        self.machine: str = read["machine"]
        self._cases: dict[str, dict[str, list[float | None]]] = read["cases"]

    @property
    def cases(self) -> list[str]:
        return list(self._cases)

    def spread(self, case: str, column: str) -> Spread | None:
        """None if the case was not run, or never ended."""
        seen = [figure for figure in self._cases.get(case, {}).get(column, []) if figure is not None]
        if not seen:
            return None
        return Spread(statistics.median(seen), min(seen), max(seen), len(seen))

    def median(self, case: str, column: str) -> float | None:
        spread = self.spread(case, column)
        return None if spread is None else spread.median
