"""Real servers and their models, given the same commands, and compared: replies, and what INFO and data say.

Pings of the primary are so rare here that offsets are equal to the byte. The model is let settle in its own
time; then the real ones are waited for until they are where the model is, or a deadline has passed.
"""

from __future__ import annotations

import math
import random
import shlex
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hiredis

from promotion.conversation import Reply, ReplyError
from tests.redis_server import RedisServer, find_redis_server
from tests.simulation.model_redis import ModelServer, ModelWorld, Session

HOST = "127.0.0.1"
DELAY_S = 0.0005
SETTLING_S = 5.0
DEADLINE_S = 15.0
SIGNAL_S = 0.2
"""A server heeds a signal within a tenth of a second."""
NEVER_S = 3600
STRINGS, LIST, SET = ("a", "b", "c", "n", "fence"), "l", "s"

Word = str | int
Picture = dict[str, Any]


class _Error(Exception):
    """hiredis wants an exception for an error reply."""


def _plain(reply: Any) -> Reply:
    if isinstance(reply, list):
        return [_plain(part) for part in reply]
    return ReplyError(str(reply)) if isinstance(reply, _Error) else reply


def _encode(words: Sequence[Word]) -> bytes:
    parts = [str(word).encode() for word in words]
    text = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"*%d\r\n%s" % (len(parts), text)


