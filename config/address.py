"""Network addresses: ``host:port``, with an IPv6 host in brackets. Names are never resolved here.

Equal addresses compare equal in any spelling (``REDIS1:6379``, ``[0::1]:6379``), since this text identifies
a node everywhere in the product.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from config.errors import InvalidValueError

PATTERN = r"^(\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?\]|[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?):[0-9]{1,5}$"

_NAME = re.compile(
    r"(?=.{1,253}\.?$){label}(\.{label})*\.?".replace("{label}", r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"),
    re.ASCII,
)


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """``host`` is a lower-case name, an IPv4 or a bare IPv6 address; ``port`` is 1 to 65535."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def place(self) -> tuple[str, int]:
        """Host and port in the canonical spelling, for comparisons.

        ``host`` keeps a trailing dot, which decides how a name is looked up; ``place`` has none.
        """
        ip = _ip(self.host)
        mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
        return (str(mapped) if mapped is not None else self.host.removesuffix("."), self.port)

    @property
    def is_loopback(self) -> bool:
        return is_loopback_host(self.host)

    @property
    def is_unspecified(self) -> bool:
        """Whether it means every interface (0.0.0.0 or ::): one can listen there, but not connect."""
        ip = _ip(self.host)
        return ip is not None and ip.is_unspecified

    @classmethod
    def parse(cls, text: object) -> Address:
        """Reads ``host:port`` or ``[ipv6]:port``. Raises ``InvalidValueError``, which says what is wrong."""
        if isinstance(text, Address):
            return text
        if not isinstance(text, str):
            raise InvalidValueError(text, "is not an address (host:port)")
        if "//" in text or "@" in text:
            raise InvalidValueError(text, "is not an address: only host:port, without scheme or user")
        host, colon, port = text.rpartition(":")
        if not colon:
            raise InvalidValueError(text, "has no port (host:port)")
        return cls(_parse_host(text, host), _parse_port(text, port))


def is_loopback_host(host: str) -> bool:
    """Whether ``host`` reaches this machine only: 127.0.0.0/8, ::1 or ``localhost``."""
    ip = _ip(host)
    return ip.is_loopback if ip is not None else host in ("localhost", "localhost.")


def parse_host_name(value: object) -> str:
    """A host name in lower case, without a port. Raises ``InvalidValueError``."""
    if not isinstance(value, str):
        raise InvalidValueError(value, "is not a host name")
    if not value.isascii() or not _NAME.fullmatch(value.lower()):
        raise InvalidValueError(value, "is not a valid host name (without scheme and port)")
    return value.lower().removesuffix(".")


def _parse_host(text: str, host: str) -> str:
    if not host:
        raise InvalidValueError(text, "has no host (0.0.0.0 listens on every interface)")
    bracketed = host.startswith("[") and host.endswith("]")
    if bracketed:
        ip = _ip(host[1:-1])
        if ip is None or ip.version != 6:
            raise InvalidValueError(text, "has no IPv6 address in its brackets")
        return str(ip)
    if ":" in host:
        raise InvalidValueError(text, "is not an address (IPv6 is written in brackets: [::1]:6379)")
    ip = _ip(host)
    if ip is not None:
        return str(ip)
    if re.fullmatch(r"[0-9.]+", host, re.ASCII):
        raise InvalidValueError(text, "is not an IPv4 address with a port")
    if not host.isascii() or not _NAME.fullmatch(host.lower()):
        raise InvalidValueError(text, "is not a valid host name with a port")
    return host.lower()


def _parse_port(text: str, port: str) -> int:
    if not re.fullmatch(r"[0-9]+", port, re.ASCII):
        raise InvalidValueError(text, "has no valid port (host:port)")
    if len(port) > 5 or not 1 <= int(port) <= 65535:
        raise InvalidValueError(text, "has a port outside 1 to 65535")
    return int(port)


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
