"""The Sentinel listener's codec: replies as Redis writes them, and no request that breaks it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.resp.codec import MAX_REQUEST_BYTES, Failure, Push, Reply, Requests, RespError, Simple, encode


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
    assert list(requests.feed(b"*1\r\n$4\r\nPI")) == []
    assert list(requests.feed(b"NG\r\n*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n")) == [["PING"], ["ECHO", "x"]]
    assert list(requests.feed(b"ping\r\n*1\r\n$4\r\nPI")) == [["ping"]]
    assert list(requests.feed(b"NG\r\npi")) == [["PING"]]
    assert list(requests.feed(b"ng\r\n*0\r\n*-1\r\n\r\n")) == [["ping"]]


@given(st.lists(st.integers(0, 200), max_size=6))
def test_requests_are_the_same_wherever_packets_end(cuts: list[int]) -> None:
    """Of two that come together, the second one's rest used to be taken for a line."""
    data = b"*2\r\n$4\r\nECHO\r\n$5\r\na\r\n*b\r\nPING\r\n*3\r\n$8\r\nSENTINEL\r\n$6\r\nMASTER\r\n$1\r\ng\r\n"
    at = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    requests = Requests()
    found = [words for one, other in pairwise(at) for words in requests.feed(data[one:other])]
    assert found == [["ECHO", "a\r\n*b"], ["PING"], ["SENTINEL", "MASTER", "g"]]


def test_what_came_before_garbage_is_answered_first() -> None:
    found = Requests().feed(b"*1\r\n$4\r\nPING\r\n*1\r\n:4\r\n")
    assert next(found) == ["PING"]
    with pytest.raises(RespError, match="bulk strings"):
        next(found)


def test_endless_request_is_refused() -> None:
    requests = Requests()
    assert not list(requests.feed(b"*3\r\n$4\r\nECHO\r\n$40000\r\n"))
    with pytest.raises(RespError, match="more than"):
        list(requests.feed(b"x" * 40000 + b"\r\n$40000\r\n"))
    with pytest.raises(RespError, match="more than"):
        list(Requests().feed(b"x" * MAX_REQUEST_BYTES))


@pytest.mark.parametrize("first", [b"\x16\x03\x01\x02\x00", b"\0" * 100, "Ä".encode()])
def test_what_no_person_types_is_refused_at_its_first_byte(first: bytes) -> None:
    with pytest.raises(RespError, match="expected"):
        list(Requests().feed(first))


@pytest.mark.parametrize("announced", [b"*1000000000\r\n", b"*1\r\n$9999999\r\n"])
def test_what_is_announced_is_judged_before_it_comes(announced: bytes) -> None:
    with pytest.raises(RespError, match="announced"):
        list(Requests().feed(announced))


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_any_bytes_parse_or_are_refused(chunks: list[bytes]) -> None:
    requests = Requests()
    try:
        for chunk in chunks:
            for words in requests.feed(chunk):
                assert all(isinstance(word, str) for word in words)
    except RespError:
        pass
