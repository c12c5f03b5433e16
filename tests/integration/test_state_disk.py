"""A sentinel whose state is on a disk that fills up says so while it can still write."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.process.disk import MIN_FREE_BYTES
from tests.integration.cluster import Cluster
from tests.waiting import wait_for


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, a little larger than what must be free."""
    where = tmp_path / "disk"
    where.mkdir()
    size = f"size={2 * MIN_FREE_BYTES}"
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", size, "tmpfs", str(where)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a file system cannot be mounted here")
    yield where
    subprocess.run(["umount", "--lazy", str(where)], check=True)


def test_it_is_not_ready_before_its_disk_is_full_and_goes_on_working(small_disk: Path) -> None:
    own = {"state_dir": str(small_disk / "state")}
    with Cluster(replicas=1, sentinels=1, own=own) as cluster:
        sentinel = cluster.sentinels[0]
        assert sentinel.get("/readyz")[0] == 200
        (small_disk / "log").write_bytes(bytes(MIN_FREE_BYTES + (1 << 20)))
        status, problem = sentinel.get("/readyz")
        assert status == 503 and "nearly full: " in problem["detail"] and "32 MiB needed" in problem["detail"]
        assert sentinel.get("/healthz")[0] == 200
        cluster.nodes[0].kill()
        cluster.wait_failover(cluster.nodes[0].name)
        (small_disk / "log").unlink()
        wait_for(lambda: sentinel.get("/readyz")[0] == 200, what="it to be ready again")
