"""What a server is told to refuse, request by request: any command, or a new connection, in any way, once or
for good. Beside it, what it was asked.

So a test need not know which state of a real server has which effect on which command (``limits`` does): it
breaks each step of a conversation in each way in turn. Only requests of the named clients count.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from promotion.conversation import ReplyError
from tests.simulation.model_redis.messages import Words

CONNECT = "connect"
"""Instead of a command: a new connection."""
WITH_SUBCOMMAND = frozenset({"CONFIG", "CLIENT", "FAILOVER", "ACL", "INFO"})


class How(enum.Enum):
    ERROR = "answers with an error"
    """In a transaction: when it is queued, so that EXEC aborts."""
    ERROR_AT_EXEC = "is queued, and answers with an error when it runs"
    SILENCE = "is not answered"
    CUT = "finds its connection cut"
    SILENCE_AFTER = "is carried out, and not answered"
    CUT_AFTER = "is carried out, and finds its connection cut"

    @property
    def carried_out(self) -> bool:
        return self in (How.SILENCE_AFTER, How.CUT_AFTER)

    @property
    def silent(self) -> bool:
        return self in (How.SILENCE, How.SILENCE_AFTER)


@dataclass(frozen=True, slots=True)
class Refusal:
    """``command`` is ``GET``, ``CLIENT PAUSE``, all of ``CLIENT``, or ``connect``.

    ``error`` may use ``{command}``. ``nth``: only that one of the requests that fit, from 1 on; None: each.
    """

    command: str
    how: How
    error: str = ""
    nth: int | None = None

    def fits(self, name: str) -> bool:
        return name == self.command or name.startswith(f"{self.command} ")

    def text(self, name: str) -> ReplyError:
        return ReplyError(self.error.format(command=name.partition(" ")[0]))


def name_of(words: Words) -> str:
    """How a request is called here: its command, with the subcommand of those that have some."""
    name = words[0].upper()
    if name in WITH_SUBCOMMAND and len(words) > 1:
        return f"{name} {words[1].upper()}"
    return name


class Refusals:
    """One server's table. ``clients`` are the hosts whose requests are looked at; None: everybody's."""

    def __init__(self) -> None:
        self.clients: Collection[str] | None = None
        self.asked: list[str] = []
        """Every request, and new connection, since ``clear``; at most ``MAX_ASKED``."""
        self.struck = 0
        """How many were refused."""
        self._refusals: tuple[Refusal, ...] = ()
        self._seen: Counter[Refusal] = Counter()

    def set(self, *refusals: Refusal) -> None:
        """Those that were there before go on counting."""
        self._refusals = refusals
        self._seen = Counter({each: self._seen[each] for each in refusals})

    def clear(self) -> None:
        self.set()

    def look(self, client_host: str, name: str) -> Refusal | None:
        """A request has arrived: whether, and how, it is to be refused."""
        if self.clients is not None and client_host not in self.clients:
            return None
        if len(self.asked) < MAX_ASKED:
            self.asked.append(name)
        struck = None
        for refusal in self._refusals:
            if refusal.fits(name):
                self._seen[refusal] += 1
                if struck is None and refusal.nth in (None, self._seen[refusal]):
                    struck = refusal
        self.struck += struck is not None
        return struck


MAX_ASKED = 10_000
