"""A listener for clients that know Redis Sentinel: they find the primary here, and learn when it changes.

It is read-only: changes need the HTTP API, which asks for a token. If no majority has confirmed the primary
lately, the answer is that of an unknown group, so that clients ask the next sentinel.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from sentinel.group.driver import GroupDriver
from sentinel.notices.notice import Notice
from sentinel.process.client_room import MAX_CLIENTS, RESP, ClientRoom
from sentinel.process.in_turns import InTurns
from sentinel.process.listening import LET_IN_TOGETHER, deepen
from sentinel.resp import masters as resp_masters
from sentinel.resp.auth import NOAUTH, WITHOUT_LOGIN, hello_options, login
from sentinel.resp.channels import message_of
from sentinel.resp.client import Client, notice_the_dead
from sentinel.resp.codec import Failure, Push, Reply, Requests, RespError, Simple, encode
from sentinel.resp.messages import Message
from sentinel.status.authority import Authority

logger = logging.getLogger(__name__)

LOGIN_S = 10.0
"""The time for a client to send its password, if one is required."""
IDLE_S = 300.0
"""A client that listens to no channel and asks for nothing is let go."""
READ_BYTES = 16 * 1024
_CHANGING = frozenset({"FAILOVER", "SET", "MONITOR", "REMOVE", "RESET", "CONFIG", "FLUSHCONFIG"})


class RespServer:
    """``password`` None: nobody is asked for one. ``room`` is shared with the clients of HTTP."""

    def __init__(
        self,
        *,
        drivers: Mapping[str, GroupDriver],
        authority: Authority,
        password: str | None = None,
        room: ClientRoom | None = None,
    ) -> None:
        self._drivers = drivers
        self._authority = authority
        self._in_touch = authority.in_touch
        self._sentinels = len(authority.in_touch.membership.voters)
        self._password = password
        self._room = room or ClientRoom(MAX_CLIENTS)
        self._listening = 0
        self._turns = InTurns()
        self._clients: dict[int, Client] = {}
        self._next_id = 1
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Raises OSError if the address cannot be listened on."""
        self._server = await asyncio.start_server(
            self._serve, host, port, backlog=LET_IN_TOGETHER, limit=READ_BYTES
        )
        deepen(self._server)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for client in list(self._clients.values()):
                client.close()
            await self._server.wait_closed()

    def on_notice(self, notice: Notice) -> None:
        """Publish what Redis Sentinel would: to a few clients in each turn, for there may be thousands."""
        if not self._listening:
            return
        told = message_of(notice, self._drivers[notice.group])
        if told is not None:
            message = Message(*told)
            hearing = [client for client in self._clients.values() if message.is_for(client)]
            self._turns.add((partial(message.tell, client) for client in hearing), urgent=message.is_urgent)

    # -- connections ---------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(self._next_id, writer)
        client.place = self._room.enter(RESP, client.leave)
        if client.place is None:
            writer.write(encode(Failure("ERR max number of clients reached")))
            writer.close()
            return
        self._next_id += 1
        notice_the_dead(writer)
        self._clients[client.id] = client
        requests = Requests()
        try:
            while data := await self._read(client, reader):
                client.place.refresh()
                for number, words in enumerate(requests.feed(data)):
                    if number:
                        # Hundreds may come at once, and what they ask for may be long.
                        await asyncio.sleep(0)
                    await self._settle(words)
                    if client.is_closing or not self._answer(client, words):
                        return
                    await client.taken_in()
        except RespError as error:
            client.send(Failure(f"ERR Protocol error: {error}"))
        except TimeoutError:
            client.leave()
        except OSError:
            pass
        finally:
            del self._clients[client.id]
            self._listening -= client.listens
            client.place.left()
            with suppress(OSError):
                writer.close()

    async def _read(self, client: Client, reader: asyncio.StreamReader) -> bytes:
        """Empty at its end. Raises TimeoutError if a client that waits for nothing says nothing."""
        if client.listens:
            return await reader.read(READ_BYTES)
        is_stranger = self._password is not None and not client.logged_in
        async with asyncio.timeout(LOGIN_S if is_stranger else IDLE_S):
            return await reader.read(READ_BYTES)

    def _answer(self, client: Client, words: list[str]) -> bool:
        """False ends the connection."""
        command, args = words[0].upper(), words[1:]
        if self._password is not None and not (client.logged_in or command in WITHOUT_LOGIN):
            client.send(NOAUTH)
            return True
        match command:
            case "AUTH":
                client.send(self._login(client, args))
            case "QUIT":
                client.send(Simple("OK"))
                return False
            case "SUBSCRIBE" | "PSUBSCRIBE" | "UNSUBSCRIBE" | "PUNSUBSCRIBE":
                if command.startswith(("SUB", "PSUB")) and not client.listens and self._is_full:
                    client.send(Failure("ERR as many clients listen already as this sentinel can tell"))
                else:
                    self._listens(client, partial(self._subscribe, client, command.lower(), args))
            case "HELLO":
                client.send(self._hello(client, args))
            case "PING" if client.protocol == 2 and (client.channels or client.patterns):
                client.send(["pong", args[0] if args else ""])
            case _:
                client.send(self._reply(client, command, args))
        return True

    @property
    def _is_full(self) -> bool:
        """Those that listen do not make room for others, so they are never all that there are."""
        return self._listening >= self._room.share(3)

    def _listens(self, client: Client, change: Callable[[], None]) -> None:
        before = client.listens
        change()
        self._listening += client.listens - before
        if client.place is not None and client.listens != before:
            move = self._room.keep if client.listens else self._room.release
            move(client.place)

    @staticmethod
    def _subscribe(client: Client, command: str, args: list[str]) -> None:
        where = client.patterns if command.startswith("p") else client.channels
        on = not command.endswith("unsubscribe")
        for name in args or ([] if on else list(where)) or [""]:
            if on and name and not client.subscribe(where, name):
                client.send(Failure("ERR no more channels are kept for one client"))
                continue
            if not on:
                client.unsubscribe(where, name)
            client.send(Push((command, name or None, len(client.channels) + len(client.patterns))))

    def _hello(self, client: Client, args: list[str]) -> Reply:
        if args and args[0] not in ("2", "3"):
            return Failure("NOPROTO unsupported protocol version")
        options = hello_options(args[1:])
        if isinstance(options, Failure):
            return options
        auth, name = options
        if auth and isinstance(refused := self._login(client, auth), Failure):
            return refused
        if self._password is not None and not client.logged_in:
            return NOAUTH
        client.name = client.name if name is None else name[:256]
        client.protocol = int(args[0]) if args else client.protocol
        facts: dict[str, Reply] = {"server": "vedette", "version": "7.0.0", "proto": client.protocol}
        return facts | {"id": client.id, "mode": "sentinel", "role": "sentinel", "modules": []}

    def _login(self, client: Client, args: Sequence[str]) -> Simple | Failure:
        refused = login(self._password, args)
        client.logged_in = client.logged_in or refused is None
        return Simple("OK") if refused is None else refused

    def _reply(self, client: Client, command: str, args: list[str]) -> Reply:
        match command, args:
            case "PING", []:
                return Simple("PONG")
            case "PING" | "ECHO", [text]:
                return text
            case "RESET", []:
                self._listens(client, client.stop_listening)
                client.protocol = 2
                client.logged_in = False
                return Simple("RESET")
            case "CLIENT", [sub, *rest]:
                return self._client(client, sub.upper(), rest)
            case "COMMAND", _:
                return []
            case "INFO", _:
                return self._info()
            case "ROLE", []:
                return ["sentinel", [*self._drivers]]
            case "SENTINEL", [sub, *rest]:
                return self._sentinel(sub.upper(), rest)
            case _:
                return Failure(f"ERR unknown command '{command[:64]}' or wrong number of arguments")

    @staticmethod
    def _client(client: Client, sub: str, args: list[str]) -> Reply:
        match sub, args:
            case "ID", []:
                return client.id
            case "GETNAME", []:
                return client.name or None
            case "SETNAME", [name]:
                client.name = name[:256]
                return Simple("OK")
            case "SETINFO" | "NO-EVICT" | "NO-TOUCH" | "REPLY", _:
                return Simple("OK")
            case _:
                return Failure(f"ERR unknown subcommand '{sub[:64]}'")

    # -- SENTINEL ------------------------------------------------------------------------------

    async def _settle(self, words: list[str]) -> None:
        """Wait for a majority's word on what is asked about, if it may be had in a moment."""
        if not words or words[0].upper() != "SENTINEL":
            return
        if len(words) == 2 and words[1].upper() == "MASTERS":
            await self._authority.settle(self._drivers.values())
        elif len(words) > 2 and words[2] in self._drivers:
            await self._authority.settle([self._drivers[words[2]]])

    def _sentinel(self, sub: str, args: list[str]) -> Reply:
        if sub in _CHANGING:
            return Failure(
                f"ERR SENTINEL {sub} is not served here: POST /v1/groups/NAME/failover changes things"
            )
        if sub == "MYID":
            return self._in_touch.self_id
        if sub == "MASTERS":
            current = [driver for driver in self._drivers.values() if self._authority.is_current(driver)]
            found = [resp_masters.master(driver.view, self._sentinels) for driver in current]
            return [master for master in found if master is not None]
        if len(args) != 1:
            return Failure(f"ERR unknown subcommand or wrong number of arguments for '{sub[:64]}'")
        driver = self._drivers.get(args[0])
        if driver is not None and not self._authority.is_current(driver):
            driver = None
        if sub == "GET-MASTER-ADDR-BY-NAME":
            where = driver.view.primary_address if driver is not None else None
            return [where[0], str(where[1])] if where is not None else None
        view = driver.view if driver is not None else None
        if view is None or view.published is None:
            return Failure("ERR No such master with that name")
        match sub:
            case "MASTER":
                return resp_masters.master(view, self._sentinels)
            case "REPLICAS" | "SLAVES":
                return [*resp_masters.replicas(view)]
            case "SENTINELS":
                # Where the others serve this protocol is not known here, and the addresses of their HTTP API
                # would send clients to where they are not understood.
                return []
            case "CKQUORUM":
                usable = len(self._in_touch.members())
                return Simple(
                    f"OK {usable} usable Sentinels. Quorum and failover authorization can be reached"
                )
            case _:
                return Failure(f"ERR Unknown sentinel subcommand '{sub[:64]}'")

    def _info(self) -> str:
        lines = ["# Sentinel", f"sentinel_masters:{len(self._drivers)}"]
        lines.append(f"sentinel_tilt:{int(not self._in_touch.elects())}")
        for number, (name, driver) in enumerate(self._drivers.items()):
            view = driver.view
            where, replicas = view.primary_address, max(0, len(view.nodes) - 1)
            at = f"{where[0]}:{where[1]}" if where else "?"
            lines.append(
                f"master{number}:name={name},status={resp_masters.flags_line(view)},address={at},"
                f"slaves={replicas},sentinels={self._sentinels}"
            )
        return "\r\n".join([*lines, ""])