class RealClient:
    """A connection that shows what Redis answers, as it answers it."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=DEADLINE_S)
        self._reader = hiredis.Reader(replyError=_Error)

    def send(self, *commands: Sequence[Word]) -> None:
        """All in one write, so that Redis does nothing else in between."""
        self._socket.sendall(b"".join(map(_encode, commands)))

    def read(self, wait_s: float = DEADLINE_S) -> Reply:
        """The next reply. TimeoutError if none comes; EOFError if the server has hung up."""
        end = time.monotonic() + wait_s
        while (reply := self._reader.gets()) is False:
            self._socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self._socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise EOFError
            self._reader.feed(data)
        return _plain(reply)

    def close(self) -> None:
        self._socket.close()


class Client:
    """One client of a real server and one of its model."""

    def __init__(self, world: ModelWorld, model: ModelServer) -> None:
        self._world = world
        self._model: Session = model.open("client")
        self._real = RealClient(model.port)
        self._left: list[Reply] = []

    def send(self, *words: Word) -> None:
        self.send_all(words)

    def send_all(self, *commands: Sequence[Word]) -> None:
        self._real.send(*commands)
        for words in commands:
            self._model.send(words)

    def read(self) -> Reply:
        """The next reply, the same of both."""
        end = self._world.now + SETTLING_S
        while not (replies := self._take()) and (due := self._world.next_event()) is not None and due < end:
            self._world.advance(due)
        assert replies, "the model does not answer"
        reply = self._real.read()
        assert replies[0] == reply, f"the model says {replies[0]!r}, Redis {reply!r}"
        self._left = replies[1:]
        return reply

    def _take(self) -> list[Reply]:
        left, self._left = self._left, []
        return left + self._model.take()

    def ask(self, *words: Word) -> Reply:
        self.send(*words)
        return self.read()

    def has_to_wait(self) -> bool:
        self._left = self._take()
        try:
            self._real.read(0.001)
        except TimeoutError:
            assert not self._left, f"Redis does not answer yet, the model says {self._left}"
            return True
        return False

    def was_closed(self) -> bool:
        try:
            self._real.read()
        except EOFError:
            assert self._model.closed, "Redis has hung up, the model not"
            return True
        return False

    def close(self) -> None:
        self._real.close()
        self._model.close()


class Twins:
    """``count`` servers. With ``saves`` they save when told to, or when everything is flushed."""

    def __init__(
        self,
        count: int = 3,
        *,
        config_files: bool = False,
        saves: bool = False,
        repl_timeout_s: int = NEVER_S,
        renamed: Sequence[str] = (),
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="vedette-twins-")
        arguments = ["--repl-timeout", str(repl_timeout_s), "--repl-ping-replica-period", str(NEVER_S)]
        if saves:
            arguments += ["--save", f"{NEVER_S} 1000000"]
        arguments += [word for name in renamed for word in ("--rename-command", name, "")]
        self.real: list[RedisServer] = []
        try:
            for index in range(count):
                binary = self._with_config_file(index) if config_files else None
                self.real.append(RedisServer(*arguments, binary=binary))
        except BaseException:
            self.stop()
            raise
        self.world = ModelWorld(lambda a, b, now: DELAY_S, random.Random(1), now=1000.0)
        self.model = [
            self.world.add(
                f"n{index}",
                HOST,
                server.port,
                repl_timeout_s=repl_timeout_s,
                ping_period_s=NEVER_S,
                config_file=config_files,
                persistence="rdb" if saves else "none",
                save_every_s=math.inf,
                renamed=tuple(renamed),
            )
            for index, server in enumerate(self.real)
        ]
        self._files = [server.directory for server in self.real]
        self._clients: dict[tuple[int, str], Client] = {}
        self._labels: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._silent: set[int] = set()
        """Those that are dead, or hang."""
        for model in self.model:
            model.start()
        self.world.advance(self.world.now + 1)

    def __enter__(self) -> Twins:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        for client in self.__dict__.get("_clients", {}).values():
            client.close()
        for server in self.real:
            server.stop()
        self._directory.cleanup()

    def _with_config_file(self, index: int) -> Path:
        """redis-server's first argument is the file that CONFIG REWRITE writes."""
        config = Path(self._directory.name) / f"redis{index}.conf"
        config.touch()
        script = config.with_suffix(".sh")
        command = shlex.join([str(find_redis_server()), str(config)])
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        script.chmod(0o700)
        return script

    # What is done to them

    def port(self, node: int) -> int:
        return self.real[node].port

    def client(self, node: int, name: str = "main") -> Client:
        if (node, name) not in self._clients:
            self._clients[node, name] = Client(self.world, self.model[node])
        return self._clients[node, name]

    def forget_clients(self, node: int, *, but: str = "") -> None:
        for key in [key for key in self._clients if key[0] == node and key[1] != but]:
            self._clients.pop(key).close()

    def ask(self, node: int, *words: Word) -> Reply:
        return self.client(node).ask(*words)

    def follow(self, node: int, primary: int) -> None:
        self.ask(node, "REPLICAOF", HOST, self.port(primary))

    def transact(self, node: int, *commands: Sequence[Word]) -> Reply:
        """MULTI to EXEC, sent at once; the reply of EXEC."""
        client = self.client(node)
        client.send_all(("MULTI",), *commands, ("EXEC",))
        return [client.read() for _ in range(len(commands) + 2)][-1]

    def kill(self, node: int, *, wipe: bool = False) -> None:
        self.real[node].kill()
        self.model[node].crash()
        self._silent.add(node)
        self.forget_clients(node)
        if wipe:
            (self._files[node] / "dump.rdb").unlink(missing_ok=True)
            self.model[node].wipe(config=False)

    def start(self, node: int) -> None:
        self.model[node].start()
        self.real[node].restart()
        self._silent.discard(node)

    def hang(self, node: int) -> None:
        self.real[node].pause()
        self.model[node].hang()
        self._silent.add(node)

    def terminate(self, node: int) -> None:
        self.real[node].terminate()
        self.model[node].shutdown.ask()

    def abort_shutdown(self, node: int) -> None:
        client = RealClient(self.port(node))
        client.send(("SHUTDOWN", "ABORT"))
        assert client.read() == b"OK"
        client.close()
        self.model[node].shutdown.abort()

    def waits_to_end(self, node: int) -> bool:
        """Whether both say so."""
        self.world.advance(self.world.now + SIGNAL_S)
        session, client = self.model[node].open("observer"), RealClient(self.port(node))
        try:
            session.send(("INFO", "server"))
            client.send(("INFO", "server"))
            said = [*session.take(), client.read()]
        finally:
            session.close()
            client.close()
        return all(b"shutdown_in_milliseconds" in reply for reply in said)

    def go_on(self, node: int) -> None:
        self.real[node].resume()
        self.model[node].resume()
        self._silent.discard(node)

    def break_disk(self, node: int) -> None:
        """Nothing can be saved any more, which it knows. The file's place is taken by a directory."""
        file = self._files[node] / "dump.rdb"
        file.unlink(missing_ok=True)
        file.mkdir()
        client = self.real[node].client()
        client.bgsave()
        end = time.monotonic() + DEADLINE_S
        while client.info("persistence")["rdb_last_bgsave_status"] != "err":
            assert time.monotonic() < end, "the snapshot was written all the same"
            time.sleep(0.01)
        self.model[node].disk.broken = True
        self.model[node].saving.save()

    def mend_disk(self, node: int) -> None:
        (self._files[node] / "dump.rdb").rmdir()
        self.model[node].disk.broken = False
        self.ask(node, "SAVE")

    @property
    def talking(self) -> list[int]:
        return [node for node in range(len(self.model)) if node not in self._silent]

    @property
    def dead(self) -> list[int]:
        return [node for node in sorted(self._silent) if not self.model[node].running]

    @property
    def hanging(self) -> list[int]:
        return [node for node in sorted(self._silent) if self.model[node].running]

    # What they have become

    def settle(self, *, acks: bool = False) -> list[Picture]:
        """Once both have come to rest: what every node says. AssertionError if they differ.

        ``acks`` waits until the primaries know it, for what depends on that; it takes up to a second.
        """
        self.world.advance(self.world.now + SETTLING_S)
        wanted, labels = self._pictures(self._ask_model, self._labels[0], acks)
        self._labels = (labels, self._labels[1])
        end = time.monotonic() + DEADLINE_S
        while True:
            found, labels = self._pictures(self._ask_real, self._labels[1], acks)
            if found == wanted:
                self._labels = (self._labels[0], labels)
                return wanted
            assert time.monotonic() < end, _difference(wanted, found)
            time.sleep(0.02)

    def _pictures(
        self, ask: Callable[[int], list[Reply]], known: dict[str, int], acks: bool
    ) -> tuple[list[Picture], dict[str, int]]:
        labels = dict(known)
        ports = [server.port for server in self.real]
        return [_picture(ask(node), labels, ports, acks) for node in self.talking], labels

    def _ask_model(self, node: int) -> list[Reply]:
        session = self.model[node].open("observer")
        for words in _questions():
            session.send(words)
        session.close()
        return session.take()

    def _ask_real(self, node: int) -> list[Reply]:
        client = RealClient(self.port(node))
        try:
            client.send(*_questions())
            return [client.read() for _ in _questions()]
        finally:
            client.close()


