"""A crash of the primary while many clients load the sentinels, and in the same run without them.

    python -m benchmarks.load [--trials 5] [--share 1.0]
    python -m benchmarks.load --soak 30 [--share 0.2]

The load on three sentinels together: 500 requests a second, 2,000 clients that wait for the next primary, 500
listeners of events, 1,000 subscribers, 100 bad handshakes of peers a second, and a receiver of webhooks that
takes 8 s for an answer (``benchmarks.load_clients``, at nice 10: it shares the cores with what it loads).
With ``--soak`` the primary changes twice in a minute, clients come and go, and memory and files of the
sentinels in the middle third are compared with those in the last. Writes ``benchmarks/results/load.*``, or
``soak.*``.
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.load_clients import POLLS, STREAMS, SUBSCRIBERS
from benchmarks.outage import CRASH, Case, measure
from benchmarks.report import Column, Trials, machine, write
from benchmarks.systems import GROUP, System, of_cluster
from benchmarks.watching import memory_mb
from tests.integration.cluster import CHECKOUT, Cluster, Sentinel
from tests.processes import Process, free_port
from tests.waiting import wait_for

START_S = 120.0
SAMPLE_S = 5.0
CHANGE_S = 30.0
TOLERATED = 1.05
"""The last third's median counts as flat up to this multiple of the middle third's."""
COLUMNS = (
    Column("first write"),
    Column("then all sentinels agree"),
    Column("a client that follows them writes"),
    Column("peers lost", ""),
    Column("most memory", "MB"),
    Column("most files", ""),
)
SOAK_COLUMNS = (
    Column("memory, middle third", "MB", 1),
    Column("memory, last third", "MB", 1),
    Column("files, middle third", ""),
    Column("files, last third", ""),
    Column("changes of primary", ""),
)
SECRET = "whsec_" + base64.b64encode(b"of the benchmarks alone!").decode()


class Load:
    """The load's clients, connected; ``newest`` is their last report."""

    def __init__(self, cluster: Cluster, hook: int, share: float, lives_s: float) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="vedette-bench-")
        self._log = Path(self._directory.name) / "clients"
        ports = [str(sentinel.port) for sentinel in cluster.sentinels]
        resp = [str(sentinel.resp_port) for sentinel in cluster.sentinels]
        command = [sys.executable, "-m", "benchmarks.load_clients", "--http", *ports, "--resp", *resp]
        command += ["--hook", str(hook), "--share", str(share), "--lives", str(lives_s)]
        self._process = Process(command, CHECKOUT, self._log)
        self._wanted = {
            "polls": POLLS * share,
            "streams": STREAMS * share,
            "subscribers": SUBSCRIBERS * share,
        }
        wait_for(self._is_there, START_S, "the clients to be connected")

    @property
    def newest(self) -> dict[str, Any]:
        lines = self._log.read_text().splitlines()
        report: dict[str, Any] = json.loads(lines[-1]) if lines and lines[-1].endswith("}") else {}
        return report

    def close(self) -> None:
        self._process.kill()
        self._directory.cleanup()

    def _is_there(self) -> bool:
        now = self.newest.get("now", {})
        return all(now.get(kind, 0) >= 0.95 * count for kind, count in self._wanted.items())


@contextmanager
def loaded(share: float, lives_s: float = 3600.0, **options: Any) -> Iterator[tuple[Cluster, Load | None]]:
    hook = free_port()
    webhooks = [{"url": f"http://127.0.0.1:{hook}/", "secret": SECRET}]
    with Cluster(extra={"webhooks": webhooks}, **options) as cluster, ExitStack() as stack:
        load = None
        if share > 0:
            load = Load(cluster, hook, share, lives_s)
            stack.callback(load.close)
        yield cluster, load


def peers_lost(cluster: Cluster) -> int:
    return sum(sentinel.log().count("is out of touch") for sentinel in cluster.sentinels)


