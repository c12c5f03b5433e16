"""Compares addresses by their text: whether two spellings lead to the same place.

Redis keeps whatever spelling it was given: ``REPLICAOF REDIS-01`` stays in capitals, and a later
``REPLICAOF redis-01`` is answered with "already connected" and changes nothing. So addresses are compared by
what they reach. Case and a trailing dot mean nothing in a name, and an IPv6 address has many spellings, of
which one may be an IPv4 address.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

KEPT = 4096
"""Size of the caches: spellings are compared at every step, and there are few of them."""


@lru_cache(KEPT)
def plain_host(host: str) -> str:
    """The canonical spelling of ``host``, for comparisons. Names are not resolved."""
    host = host.removeprefix("[").removesuffix("]")
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host.lower().removesuffix(".")
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)


def plain(place: tuple[str, int]) -> tuple[str, int]:
    """Host and port in their canonical spelling, for comparisons."""
    return (plain_host(place[0]), place[1])


def written(host: str, port: int) -> str:
    """``host:port``, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def place_in(name: str) -> tuple[str, int] | None:
    """The host and the port of a node's name, which is its address; None of any other text."""
    host, _, port = name.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port[:6]) <= 65535:
        return None
    return host.removeprefix("[").removesuffix("]"), int(port)


@lru_cache(KEPT)
def is_ip(host: str) -> bool:
    """Whether ``host`` is an address, and not a name that may come to stand for another one."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