def _questions() -> list[tuple[Word, ...]]:
    keys: list[tuple[Word, ...]] = [("GET", key) for key in STRINGS]
    return [("INFO", "replication"), ("INFO", "stats"), *keys, ("LRANGE", LIST, 0, -1), ("SMEMBERS", SET)]


def _picture(replies: list[Reply], labels: dict[str, int], ports: list[int], acks: bool) -> Picture:
    info: dict[str, str] = {}
    for reply in replies[:2]:
        lines = (line.partition(":") for line in reply.decode().splitlines())
        info |= {name: value for name, colon, value in lines if colon}
    *strings, items, members = replies[2:]
    picture: Picture = {name: info.get(name) for name in _COMPARED}
    picture |= {name: labels.setdefault(info[name], len(labels)) for name in _IDS}
    picture |= {"strings": strings, "list": items}
    picture["set"] = sorted(members) if isinstance(members, list) else members
    down = info.get("master_link_down_since_seconds")
    picture["down"] = down if down in (None, "-1") else "since"
    followed = int(info.get("master_port", 0))
    picture["follows"] = ports.index(followed) if followed in ports else info.get("master_port")
    rows = [info[f"slave{i}"] for i in range(int(info["connected_slaves"]))]
    rows = [row.partition(",lag=" if acks else ",offset=")[0] for row in rows]
    picture["replicas"] = sorted(rows)
    return picture


_IDS = ("master_replid", "master_replid2")
_COMPARED = (
    *("role", "master_link_status", "master_sync_in_progress", "master_failover_state"),
    *("master_repl_offset", "second_repl_offset", "slave_repl_offset", "min_slaves_good_slaves"),
    *("repl_backlog_active", "repl_backlog_first_byte_offset", "repl_backlog_histlen"),
    *("sync_full", "sync_partial_ok", "sync_partial_err"),
)


def _difference(model: list[Picture], real: list[Picture]) -> str:
    lines = [
        f"node {node} {name}: the model has {picture[name]!r}, Redis {other[name]!r}"
        for node, (picture, other) in enumerate(zip(model, real, strict=True))
        for name in picture
        if picture[name] != other[name]
    ]
    return "\n".join(lines)
