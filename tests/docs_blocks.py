"""The parts of the documents that are made from the code: ``make docs`` writes them, a test compares them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.summary import summary
from config.settings_table import settings_table
from promotion.lifecycle import TRANSITIONS
from tests.metrics_table import metrics_table

CHECKOUT = Path(__file__).parents[1]
RESULTS = ("outage", "loss", "switchover", "busy", "timeline", "mass", "load", "watching")
"""What the benchmarks' own page shows."""


def lifecycle_diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2", "    direction LR", f"    [*] --> {next(iter(TRANSITIONS))}"]
    for old, after in TRANSITIONS.items():
        lines += [f"    {old} --> {new}" for new in TRANSITIONS if new in after]
    lines += [f"    {phase} --> [*]" for phase, after in TRANSITIONS.items() if not after]
    return "\n".join([*lines, "```"])


def result(name: str) -> Callable[[], str]:
    """What a benchmark wrote."""
    return lambda: (CHECKOUT / "benchmarks/results" / f"{name}.md").read_text().strip()


def chaos_summary() -> str:
    """The one table of all schedules; the tables of each are in the file."""
    return f"{result('chaos')().partition('### ')[0].strip()}\n\nEach schedule: benchmarks/results/chaos.md"


BLOCKS = {
    ("README.md", "settings"): settings_table,
    ("README.md", "metrics"): metrics_table,
    ("README.md", "summary"): summary,
    **{("benchmarks/README.md", name): result(name) for name in RESULTS},
    **{("docs/performance.md", name): result(name) for name in ("mass", "watching")},
    ("ARCHITECTURE.md", "restart"): result("restart"),
    ("ARCHITECTURE.md", "handover"): result("handover"),
    ("ARCHITECTURE.md", "chaos"): chaos_summary,
    ("ARCHITECTURE.md", "histories"): result("histories"),
    ("ARCHITECTURE.md", "model"): result("model"),
    ("ARCHITECTURE.md", "lifecycle"): lifecycle_diagram,
    ("docs/safety.md", "wild"): result("wild"),
}


def with_block(text: str, name: str, block: str) -> str:
    """``text`` with what is between the markers of ``name`` replaced. Raises ValueError without markers."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no <!-- {name} --> block")
    return pattern.sub(lambda match: f"{match[1]}{block.strip()}\n{match[2]}", text, count=1)


def main() -> None:
    for (file, name), make in BLOCKS.items():
        path = CHECKOUT / file
        path.write_text(with_block(path.read_text(), name, make()))


if __name__ == "__main__":
    main()
