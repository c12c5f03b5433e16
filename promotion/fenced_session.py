"""One step's session with its node: read the fence, then act in one transaction that fails a stale leader.

The fence is a key in the data set that holds the term of the newest change. It replicates. Once a newer
leader has promoted another node and re-pointed this one, the WATCH of a leader that slept in between fails
its EXEC, and the GET of a later one shows a newer term. So Redis itself refuses a stale leader.

A node may refuse any of the commands. An optional part of a transaction (``MAY``) is dropped if it is
refused, and reported. A setting that blocks everything is overridden for one write:

* a full node (``noeviction``) queues nothing: ``maxmemory`` is 0 for that write. Where that may not be set,
  there is no transaction, as where MULTI is refused;
* a sealed replica that must not serve stale data does not return the fence, and on 6.2 queues no script: it
  serves stale data for that write. Where its configuration may not be changed, the script that writes the
  fence also reads it, once the node is a primary; a newer term is obeyed then, and the change taken back.

Where REPLICAOF is missing or forbidden, its older name SLAVEOF may work: the transaction is repeated with it.

Every override is restored in the very same write, so no lost connection can leave one behind.
"""

from __future__ import annotations

import enum
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from promotion.conversation import (
    Call,
    Calls,
    FencedError,
    ReplyError,
    Request,
    StepFailedError,
    Word,
)
from promotion.fence import SET_FENCE, is_absurd, is_term, left_alone
from promotion.replies import (
    REPLICAOF,
    SLAVEOF,
    Command,
    aborted,
    command_name,
    denied,
    error_text,
    replicaof_denied,
    setting,
)
from promotion.reply_shapes import whole
from promotion.roles import OTHERWISE, ROLE, role_said
from promotion.setting_override import Override

TRIES = 6
"""How often a transaction is sent: each time with fewer parts, or with more overrides."""
_STALE = "replica-serve-stale-data"
_FULL = "maxmemory"
_LEAVE: tuple[Command, ...] = (("DISCARD",), ("EXEC",))
"""Leaves a transaction without running it, even if the user may not DISCARD: the refusal breaks the queue, so
that EXEC only ends it. After a successful DISCARD the EXEC is a harmless error."""

Requests: TypeAlias = Generator[Request, Any, Any]


class Need(enum.Enum):
    MUST = "the step fails without it"
    MAY = "it is dropped if it is refused, and reported"
    JUDGED = "the caller judges the reply"


@dataclass(frozen=True, slots=True)
class Part:
    """A command of a transaction."""

    words: Command
    need: Need = Need.MUST


class QueueRefusedError(StepFailedError):
    """A ``JUDGED`` part was refused when it was queued: nothing ran."""

    def __init__(self, node: str, part: Part, error: ReplyError) -> None:
        super().__init__(node, f"{command_name(part.words)}: {error_text(error)}")
        self.part = part
        self.error = error


