from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Address, InvalidValueError
from config.address import PATTERN


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:6379", "127.0.0.1", 6379),
        ("redis-1.example.com:1", "redis-1.example.com", 1),
        ("REDIS_1:65535", "redis_1", 65535),
        ("[::1]:6379", "::1", 6379),
        ("[2001:DB8:0::1]:6379", "2001:db8::1", 6379),
    ],
)
def test_reads_names_and_both_ip_versions(text: str, host: str, port: int) -> None:
    assert Address.parse(text) == Address(host, port)


def test_shows_ipv6_in_brackets() -> None:
    assert str(Address("::1", 6379)) == "[::1]:6379"
    assert str(Address("redis", 6379)) == "redis:6379"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("redis", "has no port (host:port)"),
        ("redis:", "has no valid port (host:port)"),
        ("redis:http", "has no valid port (host:port)"),
        ("redis:0", "has a port outside 1 to 65535"),
        ("redis:65536", "has a port outside 1 to 65535"),
        (":6379", "has no host (0.0.0.0 listens on every interface)"),
        ("::1:6379", "is not an address (IPv6 is written in brackets: [::1]:6379)"),
        ("[127.0.0.1]:6379", "has no IPv6 address in its brackets"),
        ("300.0.0.1:6379", "is not an IPv4 address with a port"),
        ("re dis:6379", "is not a valid host name with a port"),
        ("-redis:6379", "is not a valid host name with a port"),
        ("redis://h:6379", "is not an address: only host:port, without scheme or user"),
        (6379, "is not an address (host:port)"),
    ],
)
def test_says_what_is_wrong(text: object, why: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Address.parse(text)
    assert caught.value.why == why


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("127.8.9.1:1", True),
        ("[::1]:1", True),
        ("LocalHost:1", True),
        ("10.0.0.1:1", False),
        ("0.0.0.0:1", False),
    ],
)
def test_knows_loopback(text: str, loopback: bool) -> None:
    assert Address.parse(text).is_loopback is loopback


HOSTS = (
    st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(lambda ip: f"[{ip}]")
    | st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z][a-z0-9]{0,5}){0,3}", fullmatch=True)
)


@given(HOSTS, st.integers(1, 65535))
def test_what_is_shown_is_read_back(host: str, port: int) -> None:
    address = Address.parse(f"{host}:{port}")
    assert Address.parse(str(address)) == address
    assert str(address) == f"{host}:{port}"


@given(st.text(max_size=40) | st.text("ab.:[]%-019", max_size=20))
def test_anything_is_read_or_refused_and_editors_agree(text: str) -> None:
    try:
        address = Address.parse(text)
    except InvalidValueError:
        return
    assert Address.parse(str(address)) == address
    assert re.search(PATTERN, text)


@pytest.mark.parametrize("text", ["0-:1", "a-.b:1", "a.b-:6379"])
def test_a_label_does_not_end_in_a_hyphen(text: str) -> None:
    with pytest.raises(InvalidValueError):
        Address.parse(text)
