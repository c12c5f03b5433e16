"""What a modelled server answers, with Redis's own words for what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promotion.conversation import ReplyError
from tests.simulation.nodes.session import OnReply, Session

if TYPE_CHECKING:
    from tests.simulation.nodes.node import Node

OK = b"OK"
_WRITES = frozenset({"SET", "SADD", "INCR", "DEL", "FLUSHALL"})
_WHILE_LOADING = frozenset({"PING", "INFO", "ROLE", "CONFIG", "CLIENT", "MULTI", "EXEC", "DISCARD", "WATCH"})
_READONLY = ReplyError("READONLY You can't write against a read only replica.")
_NOREPLICAS = ReplyError("NOREPLICAS Not enough good replicas to write.")
_LOADING = ReplyError("LOADING Redis is loading the dataset in memory")


@dataclass(slots=True)
class Wait:
    """A client that waits for ``wanted`` replicas to have ``offset``."""

    wanted: int
    offset: int
    reply: OnReply
    over: bool = False

    def look(self, node: Node) -> None:
        if not self.over and self.count(node) >= self.wanted:
            self.end(node)

    def count(self, node: Node) -> int:
        return sum(link.online and link.acked >= self.offset for link in node.downstream.values())

    def end(self, node: Node) -> None:
        if not self.over:
            self.over = True
            node.waits = [wait for wait in node.waits if wait is not self]
            self.reply(self.count(node))

    def unblock(self) -> None:
        if not self.over:
            self.over = True
            self.reply(ReplyError("UNBLOCKED force unblock from blocking operation, instance state changed"))


def may_write(session: Session, words: list[str]) -> bool:
    """What ``CLIENT PAUSE ... WRITE`` holds back."""
    name = words[0].upper()
    if name == "EXEC":
        return any(queued[0].upper() in _WRITES | {"EVAL"} for queued in session.queue or [])
    return session.queue is None and name in _WRITES | {"EVAL"}


def execute(node: Node, session: Session, words: list[str], reply: OnReply) -> None:
    name = words[0].upper()
    if session.queue is not None and name not in ("EXEC", "DISCARD", "MULTI", "WATCH"):
        refusal = _refusal(node, name, queued=True)
        if refusal is not None:
            session.broken = True
            reply(refusal)
        else:
            session.queue.append(words)
            reply(b"QUEUED")
    elif name == "EXEC":
        reply(_exec(node, session))
    elif name == "WAIT" and (refusal := _refusal(node, name)) is None:
        _wait(node, session, int(words[1]), int(words[2]) / 1000, reply)
    elif name == "INFO" and node.settings.info_delay_s:
        node.schedule.at(node.settings.info_delay_s, lambda: reply(node.info()))
    else:
        reply(_run(node, session, words))


def _exec(node: Node, session: Session) -> Any:
    queue, broken, watched = session.queue, session.broken, session.watched
    session.end_transaction()
    if queue is None:
        return ReplyError("ERR EXEC without MULTI")
    if broken:
        return ReplyError("EXECABORT Transaction discarded because of previous errors.")
    if any(node.data.version(key) != version for key, version in watched.items()):
        return None
    return [_run(node, session, words) for words in queue]


def _refusal(node: Node, name: str, *, queued: bool = False) -> ReplyError | None:
    if node.loading and name not in _WHILE_LOADING:
        return _LOADING
    if name == "FAILOVER" and not node.settings.handover:
        return ReplyError("ERR unknown command 'FAILOVER'")
    if name not in _WRITES:
        return None
    if node.role == "slave":
        return _READONLY
    if not node.safe_to_write:
        return _NOREPLICAS
    return None


def _run(node: Node, session: Session, words: list[str]) -> Any:
    name, arguments = words[0].upper(), words[1:]
    refusal = _refusal(node, name)
    if refusal is not None:
        return refusal
    command = _COMMANDS.get(name)
    if command is None:
        return ReplyError(f"ERR unknown command '{name}'")
    result = command(node, session, arguments)
    session.last_offset = node.offset
    return result


def _wait(node: Node, session: Session, wanted: int, timeout_s: float, reply: OnReply) -> None:
    if node.role == "slave":
        reply(ReplyError("ERR WAIT cannot be used with replica instances."))
        return
    wait = Wait(wanted, session.last_offset, reply)
    if wait.count(node) >= wanted:
        wait.end(node)
        return
    node.waits.append(wait)
    for link in node.downstream.values():
        link.ask_ack()
    node.write("PING")
    if timeout_s:
        node.schedule.at(timeout_s, lambda: wait.end(node))


def _ping(_node: Node, _session: Session, _words: list[str]) -> Any:
    return b"PONG"


def _info(node: Node, _session: Session, _words: list[str]) -> Any:
    return node.info()


def _role(node: Node, _session: Session, _words: list[str]) -> Any:
    if node.follows is None:
        replicas = [
            [link.replica.host.encode(), str(link.replica.port).encode(), str(link.acked).encode()]
            for link in node.downstream.values()
        ]
        return [b"master", node.offset, replicas]
    state = b"connected" if node.link_up else b"sync" if node.syncing else b"connect"
    return [b"slave", node.follows[0].encode(), node.follows[1], state, node.offset]


def _get(node: Node, _session: Session, words: list[str]) -> Any:
    value = node.data.values.get(words[0])
    if isinstance(value, set):
        return ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value")
    return None if value is None else value.encode()


def _set(node: Node, _session: Session, words: list[str]) -> Any:
    node.write("SET", words[0], words[1])
    return OK


def _incr(node: Node, _session: Session, words: list[str]) -> Any:
    value = node.data.values.get(words[0], "0")
    assert isinstance(value, str)
    number = int(value) + 1
    node.write("SET", words[0], str(number))
    return number


def _sadd(node: Node, _session: Session, words: list[str]) -> Any:
    held = node.data.values.get(words[0], set())
    node.write("SADD", words[0], words[1])
    return int(words[1] not in held)


def _scard(node: Node, _session: Session, words: list[str]) -> Any:
    return len(node.data.values.get(words[0], ()))


def _delete(node: Node, _session: Session, words: list[str]) -> Any:
    known = words[0] in node.data.values
    if known:
        node.write("DEL", words[0])
    return int(known)


def _flushall(node: Node, _session: Session, _words: list[str]) -> Any:
    node.write("FLUSHALL")
    return OK


def _dbsize(node: Node, _session: Session, _words: list[str]) -> Any:
    return len(node.data.values)


def _eval(node: Node, session: Session, words: list[str]) -> Any:
    """The one script that the product sends: SET of its key."""
    assert words[0] == "redis.call('SET', KEYS[1], ARGV[1])"
    refusal = _refusal(node, "SET")
    if refusal is not None:
        return refusal
    _set(node, session, words[2:])
    return None


def _watch(node: Node, session: Session, words: list[str]) -> Any:
    for key in words:
        session.watched.setdefault(key, node.data.version(key))
    return OK


def _unwatch(_node: Node, session: Session, _words: list[str]) -> Any:
    session.watched = {}
    return OK


def _multi(_node: Node, session: Session, _words: list[str]) -> Any:
    session.queue = []
    session.broken = False
    return OK


def _discard(_node: Node, session: Session, _words: list[str]) -> Any:
    session.end_transaction()
    return OK


def _replicaof(node: Node, _session: Session, words: list[str]) -> Any:
    if node.handover.pauses:
        return ReplyError("ERR REPLICAOF not allowed while failing over.")
    if [word.upper() for word in words] == ["NO", "ONE"]:
        node.stand_alone()
        return OK
    if node.follows == (words[0], int(words[1])):
        return b"OK Already connected to specified master"
    node.follow(words[0], int(words[1]))
    return OK


def _config(node: Node, _session: Session, words: list[str]) -> Any:
    match [words[0].upper(), *words[1:]]:
        case ["GET", pattern]:
            names = [n for n in node.safety if pattern in (n, "min-replicas-*")]
            return [part.encode() for n in names for part in (n, str(node.safety[n]))]
        case ["SET", name, value] if name in node.safety:
            node.safety[name] = int(value)
            node.count_good()
            return OK
        case ["REWRITE"] if node.settings.saves:
            node.rewrite_config()
            return OK
        case ["REWRITE"]:
            return ReplyError("ERR The server is running without a config file")
    return ReplyError("ERR Unknown option or number of arguments for CONFIG")


def _client(node: Node, session: Session, words: list[str]) -> Any:
    match [word.upper() for word in words]:
        case ["KILL", "TYPE", "NORMAL", "SKIPME", "YES"]:
            victims = [other for other in node.sessions if other is not session]
            for other in victims:
                other.close(by_node=True)
            return len(victims)
        case ["KILL", "TYPE", "PUBSUB", "SKIPME", "YES"]:
            return 0
        case ["PAUSE", milliseconds, "WRITE"]:
            node.pause(int(milliseconds) / 1000)
            return OK
        case ["UNPAUSE"]:
            node.paused_until = 0.0
            node.schedule.at(0.0, node.unpause_if_due)
            return OK
        case ["SETNAME", _]:
            return OK
    return ReplyError("ERR unknown subcommand")


def _failover(node: Node, _session: Session, words: list[str]) -> Any:
    upper = [word.upper() for word in words]
    if upper == ["ABORT"]:
        refused = node.handover.abort()
    else:
        assert upper[0] == "TO"
        timeout_s = int(words[upper.index("TIMEOUT") + 1]) / 1000 if "TIMEOUT" in upper else None
        refused = node.handover.begin(words[1], int(words[2]), timeout_s)
    return OK if refused is None else ReplyError(refused)


_COMMANDS: dict[str, Callable[[Node, Session, list[str]], Any]] = {
    "PING": _ping,
    "INFO": _info,
    "ROLE": _role,
    "GET": _get,
    "SET": _set,
    "INCR": _incr,
    "SADD": _sadd,
    "SCARD": _scard,
    "DEL": _delete,
    "FLUSHALL": _flushall,
    "DBSIZE": _dbsize,
    "EVAL": _eval,
    "WATCH": _watch,
    "UNWATCH": _unwatch,
    "MULTI": _multi,
    "DISCARD": _discard,
    "REPLICAOF": _replicaof,
    "CONFIG": _config,
    "CLIENT": _client,
    "FAILOVER": _failover,
}
