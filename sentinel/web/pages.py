"""Detects requests that a browser sends for a page that is not this sentinel's own, and which of them get an
answer.

A page can make the browser send requests to loopback and private addresses: a websocket to any of them (no
rule of the browser forbids it, RFC 6455 section 10.2), reads whose answers it does not see, and, by rebinding
its own name to 127.0.0.1, reads whose answers it does see, as "same origin". The browser names the page in
``Origin``, and the relation in ``Sec-Fetch-Site`` (https://www.w3.org/TR/fetch-metadata/). A rebound name
shows only in ``Host``: on loopback, where names are few, an unknown one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from yarl import URL

from config.address import is_loopback_host

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?)(?::[0-9]{1,5})?")
_OWN_SITES = ("same-origin", "none")
_NAMES_OPEN = re.compile(r"/healthz|/readyz|/v1/check/.*")
"""Load balancers ask these by any name, and their answers tell a page nothing that is worth a rebinding."""


@dataclass(frozen=True, slots=True)
class Pages:
    """``hosts``: the names by which this sentinel may be asked on loopback, besides ``localhost`` and
    addresses; None: it is not bound to loopback, and no name is refused.
    """

    hosts: frozenset[str] | None = None

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> str | None:
        """Why a request is not answered, in words; None: it is no foreign page's."""
        host = headers.get("Host")
        origin = headers.get("Origin")
        if origin is not None and not is_same_host(origin, host or ""):
            return "This comes from a page of another origin."
        if headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES and not _is_navigation(method, headers):
            return "This comes from a page of another site."
        if self.hosts is None or not host or _NAMES_OPEN.fullmatch(path):
            return None
        name = host_name(host)
        if name is not None and (is_loopback_host(name) or name.rstrip(".") in self.hosts):
            return None
        return (
            "This sentinel listens on a loopback address: ask for localhost, for a loopback address, or for "
            "a name in api.hosts."
        )


def refusal_of_peer(headers: Mapping[str, str]) -> str | None:
    """A sentinel names no origin. A browser cannot keep from it, whatever the page wants."""
    if "Origin" in headers or any(name.lower().startswith("sec-fetch-") for name in headers):
        return "Peer links are for sentinels, and this comes from a browser."
    return None


def _is_navigation(method: str, headers: Mapping[str, str]) -> bool:
    """Somebody follows a link to the dashboard: the page with that link does not see what is answered."""
    return (
        method in ("GET", "HEAD")
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and headers.get("Sec-Fetch-Dest") == "document"
    )


def is_same_host(origin: str, host: str) -> bool:
    try:
        url = URL(origin)
        asked = URL(f"{url.scheme}://{host}")
        return url.host is not None and (url.host, url.port) == (asked.host, asked.port)
    except ValueError:
        return False


def host_name(host: str) -> str | None:
    """The name or address in a ``Host`` header, in small letters; None if it is none."""
    found = _HOST.fullmatch(host)
    return found[1].strip("[]").lower() if found else None
