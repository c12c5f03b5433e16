"""The Sentinel listener's codec: replies as Redis writes them, and no request that breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.resp_codec import MAX_REQUEST_BYTES, Failure, Push, Reply, Requests, RespError, Simple, encode


@pytest.mark.parametrize(
    ("reply", "resp2", "resp3"),
    [
        (Simple("OK"), b"+OK\r\n", b"+OK\r\n"),
        (Failure("ERR two\r\nlines"), b"-ERR two lines\r\n", b"-ERR two lines\r\n"),
        (None, b"$-1\r\n", b"_\r\n"),
        (7, b":7\r\n", b":7\r\n"),
        ("é", b"$2\r\n\xc3\xa9\r\n", b"$2\r\n\xc3\xa9\r\n"),
        (["a", 1], b"*2\r\n$1\r\na\r\n:1\r\n", b"*2\r\n$1\r\na\r\n:1\r\n"),
        ({"a": 1}, b"*2\r\n$1\r\na\r\n:1\r\n", b"%1\r\n$1\r\na\r\n:1\r\n"),
        (Push(("m", 1)), b"*2\r\n$1\r\nm\r\n:1\r\n", b">2\r\n$1\r\nm\r\n:1\r\n"),
    ],
)
def test_replies(reply: Reply, resp2: bytes, resp3: bytes) -> None:
    assert encode(reply) == resp2
    assert encode(reply, 3) == resp3


def test_requests_come_in_pieces_and_together() -> None:
    requests = Requests()
    assert requests.feed(b"*1\r\n$4\r\nPI") == []
    assert requests.feed(b"NG\r\n*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n") == [["PING"], ["ECHO", "x"]]
    assert requests.feed(b"ping\r\n") == [["ping"]]


def test_endless_request_is_refused() -> None:
    requests = Requests()
    requests.feed(b"*3\r\n$4\r\nECHO\r\n$40000\r\n")
    requests.feed(b"x" * 40000 + b"\r\n$40000\r\n")
    with pytest.raises(RespError, match="more than"):
        requests.feed(b"x" * (MAX_REQUEST_BYTES // 2))


@pytest.mark.parametrize("announced", [b"*1000000000\r\n", b"*1\r\n$9999999\r\n", b"*1\r\n*1024\r\n*9\r\n"])
def test_what_is_announced_is_judged_before_it_comes(announced: bytes) -> None:
    with pytest.raises(RespError, match="announced"):
        Requests().feed(announced)


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_any_bytes_parse_or_are_refused(chunks: list[bytes]) -> None:
    requests = Requests()
    try:
        for chunk in chunks:
            for words in requests.feed(chunk):
                assert all(isinstance(word, str) for word in words)
    except RespError:
        pass
