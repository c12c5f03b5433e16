"""The parts of the documents that are made from the code: ``make docs`` writes them, a test compares them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.summary import summary
from config.settings_table import settings_table
from docs.generate.command_line import command_line
from docs.generate.metrics_table import metrics_table
from promotion.lifecycle import TRANSITIONS
from sentinel.web.problem import KINDS

CHECKOUT = Path(__file__).parents[2]
RESULTS = ("outage", "loss", "switchover", "busy", "timeline", "mass", "load", "watching")
"""What the benchmarks' own page shows."""


def lifecycle_diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2", "    direction LR", f"    [*] --> {next(iter(TRANSITIONS))}"]
    for old, after in TRANSITIONS.items():
        lines += [f"    {old} --> {new}" for new in TRANSITIONS if new in after]
    lines += [f"    {phase} --> [*]" for phase, after in TRANSITIONS.items() if not after]
    return "\n".join([*lines, "```"])


def problems_table() -> str:
    rows = [f"| `{kind}` | {status} | {title} |" for kind, (status, title) in KINDS.items()]
    return "\n".join(["| kind | status | title |", "|---|---|---|", *rows])


def result(name: str) -> Callable[[], str]:
    """What a benchmark wrote."""
    return lambda: (CHECKOUT / "benchmarks/results" / f"{name}.md").read_text().strip()


def chaos_summary() -> str:
    """The one table of all schedules; the tables of each are in the file."""
    return f"{result('chaos')().partition('### ')[0].strip()}\n\nEach schedule: benchmarks/results/chaos.md"


BLOCKS = {
    ("README.md", "summary"): summary,
    ("docs/reference/settings.md", "settings"): settings_table,
    ("docs/reference/metrics.md", "metrics"): metrics_table,
    ("docs/reference/http.md", "problems"): problems_table,
    ("docs/reference/command-line.md", "commands"): command_line,
    **{("benchmarks/README.md", name): result(name) for name in RESULTS},
    **{("docs/performance.md", name): result(name) for name in ("mass", "watching")},
    ("ARCHITECTURE.md", "restart"): result("restart"),
    ("ARCHITECTURE.md", "handover"): result("handover"),
    ("docs/safety/faults.md", "chaos"): chaos_summary,
    ("docs/safety/faults.md", "histories"): result("histories"),
    ("docs/safety/checks.md", "model"): result("model"),
    ("ARCHITECTURE.md", "lifecycle"): lifecycle_diagram,
    ("docs/safety/situations.md", "wild"): result("wild"),
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
