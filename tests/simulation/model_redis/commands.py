"""The commands that the model knows: how Redis classes each, and what it does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from promotion.conversation import Reply, ReplyError
from promotion.fence import MAX_JUMP, SET_FENCE
from tests.simulation.model_redis.data import NOT_AN_INTEGER, SYNTAX
from tests.simulation.model_redis.info_text import info_text
from tests.simulation.model_redis.limits import STALE
from tests.simulation.model_redis.messages import Words
from tests.simulation.model_redis.pauses import ALL, BY_COMMAND, WRITE

if TYPE_CHECKING:
    from tests.simulation.model_redis.server import ModelServer
    from tests.simulation.model_redis.session import Session

Handler = Callable[["Session", "ModelServer", Words], Reply]

BLOCKED: Final = object()
"""Instead of a reply, which comes later."""
NO_SUCH = ReplyError("ERR unknown subcommand")
MAX_SHOWN = 128
"""How much of its arguments Redis repeats of a command that it does not know."""

FENCE_SCRIPT = SET_FENCE
"""The only script that EVAL runs."""


@dataclass(frozen=True, slots=True)
class Command:
    run: Handler
    arity: int
    """With the command's name; negative: at least."""
    writes: bool = False
    deny_oom: bool = False
    while_loading: bool = False
    while_stale: bool = False
    script: bool = False
    """It may write, which is known only when it runs."""

    @property
    def may_write(self) -> bool:
        return self.writes or self.script


def find(words: Words, hidden: Collection[str] = ()) -> tuple[Words, Command | None, str]:
    """The words with their command in capitals; without a command, the error. ``hidden``: not known here."""
    if not words:
        return ("",), None, "ERR unknown command ''"
    name = words[0].upper()
    command = None if name in hidden else COMMANDS.get(name)
    if command is None:
        shown = ""
        for word in words[1:]:
            if len(shown) < MAX_SHOWN:
                shown += f"'{word[: MAX_SHOWN - len(shown)]}' "
        error = f"ERR unknown command '{words[0]}', with args beginning with: {shown}"
        return (name, *words[1:]), None, error.replace("\n", " ")
    if (command.arity > 0 and len(words) != command.arity) or len(words) < -command.arity:
        return (name, *words[1:]), None, f"ERR wrong number of arguments for '{words[0].lower()}' command"
    return (name, *words[1:]), command, ""


def _ping(session: Session, server: ModelServer, words: Words) -> Reply:
    return words[1].encode() if len(words) > 1 else b"PONG"


def _keys(session: Session, server: ModelServer, words: Words) -> Reply:
    return server.call(words)


def _info(session: Session, server: ModelServer, words: Words) -> Reply:
    return info_text(server, words[1:]).encode()


def _role(session: Session, server: ModelServer, words: Words) -> Reply:
    following = server.following
    if following.host is None:
        online = [r for r in server.replicas.attached if r.state == "online"]
        rows = [[r.host.encode(), str(r.port).encode(), str(r.ack_offset).encode()] for r in online]
        return [b"master", server.stream.offset, rows]
    offset = -1 if following.master is None else following.master.offset
    return [b"slave", following.host.encode(), following.port, following.state.encode(), offset]


def _eval(session: Session, server: ModelServer, words: Words) -> Reply:
    """A script's effects are replicated, not the script."""
    script, count, *rest = words[1:]
    if script != FENCE_SCRIPT or count != "1" or len(rest) != 2:
        raise ValueError(f"the model runs no other script than {FENCE_SCRIPT}")
    if server.limits.stale:
        return ReplyError(STALE)
    found = server.call(("GET", rest[0]))
    newer = found if isinstance(found, bytes) and int(found) > int(rest[1]) else None
    if newer is not None and int(newer) <= int(rest[1]) + MAX_JUMP:
        return newer
    refused = session.refused_in_script()
    if refused:
        sha = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        line = 1 + script.partition("redis.call('SET'")[0].count("\n")
        return ReplyError(f"{refused} script: {sha}, on @user_script:{line}.")
    server.call(("SET", *rest))
    return newer


def _replicaof(session: Session, server: ModelServer, words: Words) -> Reply:
    _, host, port = words
    following = server.following
    if server.in_cluster:
        return ReplyError("ERR REPLICAOF not allowed in cluster mode.")
    if server.failover.active:
        return ReplyError("ERR REPLICAOF not allowed while failing over.")
    if (host.lower(), port.lower()) == ("no", "one"):
        following.unset()
        return b"OK"
    if not port.isdigit() or int(port) > 65535:
        return ReplyError("ERR Invalid master port")
    if following.host is not None and (following.host.lower(), following.port) == (host.lower(), int(port)):
        return b"OK Already connected to specified master"
    following.follow(host, int(port))
    return b"OK"


def _failover(session: Session, server: ModelServer, words: Words) -> Reply:
    if server.in_cluster:
        return ReplyError("ERR FAILOVER not allowed in cluster mode.")
    return server.failover.command(words[1:])


