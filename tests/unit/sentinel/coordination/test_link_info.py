"""A replica's word of its link, out of the replication section of INFO."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ResponseError

from sentinel.coordination.link_info import LinkInfo, parse_link

REPLICA = (
    b"# Replication\r\nrole:slave\r\nmaster_host:redis-a\r\nmaster_port:6379\r\nmaster_link_status:%b\r\n"
    b"master_last_io_seconds_ago:1\r\nslave_repl_offset:42\r\n"
)


@pytest.mark.parametrize(("status", "up"), [(b"up", True), (b"down", False)])
def test_a_replica(status: bytes, up: bool) -> None:
    assert parse_link(REPLICA % status) == LinkInfo("redis-a", 6379, up)


def test_a_master_has_none() -> None:
    assert parse_link(b"# Replication\r\nrole:master\r\nconnected_slaves:0\r\n") == LinkInfo(
        None, None, False
    )


@pytest.mark.parametrize(
    "reply",
    [
        None,
        ResponseError("NOPERM"),
        b"",
        b"role:sentinel\r\n",
        b"role:slave\r\nmaster_host:a\r\n",
        REPLICA % b"sideways",
        (REPLICA % b"up").replace(b"6379", b"123456"),
    ],
)
def test_what_cannot_be_read_says_nothing(reply: object) -> None:
    assert parse_link(reply) is None


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_say_nothing(reply: bytes) -> None:
    link = parse_link(b"role:slave\r\n" + reply)
    assert link is None or link.host
