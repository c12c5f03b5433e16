"""Parsing of INFO: from every supported server and role, and from any other input."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.coordination.node_info import Attached
from sentinel.nodes.info import MAX_ATTACHED, MAX_INFO_BYTES, InfoError, parse_info

pytestmark = pytest.mark.unit

RUN_ID = "1" * 40
REPLID = "a" * 40
REPLID2 = "b" * 40

PRIMARY_7_0 = f"""# Server
redis_version:7.0.15
run_id:{RUN_ID}
uptime_in_seconds:12

# Persistence
loading:0
async_loading:0

# Replication
role:master
connected_slaves:2
slave0:ip=10.0.0.2,port=6379,state=online,offset=7813,lag=1
slave1:ip=fd00::3,port=6380,state=wait_bgsave,offset=0,lag=0
master_failover_state:no-failover
master_replid:{REPLID}
master_replid2:{"0" * 40}
master_repl_offset:7827
second_repl_offset:-1

# Keyspace
db0:keys=100,expires=3,avg_ttl=0
db9:keys=11,expires=0,avg_ttl=0
""".replace("\n", "\r\n")

REPLICA_7_0 = f"""redis_version:7.0.15
run_id:{RUN_ID}
uptime_in_seconds:99
loading:0
role:slave
master_host:redis-1.example
master_port:6379
master_link_status:up
master_last_io_seconds_ago:3
master_sync_in_progress:0
slave_read_repl_offset:910
slave_repl_offset:900
slave_priority:25
slave_read_only:1
replica_announced:1
connected_slaves:0
master_replid:{REPLID}
master_replid2:{REPLID2}
master_repl_offset:900
second_repl_offset:501
db0:keys=7,expires=0,avg_ttl=0
""".replace("\n", "\r\n")

VALKEY_8 = (
    PRIMARY_7_0.replace("redis_version:7.0.15", "redis_version:7.2.4\r\nvalkey_version:8.1.0")
    .replace("lag=1", "lag=1,type=main-conn")
    .replace("avg_ttl=0", "avg_ttl=0,subexpiry=0")
)


def changed(text: str, field: str, value: str | None) -> str:
    """``text`` with the line of ``field`` replaced, or dropped."""
    lines = [line for line in text.split("\r\n") if not line.startswith(f"{field}:")]
    return "\r\n".join(lines if value is None else [*lines, f"{field}:{value}"])


EMPTY_AT_START = {
    "rdb_last_load_keys_loaded": "0",
    "aof_enabled": "1",
    "aof_base_size": "0",
    "aof_current_size": "300",
    "total_net_input_bytes": "400",
}


@pytest.mark.parametrize(
    ("fields", "empty"),
    [
        (EMPTY_AT_START, True),
        ({"rdb_last_load_keys_loaded": "0", "aof_enabled": "0"}, True),
        (EMPTY_AT_START | {"rdb_last_load_keys_loaded": None}, True),
        ({"aof_enabled": "0"}, False),
        (EMPTY_AT_START | {"rdb_last_load_keys_loaded": "7"}, False),
        (EMPTY_AT_START | {"aof_base_size": "89"}, False),
        (EMPTY_AT_START | {"aof_current_size": "401"}, False),
        (EMPTY_AT_START | {"loading": "1"}, False),
        ({}, False),
    ],
    ids=[
        "an-empty-append-only-file",
        "no-snapshot",
        "6.2",
        "6.2-cannot-say-without-an-append-only-file",
        "a-snapshot",
        "a-base",
        "commands-without-a-base",
        "not-done-yet",
        "it-does-not-say",
    ],
)
def test_whether_it_started_without_data(fields: dict[str, str | None], empty: bool) -> None:
    text = PRIMARY_7_0
    for field, value in fields.items():
        text = changed(text, field, value)
    info = parse_info(text)
    assert (info.started_empty, info.data_seen().started_empty) == (empty, empty)


def test_a_primary() -> None:
    info = parse_info(PRIMARY_7_0)
    assert (info.run_id, info.version, info.role, info.uptime_s) == (RUN_ID, "7.0.15", "master", 12)
    assert (info.replid, info.replid2, info.second_offset) == (REPLID, None, None)
    assert (info.master_offset_bytes, info.replica_offset_bytes, info.offset_bytes) == (7827, None, 7827)
    assert (info.master_host, info.master_port, info.link_up, info.link_down_s) == (None, None, False, None)
    assert (info.keys, info.priority, info.loading, info.read_only) == (111, 100, False, False)
    assert info.attached == (
        Attached("10.0.0.2", 6379, "online", 7813, 1),
        Attached("fd00::3", 6380, "wait_bgsave", 0, 0),
    )


def test_a_replica() -> None:
    info = parse_info(REPLICA_7_0.encode())
    assert (info.role, info.master_host, info.master_port) == ("slave", "redis-1.example", 6379)
    assert (info.link_up, info.link_down_s, info.last_io_s) == (True, None, 3)
    assert (info.priority, info.read_only, info.sync_in_progress) == (25, True, False)
    assert (info.replid, info.replid2, info.second_offset) == (REPLID, REPLID2, 501)
    assert info.offset_bytes == 900
    assert info.data_seen().replids == {REPLID, REPLID2}


def test_valkey_names_its_own_version_and_adds_to_known_lines() -> None:
    info = parse_info(VALKEY_8)
    assert info.version == "8.1.0"
    assert (info.keys, len(info.attached)) == (111, 2)


def test_what_detection_needs() -> None:
    seen = parse_info(PRIMARY_7_0).data_seen()
    assert (seen.run_id, seen.role, seen.keys, seen.offset_bytes) == (RUN_ID, "master", 111, 7827)
    assert seen.replids == {REPLID}


@pytest.mark.parametrize("forgotten", ["0", "1"])
def test_a_replica_that_discarded_its_cached_primary_still_has_its_data(forgotten: str) -> None:
    info = parse_info(changed(REPLICA_7_0, "slave_repl_offset", forgotten))
    assert info.offset_bytes == 900


def test_a_link_that_never_was_up_has_no_age() -> None:
    down = changed(REPLICA_7_0, "master_link_status", "down")
    assert parse_info(changed(down, "master_link_down_since_seconds", "-1")).link_down_s is None
    info = parse_info(changed(down, "master_link_down_since_seconds", "17"))
    assert (info.link_up, info.link_down_s) == (False, 17)


def test_a_tool_that_reads_the_stream_is_no_replica() -> None:
    info = parse_info(changed(PRIMARY_7_0, "slave0", "ip=127.0.0.1,port=0,state=online,offset=5,lag=-1"))
    assert [replica.port for replica in info.attached] == [6380]


def test_a_replica_that_never_acknowledged_has_no_lag() -> None:
    info = parse_info(changed(PRIMARY_7_0, "slave0", "ip=127.0.0.1,port=1,state=online,offset=5,lag=-1"))
    assert info.attached[-1].lag_s is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("run_id", None),
        ("run_id", ""),
        ("run_id", "x" * 65),
        ("role", None),
        ("role", "sentinel"),
        ("master_replid", None),
        ("master_replid", "not hex?"),
        ("master_repl_offset", None),
        ("master_repl_offset", "many"),
        ("master_repl_offset", "9" * 20),
        ("master_repl_offset", "\u0664"),
        ("slave_priority", "high"),
        ("slave_repl_offset", None),
        ("master_host", None),
        ("master_host", "a b"),
        ("master_port", "0"),
        ("master_port", "65536"),
        ("loading", "yes"),
        ("slave0", "port=1,state=online"),
        ("slave0", "ip=10.0.0.1,state=online"),
        ("slave0", "ip=10.0.0.1,port=x,state=online"),
        ("slave0", "ip=10.0.0.1,port=70000,state=online"),
        ("db0", "keys=lots"),
    ],
)
def test_garbage_is_an_error_that_names_the_field(field: str, value: str | None) -> None:
    with pytest.raises(InfoError) as error:
        parse_info(changed(REPLICA_7_0, field, value))
    assert error.value.field == field
    assert field in str(error.value)


@pytest.mark.parametrize("field", ["redis_mode", "server_mode"])
def test_a_redis_sentinel_is_told_apart(field: str) -> None:
    with pytest.raises(InfoError, match="this is a Redis Sentinel"):
        parse_info(f"{field}:sentinel\r\nrun_id:abc\r\n")


def test_a_server_in_cluster_mode_says_so() -> None:
    assert parse_info(changed(PRIMARY_7_0, "redis_mode", "cluster")).cluster_mode
    assert not parse_info(PRIMARY_7_0).cluster_mode
    assert parse_info(changed(PRIMARY_7_0, "server_mode", "cluster")).cluster_mode


def test_a_reply_without_end_is_refused() -> None:
    with pytest.raises(InfoError, match="longer than"):
        parse_info(b"x" * (MAX_INFO_BYTES + 1))


def test_the_replicas_that_are_taken_in_are_limited() -> None:
    crowd = "".join(f"slave{n}:ip=10.0.0.1,port=7000,state=online\r\n" for n in range(MAX_ATTACHED + 5))
    assert len(parse_info(PRIMARY_7_0 + crowd).attached) == MAX_ATTACHED


def test_errors_quote_no_more_than_a_glimpse() -> None:
    with pytest.raises(InfoError) as error:
        parse_info(changed(PRIMARY_7_0, "run_id", "?" * 10_000))
    assert len(str(error.value)) < 200


@given(st.binary(max_size=2000))
def test_any_bytes_parse_or_are_an_info_error(data: bytes) -> None:
    with suppress(InfoError):
        parse_info(data)


LINES = PRIMARY_7_0.split("\r\n") + REPLICA_7_0.split("\r\n")


@given(
    st.lists(st.sampled_from(LINES), max_size=60),
    st.text(max_size=40),
    st.integers(min_value=0, max_value=4000),
    st.integers(min_value=0, max_value=40),
)
def test_mutilated_replies_parse_or_are_an_info_error(
    lines: list[str], junk: str, at: int, removed: int
) -> None:
    text = "\r\n".join(lines)
    try:
        info = parse_info(text[:at] + junk + text[at + removed :])
    except InfoError:
        return
    assert info.role in ("master", "slave")
    assert info.offset_bytes >= 0
    assert info.keys >= 0
    assert all(1 <= replica.port <= 65535 for replica in info.attached)
