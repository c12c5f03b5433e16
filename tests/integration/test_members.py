"""The sentinels themselves change: one is replaced, loses its directory, or gets an older one back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

import yaml

from tests.integration.cluster import CHECKOUT, GROUP, Cluster, Sentinel
from tests.waiting import wait_for


def give(cluster: Cluster, sentinel: Sentinel, members: Sequence[str]) -> None:
    """For its next start."""
    ports = {each.id: each.port for each in cluster.sentinels}
    config = yaml.safe_load(sentinel.file.read_text())
    config["cluster"]["members"] = {member: f"127.0.0.1:{ports[member]}" for member in members}
    sentinel.file.write_text(yaml.safe_dump(config))


def restart(cluster: Cluster, sentinel: Sentinel, members: Sequence[str]) -> None:
    sentinel.stop()
    give(cluster, sentinel, members)
    sentinel.start()
    wait_for(lambda: sentinel.get("/readyz")[0] == 200, 30, f"{sentinel.id} to be ready")


def found_anew(sentinel: Sentinel, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sentinel.cli", "found-anew", "-c", str(sentinel.file), *more]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    return subprocess.run(
        command, cwd=sentinel.directory, env=environment, check=False, capture_output=True, text=True
    )


def wait_members(sentinels: Sequence[Sentinel], members: Sequence[str]) -> None:
    """Until all vote with these, and with nobody else."""

    def settled() -> bool:
        found = [sentinel.group() for sentinel in sentinels]
        return all(
            (group.get("members"), group.get("former_members")) == (list(members), []) for group in found
        ) and not any(sentinel.get("/v1/groups")[1].get("former_members") for sentinel in sentinels)

    wait_for(settled, 30, f"the members to be {members}")


def wait_not_ready(sentinel: Sentinel, why: str) -> None:
    wait_for(lambda: why in sentinel.get("/readyz")[1].get("detail", ""), 20, f"{sentinel.id} to say why")


def test_a_sentinel_is_replaced_by_adding_then_removing_and_never_in_one_step() -> None:
    old, both, new = ["s1", "s2", "s3"], ["s1", "s2", "s3", "s4"], ["s1", "s2", "s4"]
    with Cluster(sentinels=4, start=False) as cluster:
        s1, s2, s3, s4 = cluster.sentinels
        for sentinel in (s1, s2, s3):
            give(cluster, sentinel, old)
            sentinel.start()
        cluster.wait_agreed(cluster.nodes[0].name)
        wait_members([s1, s2, s3], old)

        s1.stop()
        give(cluster, s1, new)
        s1.start()
        wait_for(lambda: not s1.running, 20, "the replacement in one step to be refused")
        assert "cluster.members" in s1.log() and "add the new one first" in s1.log()

        give(cluster, s4, both)
        s4.start()
        for sentinel in (s1, s2, s3):
            sentinel.stop() if sentinel.running else None
            give(cluster, sentinel, both)
            sentinel.start()
            wait_for(lambda s=sentinel: s.get("/healthz")[0] == 200, 20, "a sentinel to start")  # type: ignore[misc]
        wait_members([s1, s2, s3, s4], both)
        for sentinel in (s1, s2, s4):
            restart(cluster, sentinel, new)
        wait_members([s1, s2, s4], new)
        s3.stop()
        cluster.wait_watching()

        cluster.nodes[0].kill()
        cluster.wait_failover(cluster.nodes[0].name)
        assert len(cluster.primaries()) == 1


def test_an_emptied_directory_takes_part_once_both_others_have_told_it() -> None:
    with Cluster() as cluster:
        s1, s2, s3 = cluster.sentinels
        term = s2.term()
        s1.stop()
        shutil.rmtree(cluster.directory / "state-s1")
        s3.stop()
        s1.start()
        wait_for(lambda: s1.get("/healthz")[0] == 200, 20, "s1 to start")
        wait_for(
            lambda: "its state directory is new" in s1.get("/readyz")[1].get("detail", ""), 20, "why not"
        )
        cluster.nodes[0].kill()
        wait_for(
            lambda: s1.story("quorum_down") or s2.story("quorum_down"), 20, "the primary to be seen down"
        )
        assert s2.term() == term and cluster.primaries() == []
        s3.start()
        cluster.wait_failover(cluster.nodes[0].name)
        wait_for(lambda: s1.get("/readyz")[0] == 200, 20, "s1 to take part")


def test_a_restored_directory_does_not_undo_what_was_agreed_on_since() -> None:
    with Cluster() as cluster:
        s1, s2, s3 = cluster.sentinels
        s1.stop()
        shutil.copytree(cluster.directory / "state-s1", cluster.directory / "backup")
        s1.start()
        cluster.wait_agreed(cluster.nodes[0].name)
        cluster.wait_ready()
        cluster.wait_watching()
        s3.stop()
        status, operation = s1.post(f"/v1/groups/{GROUP}/switchover")
        assert s1.followed((status, operation))["state"] == "completed"
        new = cluster.wait_agreed(*(node.name for node in cluster.nodes[1:]))
        s1.stop()
        s2.stop()
        shutil.rmtree(cluster.directory / "state-s1")
        shutil.copytree(cluster.directory / "backup", cluster.directory / "state-s1")
        s1.start()
        s3.start()
        wait_for(
            lambda: "its state directory is not the one" in s1.get("/readyz")[1].get("detail", ""),
            20,
            "why not",
        )
        s2.start()
        cluster.wait_agreed(new)
        wait_for(lambda: s1.get("/readyz")[0] == 200, 20, "s1 to take part")


def test_where_too_many_directories_are_lost_an_operator_founds_the_cluster_anew() -> None:
    with Cluster() as cluster:
        s1, s2, s3 = cluster.sentinels
        status, operation = s1.post(f"/v1/groups/{GROUP}/switchover")
        assert s1.followed((status, operation))["state"] == "completed"
        new = cluster.wait_agreed(*(node.name for node in cluster.nodes[1:]))
        before = s1.term()
        s3.stop()
        refused = found_anew(s3, "--accept-loss")
        assert refused.returncode == 1 and "s1 and s2 take part, and are a majority" in refused.stderr
        s1.stop()
        s2.stop()
        for lost in ("state-s1", "state-s2"):
            shutil.rmtree(cluster.directory / lost)
        for sentinel in cluster.sentinels:
            sentinel.start()
        wait_for(lambda: "too few are left to tell" in s1.log(), 30, "s1 to say that no waiting helps")
        wait_for(lambda: s3.get("/readyz")[0] != 0, 20, "s3 to answer")
        assert "in use by another running sentinel" in found_anew(s3, "--accept-loss").stderr
        for sentinel in cluster.sentinels:
            sentinel.stop()
        shown = found_anew(s3)
        assert shown.returncode == 0 and f"would be lost: {new} is primary" in shown.stdout
        for sentinel in cluster.sentinels:
            assert found_anew(sentinel, "--accept-loss").returncode == 0
        assert list((cluster.directory / "state-s3").glob("before-*/state.db"))
        for sentinel in cluster.sentinels:
            sentinel.start()
        cluster.wait_agreed(new)
        cluster.wait_ready()
        cluster.wait_watching()
        cluster.node(new).kill()
        cluster.wait_failover(new)
        assert s1.term() > before, "the fence has told which terms are spent"


def test_who_returns_with_the_directory_of_a_former_cluster_is_refused_until_it_is_founded_anew() -> None:
    def cluster_id(sentinel: Sentinel) -> str | None:
        return sentinel.get("/v1/groups")[1].get("cluster_id")

    def apart(sentinel: Sentinel, peer: str) -> str:
        peers = {each["sentinel"]: each for each in sentinel.get("/v1/groups")[1].get("peers", [])}
        return str(peers.get(peer, {}).get("apart"))

    with Cluster(sentinels=4) as cluster:
        *others, away = cluster.sentinels
        wait_for(lambda: all(map(cluster_id, cluster.sentinels)), 20, "an id")
        former = str(cluster_id(away))
        cluster.wait_ready()
        for sentinel in cluster.sentinels:
            sentinel.stop()
        for sentinel in others:
            assert found_anew(sentinel, "--accept-loss").returncode == 0
            sentinel.start()
        cluster.wait_agreed(cluster.nodes[0].name)
        wait_for(lambda: all(map(cluster_id, others)), 20, "another id")
        (new,) = {str(cluster_id(each)) for each in others}
        assert new != former

        away.start()
        wait_not_ready(away, "is refused")
        refused = f"is of another cluster, {former}"
        for sentinel in others:
            wait_for(lambda e=sentinel: refused in apart(e, away.id), 20, "a refusal")  # type: ignore[misc]
            assert f"peer {away.id} {refused}" in sentinel.log()
            assert "vedette_peers_of_another_cluster 1.0" in sentinel.text("/metrics")
            assert sentinel.get("/readyz")[0] == 200
        assert f"is of another cluster, {new}" in away.log()

        away.stop()
        assert f"of the cluster {former}" in found_anew(away, "--accept-loss").stdout
        away.start()
        cluster.wait_ready()
        wait_for(lambda: cluster_id(away) == new, 20, "the id to be told")