class FencedSession:
    """One step's session with ``node`` under ``term``. ``key`` None: there is no fence.

    Invariant: ``acted`` is true from a request that may change the node until it is known that it did not.
    """

    def __init__(self, node: str, key: str | None, term: int) -> None:
        self.node = node
        self.key = key
        self.term = term
        self.acted = False
        self.found: int | None = 0
        """The term in the fence; None if the node does not return it."""
        self.absurd = ""
        """The fence's content if it is a term that no leader can have reached; else empty."""
        self.refused: list[str] = []
        self._role: Any = None
        self._role_words = ROLE
        self._transacts = True
        self._command: Word = REPLICAOF
        self._overrides: list[Override] = []
        self._ahead: tuple[Command, ...] = ()

    # -- reading -------------------------------------------------------------------------------

    @property
    def is_master(self) -> bool:
        return isinstance(self._role, list) and self._role[0] == b"master"

    @property
    def follows(self) -> tuple[str, int] | None:
        """The address that it replicated from when ROLE was read; None for a master."""
        if isinstance(self._role, list) and self._role[0] == b"slave":
            return self._role[1].decode(), self._role[2]
        return None

    def check(self, *also: Command) -> Requests:
        """Watch and read the fence in one write; a missing key counts as 0. A newer term is a FencedError.

        Returns the replies to ``also``. MULTI is tried alone: if it were refused, the queue would run.
        """
        opening = (("MULTI",), *_LEAVE, ROLE, *self._reading())
        multi, discarded, ended, self._role, *replies = yield Calls((*opening, *also))
        if isinstance(multi, ReplyError):
            if not denied(multi):
                raise self.failed(("MULTI",), multi)
            self._transacts = False
        elif isinstance(discarded, ReplyError) and not aborted(ended):
            raise self.failed(("DISCARD",), discarded)
        rest = replies[len(self._reading()) :]
        if isinstance(self._role, ReplyError):
            yield from self._ask_role_otherwise(self._role)
        if self.key is not None:
            watched, found = replies[:2]
            yield from self._note_found(watched, found)
        return rest

    def _ask_role_otherwise(self, refused: ReplyError) -> Requests:
        self._role_words = OTHERWISE
        self._role = role_said((yield Call(OTHERWISE))) if denied(refused) else refused
        if isinstance(self._role, ReplyError):
            raise self.failed(ROLE, refused)

    def watch_again(self) -> Requests:
        """As ``check``, after a transaction, which ends a WATCH."""
        if self.key is not None:
            before, after = self._around()
            replies = yield Calls((*before, *self._reading(), *after))
            yield from self._note_found(*replies[len(before) : len(before) + 2])

    def _reading(self) -> tuple[Command, ...]:
        return () if self.key is None else (("WATCH", self.key), ("GET", self.key))

    def _note_found(self, watched: Any, found: Any) -> Requests:
        if isinstance(watched, ReplyError):
            raise self.failed(("WATCH", str(self.key)), watched)
        if isinstance(found, ReplyError) and found.code == "MASTERDOWN":
            found = yield from self._read_stale(found)
        still_down = isinstance(found, ReplyError) and found.code == "MASTERDOWN"
        self.found = None if still_down else self.read_term(found)
        if self.found is not None and self.found > self.term:
            raise FencedError(self.node, self.found)

    def _read_stale(self, refusal: ReplyError) -> Requests:
        if any(override.name == _STALE for override in self._overrides):
            return refusal
        if setting((yield Call(("CONFIG", "GET", _STALE)))) != b"no":
            return refusal
        override = Override(_STALE, "yes", "no")
        lifted, _, found, _ = yield Calls((override.apply, *self._reading(), override.restore))
        if not isinstance(lifted, ReplyError):
            self._overrides.append(override)
        return found

    def read_term(self, found: Any) -> int:
        """The term; 0 if there is none. A value that is no term may be data: it turns the fence off."""
        if isinstance(found, ReplyError) and found.code != "WRONGTYPE":
            raise StepFailedError(self.node, f"GET {self.key}: {error_text(found)}")
        if found is None:
            return 0
        if isinstance(found, ReplyError) or not is_term(found):
            self.refused.append(left_alone(str(self.key), found))
            self.key = None
            return 0
        if is_absurd(found, self.term):
            self.absurd = found[:40].decode()
            return 0
        return int(found)

    # -- acting --------------------------------------------------------------------------------

    def write_fence(self) -> tuple[Part, ...]:
        """The part that raises the fence to this term. A replica would refuse to queue a plain SET."""
        if self.key is None:
            return ()
        return (Part(("EVAL", SET_FENCE, 1, self.key, self.term), Need.JUDGED),)

    def override(self, overrides: Sequence[Override]) -> None:
        """Put these overrides around the transaction in every write that follows."""
        self._overrides += [override for override in overrides if override not in self._overrides]

    def ahead(self, *commands: Command) -> None:
        """Send these commands ahead of the transaction in every write that follows; refusals are ignored."""
        self._ahead = commands

    def override_maxmemory(self) -> Requests:
        """Override ``maxmemory``. Returns whether that can help."""
        if any(override.name == _FULL for override in self._overrides):
            self._overrides = [override for override in self._overrides if override.name != _FULL]
            return False
        limit = whole(setting((yield Call(("CONFIG", "GET", _FULL)))))
        if limit:
            self._overrides.append(Override(_FULL, 0, limit))
        return bool(limit)

    def transact(self, *parts: Part) -> Requests:
        """Do all parts, or none. Returns a reply for each part, an error for those that were dropped.

        Without MULTI it is one write: nothing comes in between either, but a stale leader is found out late.
        """
        dropped: dict[int, ReplyError] = {}
        before_it = self.acted
        for _ in range(TRIES):
            live = [n for n in range(len(parts)) if n not in dropped]
            words = [self.spelled(parts[n].words) for n in live]
            if not self._transacts:
                return (yield from self._plainly(parts, live, dropped))
            before, after = self._around()
            self.acted = True
            replies = yield Calls((*before, ("MULTI",), *words, ("EXEC",), *after), acts=True)
            multi, *queued, outcome = replies[len(before) : len(replies) - len(after)]
            if isinstance(multi, ReplyError):
                # MULTI worked when it was tried. The commands were not queued: each has run by itself.
                self._transacts = False
                outcome = self._results(parts, dict(zip(live, queued, strict=True)), dropped)
                if self.key is not None:
                    self._obey((yield Call(("GET", self.key))))
                return outcome
            if isinstance(outcome, list | tuple):
                return self._results(parts, dict(zip(live, outcome, strict=True)), dropped)
            self.acted = before_it
            if outcome is None:
                yield from self._changed()
            refused = {n: r for n, r in zip(live, queued, strict=True) if isinstance(r, ReplyError)}
            yield from self._give_way(parts, refused, outcome, dropped)
            yield from self.watch_again()
        raise StepFailedError(self.node, f"refused a transaction {TRIES} times")

    def try_out(self, *commands: Command) -> Requests:
        """Queue the commands and discard them. Returns the replies; none if nothing can be queued."""
        for _ in range(3):
            if not self._transacts:
                return ()
            before, after = self._around()
            words = [self.spelled(each) for each in commands]
            replies = yield Calls((*before, ("MULTI",), *words, *_LEAVE, *after))
            tried = replies[len(before) + 1 : len(before) + 1 + len(commands)]
            if self._tries_slaveof(zip(commands, tried, strict=True)):
                continue
            if not any(isinstance(reply, ReplyError) and reply.code == "OOM" for reply in tried):
                return tried
            if not (yield from self.override_maxmemory()):
                return ()
        return ()

    def attempt(self, *commands: Command) -> Requests:
        """Send optional commands outside of any transaction; refusals are reported."""
        replies = yield Calls(commands, acts=True)
        for words, reply in zip(commands, replies, strict=True):
            if isinstance(reply, ReplyError):
                self.refuse(words, reply)

    def refuse(self, words: Command, error: ReplyError) -> None:
        # Without a configuration file, or without a handover to abort, nothing is missing.
        if "without a config file" not in error.message and "No failover in progress" not in error.message:
            text = f"{command_name(words)}: {error_text(error)}"
            self.refused += [text] if text not in self.refused else []

    def failed(self, words: Command, error: ReplyError) -> StepFailedError:
        return StepFailedError(self.node, f"{command_name(words)}: {error_text(error)}")

    def spelled(self, words: Command) -> Command:
        """The command under the name that this node accepts."""
        if words == ROLE:
            return self._role_words
        return (self._command, *words[1:]) if words[0] == REPLICAOF else words

    def _around(self) -> tuple[tuple[Command, ...], tuple[Command, ...]]:
        return (
            (*self._ahead, *(override.apply for override in self._overrides)),
            tuple(override.restore for override in reversed(self._overrides)),
        )

    def _tries_slaveof(self, answers: Iterable[tuple[Command, Any]]) -> bool:
        """Whether REPLICAOF was refused and SLAVEOF, which the node may know, is tried from now on."""
        tries = self._command == REPLICAOF and any(replicaof_denied(*answer) for answer in answers)
        self._command = SLAVEOF if tries else self._command
        return tries

    def _give_way(
        self,
        parts: Sequence[Part],
        refused: dict[int, ReplyError],
        outcome: ReplyError,
        dropped: dict[int, ReplyError],
    ) -> Requests:
        """After a refusal (nothing ran): drop the refused parts or add an override; else raise."""
        if self._tries_slaveof((parts[n].words, error) for n, error in refused.items()):
            return
        if any(error.code == "OOM" for error in refused.values()):
            self._transacts = yield from self.override_maxmemory()
            return
        if not refused:
            if not denied(outcome):
                raise self.failed(("EXEC",), outcome)
            self._transacts = False
            yield Calls(_LEAVE)
        for n, error in refused.items():
            if parts[n].need is Need.MUST:
                raise self.failed(parts[n].words, error)
        for n, error in refused.items():
            if parts[n].need is Need.JUDGED:
                raise QueueRefusedError(self.node, parts[n], error)
        dropped.update(refused)

    def _plainly(
        self, parts: Sequence[Part], live: Sequence[int], dropped: dict[int, ReplyError]
    ) -> Requests:
        look: tuple[Command, ...] = () if self.key is None else (("GET", self.key),)
        self.acted = True
        replies = yield Calls((*look, *(self.spelled(parts[n].words) for n in live)), acts=True)
        ran = dict(zip(live, replies[len(look) :], strict=True))
        if self._tries_slaveof((parts[n].words, reply) for n, reply in ran.items()):
            if look:
                self._obey(replies[0])
            return (yield from self._plainly(parts, live, dropped))
        outcome = self._results(parts, ran, dropped)
        if look:
            self._obey(replies[0])
        return outcome

    def _obey(self, found: Any) -> None:
        """Without a WATCH a newer term is found out only after the write."""
        if not isinstance(found, ReplyError) and self.read_term(found) > self.term:
            raise FencedError(self.node, self.read_term(found))

    def _results(
        self, parts: Sequence[Part], ran: dict[int, Any], dropped: dict[int, ReplyError]
    ) -> tuple[Any, ...]:
        results = tuple(dropped.get(n, ran.get(n)) for n in range(len(parts)))
        for part, reply in zip(parts, results, strict=True):
            if isinstance(reply, ReplyError) and part.need is Need.MAY:
                self.refuse(part.words, reply)
        for part, reply in zip(parts, results, strict=True):
            if isinstance(reply, ReplyError) and part.need is Need.MUST:
                raise self.failed(part.words, reply)
        return results

    def _changed(self) -> Requests:
        """The watched key changed: raises FencedError or StepFailedError."""
        found = self.read_term((yield Call(("GET", str(self.key)))))
        if found:
            raise FencedError(self.node, found)
        raise StepFailedError(self.node, "the fence changed while it was being checked")
