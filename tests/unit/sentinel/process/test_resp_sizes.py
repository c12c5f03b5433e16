"""Sizes that RESP announces are checked before parsing, and no size escapes the check."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import hiredis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.process.announced_sizes import MAX_LINE_BYTES, AnnouncedError, AnnouncedSizes

Value = bytes | int | str | None | Sequence["Value"]

VALUES: st.SearchStrategy[Value] = st.recursive(
    st.binary(max_size=40) | st.integers() | st.none() | st.text("a\r\n +", max_size=9),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
)


def written(value: Value) -> bytes:
    match value:
        case None:
            return b"$-1\r\n"
        case bytes():
            return b"$%d\r\n%b\r\n" % (len(value), value)
        case int():
            return b":%d\r\n" % (value % 1000)
        case str():
            return b"+" + value.replace("\r", "").encode() + b"\r\n"
        case _:
            return b"*%d\r\n" % len(value) + b"".join(map(written, value))


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(at)]


def small() -> AnnouncedSizes:
    return AnnouncedSizes(max_items=100, max_bulk_bytes=100)


def judge_all(pieces: list[bytes]) -> None:
    judge = small()
    for piece in pieces:
        judge.judge(piece)


@given(st.lists(VALUES, min_size=1, max_size=5), st.lists(st.integers(0, 10_000), max_size=6))
def test_what_is_small_passes_however_it_is_cut(values: list[Value], cuts: list[int]) -> None:
    judge_all(in_pieces(b"".join(map(written, values)), cuts))


@given(VALUES, st.lists(st.integers(0, 10_000), max_size=6))
def test_what_is_announced_behind_any_message_is_found(value: Value, cuts: list[int]) -> None:
    with pytest.raises(AnnouncedError, match="101 items are announced, at most 100"):
        judge_all(in_pieces(written(value) + b"*101\r\n", cuts))


@given(
    st.lists(
        st.sampled_from([b"*3\r\n", b"$2\r\n", b"\r\n", b"\r", b"\n", b"ab", b"+", b":1\r\n", b"*200\r\n"])
    )
)
def test_no_list_is_longer_than_what_the_judge_let_through(parts: list[bytes]) -> None:
    """Bytes that hiredis takes for a header are a header to the judge."""
    data = b"".join(parts)
    try:
        small().judge(data)
    except AnnouncedError:
        return
    reader = hiredis.Reader()
    reader.feed(data + b":7\r\n" * 1000)
    try:
        while (reply := reader.gets()) is not False:
            assert not isinstance(reply, list) or len(reply) <= 100
    except hiredis.ProtocolError:
        pass


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"*1000000000\r\n", "1000000000 items are announced"),
        (b"%51\r\n", "102 items are announced"),
        (b"*60\r\n*60\r\n", "60 items are announced, at most 100"),
        (b"$101\r\n", "a string of 101 bytes is announced, at most 100"),
        (b"$ten\r\n", "a length that is no number"),
        (b"*" + b"9" * 40 + b"\r\n", "a length that is no number"),
        (b"+" + b"x" * MAX_LINE_BYTES + b"\r\n", "a line of more than"),
    ],
)
def test_what_is_too_much_is_named(data: bytes, why: str) -> None:
    with pytest.raises(AnnouncedError, match=why):
        small().judge(data)


def test_a_line_that_does_not_end_is_given_up() -> None:
    judge = small()
    judge.judge(b"-" + b"x" * (MAX_LINE_BYTES - 10))
    with pytest.raises(AnnouncedError, match="a line of more than"):
        judge.judge(b"x" * 20)


def test_each_message_has_all_the_room() -> None:
    judge = small()
    for _ in range(5):
        judge.judge(b"*100\r\n" + b":1\r\n" * 100)


@pytest.mark.parametrize("byte", range(256))
def test_what_the_judge_does_not_know_the_parser_refuses(byte: int) -> None:
    data = bytes([byte]) + b"1000\r\n"
    try:
        small().judge(data)
    except AnnouncedError:
        return
    reader = hiredis.Reader()
    reader.feed(data)
    try:
        reply = reader.gets()
    except hiredis.ProtocolError:
        return
    assert not isinstance(reply, list | dict | set) and reader.has_data() is False
