"""Two ways to write one address."""

from __future__ import annotations

import pytest

from promotion.places import is_ip, plain_host


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("REDIS-01", "redis-01"),
        ("redis-01.example.", "redis-01.example"),
        ("::1", "0:0:0:0:0:0:0:1"),
        ("[::1]", "::1"),
        ("FE80::A", "fe80::a"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
    ],
)
def test_spellings_of_one_host_are_one(one: str, other: str) -> None:
    assert plain_host(one) == plain_host(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("redis-1", "redis-2"), ("::1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("10.0.0.1", "10.0.0.10")],
)
def test_what_only_the_network_could_tell_is_not_guessed(one: str, other: str) -> None:
    assert plain_host(one) != plain_host(other)


def test_an_address_is_told_from_a_name() -> None:
    assert is_ip("10.0.0.1") and is_ip("::1") and not is_ip("redis-1")
