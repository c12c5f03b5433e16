"""The dashboard: a page, its styles and its scripts, read from the package once and sent as they are.

The page shows texts of Redis and of the configuration, which may be anything. So its headers let it load only
its own files, send requests only to this sentinel, appear in no other page's frame, and make no markup of
text. Every answer carries an ETag and is revalidated each time, so a page never runs old scripts against a
new sentinel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from aiohttp import web

from sentinel.web.openapi import Endpoint
from sentinel.web.problem import ProblemError

PAGE = "index.html"
FILES = "/dashboard/{file}"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # Text that would be made into markup is refused by the browser, whatever a script does.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}

_CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    body: bytes
    content_type: str
    tag: str
    """Of the content: the same in every sentinel of one version."""

    def answer(self, request: web.Request) -> web.Response:
        headers = {**HEADERS, "ETag": f'"{self.tag}"'}
        if any(tag.value in ("*", self.tag) for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=self.body, headers=headers | {"Content-Type": self.content_type})


class Dashboard:
    def __init__(self) -> None:
        self._files = _read()

    def endpoints(self) -> tuple[Endpoint, ...]:
        """What the API's description tells of it: the page alone."""
        return (Endpoint("GET", "/", self.get_page, "The dashboard", None, content_type="text/html"),)

    async def get_page(self, request: web.Request) -> web.Response:
        return self._files[PAGE].answer(request)

    async def get_file(self, request: web.Request) -> web.Response:
        """The page's own files, by name; there are no folders."""
        file = self._files.get(request.match_info["file"])
        if file is None:
            raise ProblemError("not-found", "The dashboard has no such file.")
        return file.answer(request)


def _read() -> dict[str, StaticFile]:
    """The files by name. An editor's or a file manager's leftovers have no known type, and are not served."""
    files = {}
    for entry in resources.files("sentinel.web").joinpath("dashboard").iterdir():
        content_type = _CONTENT_TYPES.get("." + entry.name.rpartition(".")[2])
        if content_type is not None and entry.is_file():
            body = entry.read_bytes()
            files[entry.name] = StaticFile(body, content_type, hashlib.sha256(body).hexdigest()[:20])
    return files
