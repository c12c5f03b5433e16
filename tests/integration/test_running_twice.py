"""Two processes run with one sentinel id: all that see it say so, and neither counts until one is gone."""

from __future__ import annotations

import shutil

import pytest
import yaml

from tests.integration.cluster import GROUP, Cluster, Sentinel
from tests.processes import free_port
from tests.waiting import wait_for


def copy_of(cluster: Cluster, sentinel: Sentinel, *, with_directory: bool) -> Sentinel:
    """As by a configuration that was taken to another host, with or without the state directory."""
    config = yaml.safe_load(sentinel.file.read_text())
    port = free_port()
    config["sentinel"] |= {
        "http": f"127.0.0.1:{port}",
        "resp": f"127.0.0.1:{free_port()}",
        "state_dir": "./state-copy",
    }
    if with_directory:
        shutil.copytree(cluster.directory / f"state-{sentinel.id}", cluster.directory / "state-copy")
    return Sentinel(f"{sentinel.id}-copy", port, config, cluster.directory)


def says(sentinel: Sentinel, what: str) -> bool:
    status, body = sentinel.get("/readyz")
    return status == 503 and what in body.get("detail", "")


def peer(sentinel: Sentinel, of: str) -> dict[str, object]:
    _, body = sentinel.get("/v1/groups")
    return next((each for each in body.get("peers", []) if each["sentinel"] == of), {})


@pytest.mark.parametrize("with_directory", [False, True], ids=["configuration", "directory"])
def test_two_of_one_id_are_told_and_neither_counts_until_one_is_gone(with_directory: bool) -> None:
    with Cluster() as cluster:
        s1, s2, s3 = cluster.sentinels
        twin = copy_of(cluster, s1, with_directory=with_directory)
        twin.start()
        try:
            for each in (s1, twin):
                wait_for(lambda e=each: says(e, "another process has its id"), 30, "both to say so")  # type: ignore[misc]
                wait_for(lambda e=each: "stop one of the two" in e.log(), 10, "both logs to say so")  # type: ignore[misc]
            for each in (s2, s3):
                wait_for(lambda e=each: "running twice" in str(peer(e, "s1").get("apart")), 10, "peers to")  # type: ignore[misc]
                assert peer(each, "s1")["in_touch"] is False
                assert "vedette_peers_running_twice 1.0" in each.text("/metrics")
                assert "peer s1 is running twice" in each.log()
            assert s1.get(f"/v1/groups/{GROUP}")[1]["takes_no_part"]
            cluster.nodes[0].kill()
            wait_for(lambda: s2.primary() not in (None, cluster.nodes[0].name), 30, "the others to fail over")
            assert s2.group()["topology"]["leader"] in ("s2", "s3")
        finally:
            twin.stop()
        wait_for(lambda: s1.get("/readyz")[0] == 200, 30, "the one that is left to take part again")
        wait_for(lambda: peer(s2, "s1")["in_touch"] is True, 10, "and to be in touch")
        assert "vedette_peers_running_twice 0.0" in s2.text("/metrics")
