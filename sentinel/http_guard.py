"""Who may change something over HTTP: whoever has the token; on a loopback address, this machine.

A web page in a browser on this machine is not meant by that. It can make the browser send requests to
loopback addresses, and by rebinding its own name to 127.0.0.1 even as "same origin". So a request from
another origin is refused, and without a token so is one that calls this sentinel by a name of its own.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from sentinel.problem import ProblemError


@dataclass(frozen=True, slots=True)
class Guard:
    """``open_posts``: bound to loopback, so that no token is needed unless one is configured."""

    token: str | None
    open_posts: bool

    def check(self, request: web.Request) -> None:
        """Raises ProblemError unless ``request`` may change something."""
        origin = request.headers.get("Origin")
        if origin is not None and not _same_host(origin, request.host):
            raise ProblemError("forbidden", "This comes from a page of another origin.")
        if self.token is not None:
            _check_token(self.token, request.headers.get("Authorization"))
        elif not self.open_posts:
            raise ProblemError("forbidden", "No token is configured, and the address is not a loopback one.")
        elif not _names_loopback(request.host):
            raise ProblemError(
                "forbidden", "Without a token, ask for localhost or a loopback address, not for another name."
            )


def _check_token(token: str, header: str | None) -> None:
    if header is None:
        raise _unauthorized("Send the token: Authorization: Bearer ...", "")
    scheme, _, given = header.partition(" ")
    # A header may hold any bytes; they are compared as such, in constant time.
    right = hmac.compare_digest(
        given.strip().encode("utf-8", "surrogateescape"), token.encode("utf-8", "surrogateescape")
    )
    if scheme.lower() != "bearer" or not right:
        raise _unauthorized("The token is wrong.", ', error="invalid_token"')


def _unauthorized(detail: str, error: str) -> ProblemError:
    return ProblemError(
        "unauthorized", detail, headers={"WWW-Authenticate": f'Bearer realm="vedette"{error}'}
    )


def _same_host(origin: str, host: str) -> bool:
    try:
        url = URL(origin)
        asked = URL(f"{url.scheme}://{host}")
        return url.host is not None and (url.host, url.port) == (asked.host, asked.port)
    except ValueError:
        return False


def _names_loopback(host: str) -> bool:
    try:
        name = URL(f"http://{host}").host or ""
    except ValueError:
        return False
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
