"""Checks the permission of HTTP requests: for changes, the token; on loopback, this machine.

A web page in a browser on this machine has no such permission (``web.pages``).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from config import Settings
from config.address import is_loopback_host
from sentinel.web.pages import Pages, host_name, refusal_of_peer
from sentinel.web.problem import ProblemError


@dataclass(frozen=True, slots=True)
class Guard:
    """``open_posts``: bound to loopback, so that no token is needed unless one is configured."""

    token: str | None
    open_posts: bool
    pages: Pages

    def check(self, request: web.Request) -> None:
        """Raises ProblemError unless ``request`` may change something."""
        if self.token is not None:
            _check_token(self.token, request.headers.get("Authorization"))
        elif not self.open_posts:
            raise ProblemError("forbidden", "No token is configured, and the address is not a loopback one.")
        elif not _names_loopback(request.headers.get("Host", "")):
            raise ProblemError(
                "forbidden", "Without a token, ask for localhost or a loopback address, not for another name."
            )

    def middleware(self, peer_path: str) -> Middleware:
        """Stands before every handler, that of reads and of ``peer_path`` too. Raises ProblemError."""

        @web.middleware
        async def refuse_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
            headers, path = request.headers, request.path
            refused = self.pages.refusal(request.method, path, headers)
            if refused is None and path == peer_path:
                refused = refusal_of_peer(headers)
            if refused is not None:
                raise ProblemError("forbidden", refused)
            return await handler(request)

        return refuse_pages


def make_guard(settings: Settings) -> Guard:
    token, on_loopback = settings.api.token, settings.sentinel.http.is_loopback
    known = {*settings.api.hosts, *(member.host for member in settings.cluster.members.values())}
    pages = Pages(frozenset(known) if on_loopback else None)
    return Guard(token.get_secret_value() if token else None, on_loopback, pages)


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


def _names_loopback(host: str) -> bool:
    name = host_name(host)
    return name is not None and is_loopback_host(name)
