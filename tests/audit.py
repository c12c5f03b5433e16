"""What ``make audit`` asks: known holes in what is locked, and what an attacker could do with the workflows.

    python -m tests.audit --tools DIRECTORY [--strict]

Silence is only clean where somebody would have spoken. What no registry answered for is told as *not
audited*, never as clean; and so is all of it where the registry does not know a hole that everybody knows,
for a mirror may have the packages and not what is known of them. That alone fails nothing, or nobody could
work behind a mirror or on a train; CI asks for --strict, for there a registry answers.
Exit codes: 0 nothing was found; 1 something was; 3 with --strict, not all was audited.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
LOCKS = ("requirements/*.txt", "examples/webhook-receiver/requirements.txt")
KNOWN_HOLE = "aiohttp==3.9.0"
"""Files outside of what it serves could be read (CVE-2024-23334)."""
LIMIT_S = 600
ZIZMOR_CLEAN, ZIZMOR_FOUND = 0, range(11, 15)
FOUND, UNAUDITED = 1, 3


class Outcome(Enum):
    """What one tool's run comes to."""

    CLEAN = "clean"
    FOUND = "FOUND"
    UNANSWERED = "NOT AUDITED"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, and the sentences that say why."""

    tool: str
    outcome: Outcome
    lines: tuple[str, ...]


def judge_packages(report: str, complaint: str) -> Verdict:
    """``report`` is pip-audit's JSON, empty where it gave up; ``complaint`` is what it said then."""
    tool = "pip-audit"
    if not report:
        return Verdict(tool, Outcome.UNANSWERED, (last_line(complaint) or "it ended without a report",))
    packages = json.loads(report)["dependencies"]
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}, {mended(hole['fix_versions'])}"
        for package in packages
        for hole in package.get("vulns", ())
    ]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if holes:
        return Verdict(tool, Outcome.FOUND, tuple(holes))
    if skipped or not packages:
        why = f"{len(skipped)} of {len(packages)} packages are unknown to the registry that answers here"
        return Verdict(tool, Outcome.UNANSWERED, (why,))
    return Verdict(tool, Outcome.CLEAN, (f"{len(packages)} packages",))


def mended(versions: Sequence[str]) -> str:
    return f"mended in {', '.join(versions)}" if versions else "not mended in any version"


def trust(packages: Verdict, known_hole: Verdict) -> Verdict:
    """A registry that does not tell of the known hole tells of no other."""
    if packages.outcome is Outcome.CLEAN and known_hole.outcome is not Outcome.FOUND:
        why = f"the registry that answers here does not tell of the holes in {KNOWN_HOLE}"
        return Verdict(packages.tool, Outcome.UNANSWERED, (why,))
    return packages


def judge_workflows(code: int, said: str, *, online: bool) -> Verdict:
    tool = "zizmor"
    if code in ZIZMOR_FOUND:
        return Verdict(tool, Outcome.FOUND, tuple(said.strip().splitlines()))
    if code != ZIZMOR_CLEAN:
        return Verdict(tool, Outcome.UNANSWERED, (last_line(said) or f"it ended with {code}",))
    left_out = () if online else ("Without what has to be asked for on GitHub: that takes GH_TOKEN.",)
    return Verdict(tool, Outcome.CLEAN, left_out)


def last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def exit_code(verdicts: Sequence[Verdict], *, strict: bool) -> int:
    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.FOUND in outcomes:
        return FOUND
    return UNAUDITED if strict and Outcome.UNANSWERED in outcomes else 0


def run(tool: Path, *words: str) -> tuple[int, str]:
    """Its exit code, and all that it said. One that hangs has not answered."""
    command = [str(tool), *words]
    try:
        done = subprocess.run(
            command, cwd=CHECKOUT, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        return 1, str(error)
    return done.returncode, done.stdout + done.stderr


def ask_pip_audit(tools: Path, *requirements: str) -> Verdict:
    """Every file names each package with its version, so that nothing has to be resolved or installed."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        words = [word for file in requirements for word in ("--requirement", file)]
        asked = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json")
        _, said = run(tools / "pip-audit", *asked, "--output", str(report), *words)
        return judge_packages(report.read_text() if report.exists() else "", said)


def audit_packages(tools: Path) -> Verdict:
    locks = sorted(str(path.relative_to(CHECKOUT)) for pattern in LOCKS for path in CHECKOUT.glob(pattern))
    with tempfile.TemporaryDirectory() as scratch:
        canary = Path(scratch) / "known-hole.txt"
        canary.write_text(f"{KNOWN_HOLE}\n")
        return trust(ask_pip_audit(tools, *locks), ask_pip_audit(tools, str(canary)))


def audit_workflows(tools: Path) -> Verdict:
    online = bool(os.environ.get("GH_TOKEN"))
    asked = ("--strict-collection", "--persona", "pedantic", "--format", "plain", "--quiet")
    code, said = run(tools / "zizmor", *asked, *(() if online else ("--offline",)), ".github")
    return judge_workflows(code, said, online=online)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.audit", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--tools", type=Path, required=True, help="where pip-audit and zizmor are")
    parser.add_argument("--strict", action="store_true", help="fail also where something was not audited")
    given = parser.parse_args(words)
    tools = given.tools.absolute()
    verdicts = [audit_workflows(tools), audit_packages(tools)]
    for verdict in verdicts:
        separator = "\n  " if len(verdict.lines) > 1 else " "
        text = separator.join((f"{verdict.tool}: {verdict.outcome.value}.", *verdict.lines))
        sys.stdout.write(f"{text}\n")
    return exit_code(verdicts, strict=given.strict)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