def most_memory_mb(sentinel: Sentinel) -> float:
    assert sentinel.process is not None
    status = Path(f"/proc/{sentinel.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def files(sentinel: Sentinel) -> int:
    assert sentinel.process is not None
    return sum(1 for _ in Path(f"/proc/{sentinel.process.pid}/fd").iterdir())


def trial(share: float) -> dict[str, float]:
    seen: dict[str, float] = {}

    @contextmanager
    def start() -> Iterator[System]:
        with loaded(share) as (cluster, load):
            lost = peers_lost(cluster)
            most_files = max(map(files, cluster.sentinels))
            if load is not None:
                print(f"  load: {load.newest}", flush=True)
            yield of_cluster(cluster)
            seen["peers lost"] = peers_lost(cluster) - lost
            seen["most memory"] = max(map(most_memory_mb, cluster.sentinels))
            seen["most files"] = max(most_files, *map(files, cluster.sentinels))

    times = measure(Case("crash", start, CRASH))
    return dict(zip((column.title for column in COLUMNS), times, strict=False)) | seen


def crashes(trials: int, share: float) -> None:
    cases = {"quiet": 0.0, "under load": share}
    rows: dict[str, dict[str, list[float | None]]] = {
        case: {column.title: [] for column in COLUMNS} for case in cases
    }
    for number in range(trials):
        for case, of in cases.items():
            figures = trial(of)
            for title, figure in figures.items():
                rows[case][title].append(figure)
            print(f"trial {number + 1}/{trials}: {case}: {figures}", flush=True)
    ratios = [_ratio(rows, column.title) for column in COLUMNS[:3:2]]
    print(f"under load: first write {ratios[0]:.1f}x, a client that follows writes {ratios[1]:.1f}x")
    results: dict[str, dict[str, Trials]] = {case: dict(row) for case, row in rows.items()}
    print(
        write("load", "A crash of the primary while clients load the sentinels", results, COLUMNS, machine())
    )


def _ratio(rows: dict[str, dict[str, list[float | None]]], title: str) -> float:
    quiet, load = (statistics.median(f or 0.0 for f in rows[case][title]) for case in ("quiet", "under load"))
    return load / quiet


def soak(minutes: float, share: float) -> bool:
    """Whether memory and files are flat."""
    samples: list[list[tuple[float, int]]] = []
    changes = 0
    with loaded(share, lives_s=60.0, group={"down_after": "5s"}) as (cluster, load):
        end = time.monotonic() + minutes * 60
        change_at = time.monotonic() + CHANGE_S
        while time.monotonic() < end:
            time.sleep(SAMPLE_S)
            samples.append([(_memory(sentinel), files(sentinel)) for sentinel in cluster.sentinels])
            if time.monotonic() >= change_at:
                status, _ = cluster.sentinels[0].post(f"/v1/groups/{GROUP}/switchover")
                changes += status == 202
                change_at += CHANGE_S
                print(f"{samples[-1]} {load.newest if load else ''}", flush=True)
        lost = peers_lost(cluster)
    third = len(samples) // 3
    rows: dict[str, dict[str, Trials]] = {}
    for number in range(3):
        middle = [sample[number] for sample in samples[third : 2 * third]]
        last = [sample[number] for sample in samples[2 * third :]]
        figures = (*_medians(middle, last, 0), *_medians(middle, last, 1), float(changes))
        titles = (column.title for column in SOAK_COLUMNS)
        rows[f"s{number + 1}"] = {title: [figure] for title, figure in zip(titles, figures, strict=True)}
    title = f"Memory and files of three sentinels over {minutes:g} minutes, at {share:g} of the load"
    what = f"Medians over a third of the time; {lost} peers were lost."
    print(write("soak", title, rows, SOAK_COLUMNS, machine(), what))
    return all(is_flat(row) for row in rows.values())


def is_flat(row: Mapping[str, Trials]) -> bool:
    def figure(title: str) -> float:
        return row[title][0] or 0.0

    return all(
        figure(f"{what}, last third") <= TOLERATED * figure(f"{what}, middle third")
        for what in ("memory", "files")
    )


def _memory(sentinel: Sentinel) -> float:
    assert sentinel.process is not None
    return memory_mb(sentinel.process)


def _medians(
    middle: Sequence[tuple[float, int]], last: Sequence[tuple[float, int]], which: int
) -> tuple[float, float]:
    return statistics.median(s[which] for s in middle), statistics.median(s[which] for s in last)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--share", type=float, help="of the full load (default 1; 0.2 with --soak)")
    parser.add_argument("--soak", type=float, metavar="MINUTES")
    given = parser.parse_args()
    if given.soak is None:
        crashes(given.trials, 1.0 if given.share is None else given.share)
    elif not soak(given.soak, 0.2 if given.share is None else given.share):
        sys.exit("memory or files grow")


if __name__ == "__main__":
    main()