def _wait(session: Session, server: ModelServer, words: Words) -> Reply:
    if server.following.host is not None:
        return ReplyError(
            "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a "
            "replica is configured to be writable (which is not the default) writes to replicas are just "
            "local and are not propagated."
        )
    if not words[1].removeprefix("-").isdigit():
        return NOT_AN_INTEGER
    if not words[2].removeprefix("-").isdigit():
        return ReplyError("ERR timeout is not an integer or out of range")
    wanted, timeout_ms = int(words[1]), int(words[2])
    if timeout_ms < 0:
        return ReplyError("ERR timeout is negative")
    have = server.replicas.count_acks(session.written_offset)
    if have >= wanted or session.in_transaction:
        return have
    session.wait_for(wanted, timeout_ms / 1000)
    server.wants_acks = True
    return BLOCKED


def _config(session: Session, server: ModelServer, words: Words) -> Reply:
    match words[1].upper():
        case "GET" if len(words) > 2:
            return server.config.get(words[2:])
        case "SET" if len(words) > 3:
            return server.config.set(words[2:])
        case "REWRITE" if len(words) == 2:
            return server.config.rewrite()
    return NO_SUCH


def _client(session: Session, server: ModelServer, words: Words) -> Reply:
    match tuple(word.upper() for word in words[1:]):
        case ("PAUSE", ms, *how) if len(how) < 2:
            kind = {"WRITE": WRITE, "ALL": ALL}.get(how[0] if how else "ALL")
            if kind is None:
                return ReplyError("ERR CLIENT PAUSE mode must be WRITE or ALL")
            if not ms.isdigit():
                return ReplyError("ERR timeout is not an integer or out of range")
            server.pauses.begin(BY_COMMAND, kind, server.world.now + int(ms) / 1000)
            return b"OK"
        case ("UNPAUSE",):
            server.pauses.end(BY_COMMAND)
            return b"OK"
        case ("SETNAME", _):
            return b"OK"
        case ("KILL", "TYPE", "NORMAL", "SKIPME", "YES"):
            return _kill_normal(session, server)
        case ("KILL", "TYPE", "PUBSUB", "SKIPME", "YES"):
            return 0
    return SYNTAX


def _kill_normal(session: Session, server: ModelServer) -> int:
    others = [other for other in server.sessions if other is not session]
    for other in others:
        other.cut()
    return len(others) + server.replicas.drop_clients()


def _save(session: Session, server: ModelServer, words: Words) -> Reply:
    return b"OK" if server.saving.save() else ReplyError("ERR")


def _unwatch(session: Session, server: ModelServer, words: Words) -> Reply:
    session.unwatch()
    return b"OK"


def _transaction(session: Session, server: ModelServer, words: Words) -> Reply:
    raise AssertionError("the session handles transactions itself")


def _acl(session: Session, server: ModelServer, words: Words) -> Reply:
    if tuple(word.upper() for word in words[1:3]) == ("SETUSER", "DEFAULT"):
        return server.limits.set_user(words[3:])
    return NO_SUCH


COMMANDS = {
    "PING": Command(_ping, -1),
    "INFO": Command(_info, -1, while_loading=True, while_stale=True),
    "ROLE": Command(_role, 1, while_loading=True, while_stale=True),
    "GET": Command(_keys, 2),
    "SET": Command(_keys, -3, writes=True, deny_oom=True),
    "INCR": Command(_keys, 2, writes=True, deny_oom=True),
    "SADD": Command(_keys, -3, writes=True, deny_oom=True),
    "SMEMBERS": Command(_keys, 2),
    "DEL": Command(_keys, -2, writes=True),
    "RPUSH": Command(_keys, -3, writes=True, deny_oom=True),
    "LRANGE": Command(_keys, 4),
    "DBSIZE": Command(_keys, 1),
    "FLUSHALL": Command(_keys, 1, writes=True),
    "EVAL": Command(_eval, -3, while_stale=True, script=True),
    "MULTI": Command(_transaction, 1, while_loading=True, while_stale=True),
    "EXEC": Command(_transaction, 1, while_loading=True, while_stale=True),
    "DISCARD": Command(_transaction, 1, while_loading=True, while_stale=True),
    "WATCH": Command(_transaction, -2, while_loading=True, while_stale=True),
    "UNWATCH": Command(_unwatch, 1, while_loading=True, while_stale=True),
    "REPLICAOF": Command(_replicaof, 3, while_stale=True),
    "SLAVEOF": Command(_replicaof, 3, while_stale=True),
    "FAILOVER": Command(_failover, -1, while_stale=True),
    "WAIT": Command(_wait, 3),
    "CONFIG": Command(_config, -2, while_loading=True, while_stale=True),
    "CLIENT": Command(_client, -2, while_loading=True, while_stale=True),
    "ACL": Command(_acl, -2, while_loading=True, while_stale=True),
    "SAVE": Command(_save, 1),
}
