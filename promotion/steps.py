"""How each step is taken: check the fence, act in one transaction, verify. As conversations, without I/O.

The fence is a key in the data set that holds the term of the newest change. It replicates: once a newer
leader has promoted another node and re-pointed this one, the WATCH of a leader that slept in between fails
its EXEC, and the GET of one that comes later shows a newer term. So Redis itself refuses a stale leader.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, TypeAlias

from promotion.conversation import (
    Call,
    Calls,
    Conversation,
    FencedError,
    ReplyError,
    Request,
    StepFailedError,
    Transact,
    Word,
)
from promotion.following import check_another, check_follows, check_known
from promotion.handover import hand_over, read_fields
from promotion.step_types import (
    SEAL_HOST,
    SEAL_PORT,
    Demoted,
    Disarm,
    Freeze,
    Handover,
    KeepSafety,
    Promote,
    Repoint,
    Rewrite,
    Seal,
    Step,
    Thaw,
    WriteSafety,
)

MAX_TERM = 2**62
_MIN_REPLICAS = "min-replicas-to-write"
_MAX_LAG = "min-replicas-max-lag"
_SET_FENCE = "redis.call('SET', KEYS[1], ARGV[1])"
# By the time it runs the node is a primary already; as a plain SET it would be refused when it is queued.

Command: TypeAlias = tuple[Word, ...]
Asking: TypeAlias = Generator[Request, Any, Any]


def conversation(step: Step, term: int, fence_key: str | None) -> Conversation:
    """The conversation that takes ``step`` under ``term``. ``fence_key`` None turns the fence off.

    It raises FencedError if the node has seen a newer term, and StepFailedError if it is known not to have
    been done; taking it again is harmless.
    """
    fence = _Fence(step.node, fence_key, term)
    match step:
        case Promote():
            return _promote(step, fence)
        case Repoint():
            return _repoint(step, fence)
        case Seal():
            return _seal(step, fence)
        case Handover():
            return _hand_over(step, fence)
        case Freeze():
            return _freeze(step, fence)
        case Thaw():
            return _thaw(fence)
        case Disarm():
            return _disarm(fence)
        case KeepSafety():
            return _keep_safety(step, fence)
        case Rewrite():
            return _rewrite(fence)


class _Fence:
    def __init__(self, node: str, key: str | None, term: int) -> None:
        self.node = node
        self.term = term
        self._key = key

    def check(self, *also: Command) -> Asking:
        """Watch the fence and read it, in one write; a missing key counts as 0. Refuses a newer term.

        Returns what it holds and the replies to ``also``, which is asked with it; without a fence nothing is.
        """
        if self._key is None:
            return 0, ()
        watched, found, *replies = yield Calls((("WATCH", self._key), ("GET", self._key), *also))
        if isinstance(watched, ReplyError):
            raise self.failed(watched)
        term = self._term(found)
        if term > self.term:
            raise FencedError(self.node, term)
        return term, replies

    def write(self) -> tuple[Command, ...]:
        """The command that raises the fence to this term, for a transaction on a primary."""
        return () if self._key is None else (("EVAL", _SET_FENCE, 1, self._key, self.term),)

    def transact(self, commands: tuple[Command, ...], needed: int) -> Asking:
        """The transaction; the first ``needed`` commands must succeed. Returns the replies."""
        replies = yield Transact(commands)
        if replies is None:
            found = self._term((yield Call(("GET", str(self._key)))))
            if found:
                raise FencedError(self.node, found)
            raise StepFailedError(self.node, "the fence changed while it was being checked")
        if isinstance(replies, ReplyError):
            # Refused when it was queued, so nothing of the transaction ran.
            raise self.failed(replies)
        for reply in replies[:needed]:
            if isinstance(reply, ReplyError):
                raise self.failed(reply)
        return replies

    def failed(self, error: ReplyError) -> StepFailedError:
        text = f"missing permission: {error.message}" if error.code == "NOPERM" else error.message
        return StepFailedError(self.node, text)

    def _term(self, found: Any) -> int:
        if isinstance(found, ReplyError):
            raise StepFailedError(self.node, f"key {self._key}: {found.message}")
        if found is None:
            return 0
        if len(found) > len(str(MAX_TERM)) or not found.isdigit() or int(found) >= MAX_TERM:
            raise StepFailedError(self.node, f"key {self._key} holds {found[:40]!r}, which is not a term")
        return int(found)


def _promote(step: Promote, fence: _Fence) -> Asking:
    """Every round trip, and every fsync of the node's, is time without a primary: so both are few here.

    What it has become is written to its configuration later (``Rewrite``): should it be lost before, the node
    comes back as a replica, and is put right as any node that is not what was agreed.
    """
    found, replies = yield from fence.check(("CONFIG", "GET", _MIN_REPLICAS))
    kept = _kept_min_replicas(replies)
    if found == fence.term and found > 0:
        if (yield from _role(step.node)) == "master":
            return
        # This very term has promoted another node, and this one follows it.
        raise FencedError(step.node, found)
    if step.reinstate:
        # Either fails where there is nothing to end; a paused node would not run the transaction.
        yield Calls((("FAILOVER", "ABORT"), ("CLIENT", "UNPAUSE")))
    write = fence.write()
    commands: tuple[Command, ...] = (("REPLICAOF", "NO", "ONE"), ("ROLE",))
    # A fresh primary has no replicas yet, so min-replicas-to-write would refuse the fence.
    if kept and write:
        commands += (_config_set(_MIN_REPLICAS, 0),)
    commands += write
    if step.safety is not None:
        commands += _demand(step.safety)
    elif kept and write:
        commands += (_config_set(_MIN_REPLICAS, kept),)
    replies = yield from fence.transact((*commands, *_CUT_CLIENTS), needed=len(commands))
    if replies[1][0] != b"master":
        raise StepFailedError(step.node, "is not a primary after REPLICAOF NO ONE")


def _repoint(step: Repoint, fence: _Fence) -> Conversation:
    """The fence is only read: writing it here would cost the node its partial resynchronisation.

    The clients of a demoted node are cut, so that they look for the new primary. How far it got is read in
    the transaction that ends its writes, so nothing can be added behind.
    """
    yield from fence.check()
    yield from check_another(step)
    yield from check_known(step.node, step.known)
    commands: list[Command] = []
    if step.reason == "demote":
        commands.append(("INFO", "replication"))
    commands += [("REPLICAOF", step.primary_host, step.primary_port), ("CONFIG", "REWRITE")]
    if step.resume:
        commands.append(("CLIENT", "UNPAUSE"))
    if step.reason == "demote":
        commands += _CUT_CLIENTS
    replies = yield from fence.transact(tuple(commands), needed=2 if step.reason == "demote" else 1)
    yield from check_follows(step)
    return _demoted(replies[0]) if step.reason == "demote" else None


def _seal(step: Seal, fence: _Fence) -> Asking:
    """Not written to its configuration: a node that restarts follows as it did before."""
    yield from fence.check()
    yield from check_known(step.node, step.known)
    if (yield from _role(step.node)) != "slave":
        raise StepFailedError(step.node, "is not a replica")
    yield from fence.transact((("REPLICAOF", SEAL_HOST, SEAL_PORT),), needed=1)


def _hand_over(step: Handover, fence: _Fence) -> Asking:
    yield from fence.check()
    timeout_ms = max(1, round(step.timeout_s * 1000))
    order: tuple[Word, ...] = ("FAILOVER", "TO", step.target_host, step.target_port, "TIMEOUT", timeout_ms)
    write = fence.write()
    replies = yield from fence.transact((*write, order), needed=0)
    if isinstance(replies[-1], ReplyError):
        raise fence.failed(replies[-1])
    yield from hand_over(step)
    for words in _CUT_CLIENTS:
        yield Call(words)


def _freeze(step: Freeze, fence: _Fence) -> Asking:
    yield from fence.check()
    yield from fence.transact((("CLIENT", "PAUSE", round(step.for_s * 1000), "WRITE"),), needed=1)


def _thaw(fence: _Fence) -> Asking:
    """The pause goes first: a paused node would not run a transaction that writes."""
    yield from fence.check()
    resumed = yield Call(("CLIENT", "UNPAUSE"))
    if isinstance(resumed, ReplyError):
        raise fence.failed(resumed)
    write = fence.write()
    if write:
        yield from fence.transact(write, needed=1)


def _disarm(fence: _Fence) -> Asking:
    yield from fence.check()
    cut = yield Call(_CUT_CLIENTS[0])
    if isinstance(cut, ReplyError):
        raise fence.failed(cut)


def _keep_safety(step: KeepSafety, fence: _Fence) -> Asking:
    yield from fence.check()
    if (yield from _role(step.node)) != "master":
        raise StepFailedError(step.node, "is not a primary")
    yield from fence.transact((*_demand(step.safety), ("CONFIG", "REWRITE")), needed=2)


def _rewrite(fence: _Fence) -> Asking:
    """A server that was started without a configuration file has nothing to write."""
    yield from fence.check()
    yield from fence.transact((("CONFIG", "REWRITE"),), needed=0)


_CUT_CLIENTS: tuple[Command, ...] = (
    ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
    ("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes"),
)


def _config_set(name: str, value: int) -> Command:
    return ("CONFIG", "SET", name, value)


def _demand(safety: WriteSafety) -> tuple[Command, ...]:
    return (_config_set(_MAX_LAG, safety.max_lag_s), _config_set(_MIN_REPLICAS, safety.min_replicas))


def _kept_min_replicas(replies: Sequence[Any]) -> int:
    """``min-replicas-to-write``; 0 where it was not asked for or may not be read: it is left alone."""
    match replies:
        case [[_, value]] if value.isdigit():
            return int(value)
        case _:
            return 0


def _demoted(info: bytes) -> Demoted | None:
    fields = read_fields(info)
    offset = fields.get("master_repl_offset", "")
    if fields.get("role") != "master" or not offset.isdigit():
        return None
    return Demoted(fields.get("master_replid", ""), int(offset))


def _role(node: str) -> Asking:
    role = yield Call(("ROLE",))
    if isinstance(role, ReplyError):
        raise StepFailedError(node, role.message)
    return str(role[0].decode())
