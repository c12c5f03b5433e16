"""The listeners for clients and peers: of HTTP and of the Sentinel protocol, and their common room."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from aiohttp import web

from config import GroupSettings, Settings
from sentinel.process.client_room import ClientRoom, Files
from sentinel.process.loop_errors import LoopErrors
from sentinel.process.open_files import FilesLeft, raise_limit
from sentinel.resp.server import RespServer
from sentinel.web.app import make_runner, make_site

logger = logging.getLogger(__name__)


class Doors:
    """Create it before opening anything: it raises this process's limit of files."""

    def __init__(self, settings: Settings, groups: Mapping[str, GroupSettings]) -> None:
        self._http, self._resp_address = settings.sentinel.http, settings.sentinel.resp
        files = Files.needed(
            raise_limit(),
            peers=len(settings.cluster.members) - 1,
            groups=len(groups),
            nodes=sum(len(group.nodes) for group in groups.values()),
        )
        if files.too_few is not None:
            logger.error("%s", files.too_few)
        self.room = ClientRoom(files.clients)
        self.files = FilesLeft(files)
        self._resp: RespServer | None = None
        self._runner: web.AppRunner | None = None

    async def open(self, app: web.Application, resp: RespServer) -> None:
        """Raises OSError if an address cannot be listened on."""
        asyncio.get_running_loop().set_exception_handler(LoopErrors())
        self._resp, self._runner = resp, make_runner(app, self.room)
        await self._runner.setup()
        await make_site(self._runner, self._http.host, self._http.port).start()
        if self._resp_address is not None:
            await resp.start(self._resp_address.host, self._resp_address.port)

    async def close_resp(self) -> None:
        if self._resp is not None:
            await self._resp.close()

    async def close_http(self) -> None:
        """Peers come in here, so their links are closed before."""
        if self._runner is not None:
            await self._runner.cleanup()
