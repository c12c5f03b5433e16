"""A node for one conversation: it carries out the steps, and refuses the configured commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from promotion.conversation import Call, Calls, LinkLostError, Pause, ReplyError, Word
from promotion.fence import MAX_JUMP
from promotion.step_types import Step, Taken
from promotion.steps import conversation

KEY, TERM = "fence", 7
OK = b"OK"
NOPERM = "NOPERM this user has no permissions to run the command"
UNKNOWN = "ERR unknown command, with args beginning with:"
OOM = "OOM command not allowed when used memory > 'maxmemory'."
MASTERDOWN = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
MISCONF = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."
Words = tuple[Word, ...]


@dataclass
class ScriptedNode:
    """``refuses`` answers those commands, by their first words, at once or when queued; ``fails``, when run.

    ``full``: nothing is queued unless ``maxmemory`` is 0. ``stale``: a cut-off replica that may not serve.
    """

    follows: tuple[str, int] | None = None
    fence: bytes | None = b"6"
    run_id: str = "run-n"
    replid: str = "h1"
    spells: dict[str, str] = field(default_factory=dict)
    """It gets a host, and keeps an older spelling of it."""
    refuses: dict[str, str] = field(default_factory=dict)
    fails: dict[str, str] = field(default_factory=dict)
    full: bool = False
    stale: bool = False
    old_version: bool = False
    """6.2: a script is not even queued by a replica that may not serve."""
    snapshot_failed: bool = False
    settings: dict[str, str] = field(
        default_factory=lambda: {
            "min-replicas-to-write": "0",
            "stop-writes-on-bgsave-error": "yes",
            "maxmemory": "0",
            "replica-serve-stale-data": "yes",
        }
    )
    lost_at: Callable[[Words], bool] = lambda _words: False
    """The connection breaks with this command, which is run."""
    before_each: Callable[[Words], None] = lambda _words: None
    before_exec: Callable[[ScriptedNode], None] = lambda _node: None
    ran: list[Words] = field(default_factory=list)
    """The commands that were run, in order, without those that only read."""
    writes: list[tuple[Words, ...]] = field(default_factory=list)
    _queue: list[Words] | None = None
    _broken: bool = False
    _watched: bytes | int | None = 0

    @property
    def done(self) -> list[Words]:
        """The commands that were run and change more than the end of a pause of writes."""
        return [words for words in self.ran if words != ("CLIENT", "UNPAUSE")]

    def take(self, step: Step, *, key: str | None = KEY) -> Taken:
        talk = conversation(step, TERM, key)
        request = next(talk)
        try:
            while True:
                match request:
                    case Pause():
                        request = talk.send(None)
                    case Call(words):
                        request = self._hold(talk, (words,), one=True)
                    case Calls(commands):
                        request = self._hold(talk, commands, one=False)
        except StopIteration as end:
            taken: Taken = end.value
            return taken

    def _hold(self, talk: Any, commands: tuple[Words, ...], *, one: bool) -> Any:
        self.writes.append(commands)
        replies = tuple(self._answer(words) for words in commands)
        if any(self.lost_at(words) for words in commands):
            return talk.throw(LinkLostError("connection closed"))
        return talk.send(replies[0] if one else replies)

    def _answer(self, words: Words) -> Any:
        name = str(words[0])
        if name == "EXEC" and self._queue is not None:
            return self._exec(words)
        refused = self._refusal(words)
        if refused is not None:
            self._broken = self._queue is not None
            return ReplyError(refused)
        if name == "MULTI":
            self._queue, self._broken = [], False
            return OK
        if name == "EXEC":
            return ReplyError("ERR EXEC without MULTI")
        if name == "DISCARD":
            had, self._queue = self._queue, None
            return OK if had is not None else ReplyError("ERR DISCARD without MULTI")
        if self._queue is not None:
            self._queue.append(words)
            return b"QUEUED"
        return self._run(words)

    def _exec(self, words: Words) -> Any:
        self.before_exec(self)
        refused = self._refusal(words)
        if refused == UNKNOWN:
            self._broken = True
            return ReplyError(refused)
        queue, self._queue = self._queue or [], None
        if refused is not None or self._broken:
            return ReplyError(f"EXECABORT Transaction discarded because of: {refused or 'previous errors.'}")
        if self._watched != self.fence and self._watched != 0:
            return None
        self._watched = 0
        return [self._run(words) for words in queue]

    def _refusal(self, words: Words) -> str | None:
        text = " ".join(str(word) for word in words)
        for start, error in self.refuses.items():
            if text.startswith(start):
                return error
        if self._queue is not None and self.full and self.settings["maxmemory"] != "0":
            return None if words[0] in ("EXEC", "DISCARD") else OOM
        mute = self.stale and self.follows and self.settings["replica-serve-stale-data"] == "no"
        if mute and (words[0] == "GET" or (self.old_version and words[0] == "EVAL")):
            return MASTERDOWN
        if words[0] == "SET" and self.follows:
            return "READONLY You can't write against a read only replica."
        return None

    def _run(self, words: Words) -> Any:
        self.before_each(words)
        text = " ".join(str(word) for word in words)
        if words[0] not in ("GET", "WATCH", "ROLE", "INFO") and words[:2] != ("CONFIG", "GET"):
            self.ran.append(words)
        for start, error in self.fails.items():
            if text.startswith(start):
                return ReplyError(error)
        match words:
            case ("WATCH", _):
                self._watched = self.fence
            case ("GET", _):
                return self.fence
            case ("ROLE",):
                if self.follows is None:
                    return [b"master", 0, []]
                return [b"slave", self.follows[0].encode(), self.follows[1], b"connect", -1]
            case ("INFO", "persistence"):
                return f"rdb_last_bgsave_status:{'err' if self.snapshot_failed else 'ok'}\r\n".encode()
            case ("INFO", "server"):
                return f"# Server\r\nrun_id:{self.run_id}\r\n".encode()
            case ("INFO", _):
                role = "slave" if self.follows else "master"
                above = "master_host:{}\r\nmaster_port:{}\r\n".format(*self.follows) if self.follows else ""
                data = f"master_replid:{self.replid}\r\nmaster_repl_offset:1234\r\n"
                return f"role:{role}\r\n{above}{data}".encode()
            case ("CONFIG", "GET", name):
                value = self.settings.get(str(name))
                return [] if value is None else [str(name).encode(), value.encode()]
            case ("CONFIG", "SET", name, value):
                self.settings[str(name)] = str(value)
            case ("REPLICAOF" | "SLAVEOF", "NO", "ONE"):
                self.follows = None
            case ("REPLICAOF" | "SLAVEOF", host, port):
                self.follows = (self.spells.get(str(host), str(host)), int(port))
            case ("EVAL", _, _, _, term) | ("SET", _, term):
                return self._set_fence(int(term), script=words[0] == "EVAL")
        return OK

    def _set_fence(self, term: int, *, script: bool) -> Any:
        if self.follows is not None:
            return ReplyError("READONLY You can't write against a read only replica.")
        if self.snapshot_failed and self.settings["stop-writes-on-bgsave-error"] == "yes":
            return ReplyError(MISCONF)
        if int(self.settings["min-replicas-to-write"]) > 0:
            return ReplyError("NOREPLICAS Not enough good replicas to write.")
        if script and self.fence is not None and term < int(self.fence[:100]) <= term + MAX_JUMP:
            return self.fence
        self.fence = str(term).encode()
        return None if script else OK
