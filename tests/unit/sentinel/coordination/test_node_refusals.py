"""From a node's figures to what it refuses its clients, or would refuse them as a primary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.step_types import WriteSafety
from quorum.usability import Refusal
from sentinel.coordination.info_limits import Limits
from sentinel.coordination.node_info import NodeInfo
from sentinel.coordination.node_refusals import of_connecting, of_ping, refused_now, would_refuse
from sentinel.nodes.info import parse_info
from tests.unit.sentinel.coordinator_cases import A, B, info

MB = 1 << 20


def primary(**limits: object) -> NodeInfo:
    return replace(info(A, "master"), limits=Limits(**limits))  # type: ignore[arg-type]


def replica(**limits: object) -> NodeInfo:
    return replace(info(B), limits=Limits(**limits))  # type: ignore[arg-type]


def kind(node: NodeInfo, before: NodeInfo | None = None) -> Refusal | None:
    refusing = refused_now(node, before)
    return refusing.kind if refusing is not None else None


def test_a_healthy_node_refuses_nothing() -> None:
    assert kind(primary(used_bytes=MB, max_bytes=2 * MB, max_clients=100, clients=99)) is None
    assert would_refuse(replica(used_bytes=MB, max_bytes=2 * MB)) is None


@pytest.mark.parametrize(
    ("policy", "volatile_keys", "refuses"),
    [
        ("noeviction", 0, True),
        ("noeviction", 5, True),
        ("volatile-lru", 0, True),
        ("volatile-lru", 5, False),
        ("allkeys-lru", 0, False),
    ],
)
def test_a_full_memory_refuses_writes_unless_something_can_be_evicted(
    policy: str, volatile_keys: int, refuses: bool
) -> None:
    full = primary(used_bytes=3 * MB, max_bytes=2 * MB, policy=policy)
    seen = kind(replace(full, volatile_keys=volatile_keys))
    assert seen is (Refusal.OOM if refuses else None)


def test_no_limit_is_never_reached() -> None:
    assert kind(primary(used_bytes=3 * MB, max_bytes=0)) is None


def test_a_client_that_was_refused_since_the_last_look_is_proof() -> None:
    before, after = primary(errors=(("OOM", 3),)), primary(errors=(("OOM", 4),))
    assert kind(after, before) is Refusal.OOM
    assert kind(after, after) is None, "that was before"
    assert kind(after) is None, "nor is it known when"
    assert kind(primary(errors=(("OOM", 1),)), before) is None, "CONFIG RESETSTAT"
    assert kind(replace(after, run_id="another"), before) is None, "it counts from its start"
    assert kind(primary(errors=(("NOREPLICAS", 1),)), before) is Refusal.NOREPLICAS


def test_too_few_replicas() -> None:
    assert kind(primary(good_replicas=None)) is None, "it demands none"
    assert kind(primary(good_replicas=0)) is Refusal.NOREPLICAS
    assert kind(primary(good_replicas=1)) is None, "how many it demands is not known: at least one"
    assert kind(replace(primary(good_replicas=1), safety=WriteSafety(2, 10))) is Refusal.NOREPLICAS
    assert kind(replace(primary(good_replicas=2), safety=WriteSafety(2, 10))) is None


def test_an_append_only_file_that_cannot_be_written() -> None:
    assert kind(primary(aof_failed=True)) is Refusal.MISCONF


def test_a_primary_that_was_told_to_end_and_waits_for_its_replicas() -> None:
    assert kind(primary(ends=True, aof_failed=True)) is Refusal.SHUTDOWN
    assert kind(replica(ends=True)) is None
    seen = would_refuse(replica(ends=True))
    assert seen is not None and seen.detail.startswith("as a primary it would refuse writes")


def test_that_snapshots_fail_is_told_by_the_reply_to_ping_alone() -> None:
    assert kind(primary(snapshot_failed=True)) is None, "stop-writes-on-bgsave-error may be no"
    refusing = of_ping("MISCONF Redis is configured to save RDB snapshots, but ...")
    assert refusing is not None and refusing.kind is Refusal.MISCONF
    assert of_ping("LOADING Redis is loading the dataset in memory") is None


def test_no_client_has_a_place_left() -> None:
    assert kind(primary(clients=40, max_clients=40)) is Refusal.MAXCLIENTS
    assert kind(replica(clients=40, max_clients=40)) is Refusal.MAXCLIENTS, "whatever its role"
    refusing = of_connecting("max number of clients reached")
    assert refusing is not None and refusing.kind is Refusal.MAXCLIENTS
    assert of_connecting("WRONGPASS invalid username-password pair") is None


def test_a_replica_refuses_writes_for_being_one_and_would_refuse_them_as_a_primary() -> None:
    for sick in (
        replica(snapshot_failed=True),
        replica(aof_failed=True),
        replica(used_bytes=3 * MB, max_bytes=MB),
    ):
        assert kind(sick) is None
        assert would_refuse(sick) is not None


def test_the_figures_are_read_from_info_and_odd_ones_count_as_not_told() -> None:
    text = (
        "role:master\r\nrun_id:a\r\nmaster_replid:b\r\nmaster_repl_offset:1\r\n"
        "connected_clients:7\r\nconnected_slaves:2\r\ncluster_connections:1\r\nmaxclients:10\r\n"
        "used_memory:3000\r\nmem_not_counted_for_evict:500\r\nmaxmemory:2000\r\nmaxmemory_policy:volatile-ttl\r\n"
        "rdb_last_bgsave_status:err\r\naof_enabled:1\r\naof_last_write_status:err\r\n"
        "min_slaves_good_slaves:1\r\nerrorstat_OOM:count=5\r\nerrorstat_ERR:count=9\r\n"
        "db0:keys=3,expires=2,avg_ttl=0\r\n"
    )
    seen = parse_info(text)
    assert seen.volatile_keys == 2
    assert seen.limits == Limits(True, True, 2500, 2000, "volatile-ttl", 1, 10, 10, (("OOM", 5),))
    assert parse_info(f"{text}shutdown_in_milliseconds:0\r\n").limits.ends
    odd = text.replace("maxclients:10", "maxclients:ten").replace("used_memory:3000", "used_memory:-3")
    assert parse_info(odd).limits.max_clients is None
    assert parse_info(odd).limits.used_bytes == 0
