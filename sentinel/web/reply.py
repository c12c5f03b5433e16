"""An answer of the HTTP API, as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel


def reply(
    answer: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None, terse: bool = False
) -> web.Response:
    """``terse`` leaves out what is null."""
    return web.Response(
        status=status,
        body=answer.model_dump_json(exclude_none=terse).encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store"} | dict(headers or {}),
    )
