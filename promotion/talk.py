"""What every step says to its node: read the fence, then act in one transaction, which fails a stale leader.

The fence is a key in the data set that holds the term of the newest change. It replicates: once a newer
leader has promoted another node and re-pointed this one, the WATCH of a leader that slept in between fails
its EXEC, and the GET of one that comes later shows a newer term. So Redis itself refuses a stale leader.

A node may refuse any of it. What a transaction can do without (``MAY``) is dropped if it is refused, and
told; what stands in the way of everything is set aside for one write:

* a full node (``noeviction``) queues nothing: ``maxmemory`` is 0 for that write. Where that may not be set,
  there is no transaction, as where MULTI is refused;
* a replica that is cut off and must not serve stale data does not tell the fence, nor queue a script on 6.2:
  it serves them for that write. Where its configuration may not be touched, the fence is read by the script
  that writes it, once the node is a primary; a higher one is obeyed then, and the change taken back.

Where REPLICAOF is not there, or not for us, its older name SLAVEOF may be: all is said once more with that.

Whatever is set aside is restored in the very same write, so no connection can be lost in between.
"""

from __future__ import annotations

import enum
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from promotion.aside import Aside
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
from promotion.replies import REPLICAOF, SLAVEOF, Command, aborted, denied, named, said, setting, turn_denied
from promotion.reply_shapes import whole
from promotion.roles import OTHERWISE, ROLE, role_said

TRIES = 6
"""A transaction is sent so often: each time with less in it, or with more set aside."""
_STALE = "replica-serve-stale-data"
_FULL = "maxmemory"
_LEAVE: tuple[Command, ...] = (("DISCARD",), ("EXEC",))
"""Out of a transaction without doing it, also for a user who may not DISCARD: what is refused in a queue
breaks it, so that EXEC does nothing but end it. Behind a DISCARD that was obeyed it is a harmless error."""

Asking: TypeAlias = Generator[Request, Any, Any]


class Need(enum.Enum):
    MUST = "the step fails without it"
    MAY = "it is dropped if it is refused, and told"
    JUDGED = "whoever asks looks at the reply"


@dataclass(frozen=True, slots=True)
class Part:
    """A command of a transaction."""

    words: Command
    need: Need = Need.MUST


class QueueRefusedError(StepFailedError):
    """A ``JUDGED`` part was refused when it was queued: nothing ran."""

    def __init__(self, node: str, part: Part, error: ReplyError) -> None:
        super().__init__(node, f"{named(part.words)}: {said(error)}")
        self.part = part
        self.error = error


class Talk:
    """One conversation with ``node`` under ``term``. ``key`` None: there is no fence.

    Invariant: ``acted`` is true from when something was sent that changes the node until it is known that
    nothing did.
    """

    def __init__(self, node: str, key: str | None, term: int) -> None:
        self.node = node
        self.key = key
        self.term = term
        self.acted = False
        self.found: int | None = 0
        """The term in the fence; None where the node does not tell."""
        self.absurd = ""
        """What the fence holds instead of a term that a leader can have come to; empty if nothing."""
        self.refused: list[str] = []
        self._role: Any = None
        self._role_words = ROLE
        self._transacts = True
        self._command: Word = REPLICAOF
        self._aside: list[Aside] = []
        self._ahead: tuple[Command, ...] = ()

    # -- reading -------------------------------------------------------------------------------

    @property
    def is_master(self) -> bool:
        return isinstance(self._role, list) and self._role[0] == b"master"

    @property
    def follows(self) -> tuple[str, int] | None:
        """Where it replicated from when it was asked."""
        if isinstance(self._role, list) and self._role[0] == b"slave":
            return self._role[1].decode(), self._role[2]
        return None

    def check(self, *also: Command) -> Asking:
        """Watch the fence and read it, all in one write; a missing key counts as 0. Refuses a newer term.

        Returns the replies to ``also``, which is asked with it. Whether MULTI works is found out by itself:
        where it is refused, what is meant to be queued behind it would run.
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

    def _ask_role_otherwise(self, refused: ReplyError) -> Asking:
        self._role_words = OTHERWISE
        self._role = role_said((yield Call(OTHERWISE))) if denied(refused) else refused
        if isinstance(self._role, ReplyError):
            raise self.failed(ROLE, refused)

    def watch_again(self) -> Asking:
        """As ``check``, after a transaction: what was watched is forgotten by then."""
        if self.key is not None:
            before, after = self._around()
            replies = yield Calls((*before, *self._reading(), *after))
            yield from self._note_found(*replies[len(before) : len(before) + 2])

    def _reading(self) -> tuple[Command, ...]:
        return () if self.key is None else (("WATCH", self.key), ("GET", self.key))

    def _note_found(self, watched: Any, found: Any) -> Asking:
        if isinstance(watched, ReplyError):
            raise self.failed(("WATCH", str(self.key)), watched)
        if isinstance(found, ReplyError) and found.code == "MASTERDOWN":
            found = yield from self._read_stale(found)
        still_down = isinstance(found, ReplyError) and found.code == "MASTERDOWN"
        self.found = None if still_down else self.read_term(found)
        if self.found is not None and self.found > self.term:
            raise FencedError(self.node, self.found)

    def _read_stale(self, refusal: ReplyError) -> Asking:
        if any(aside.name == _STALE for aside in self._aside):
            return refusal
        if setting((yield Call(("CONFIG", "GET", _STALE)))) != b"no":
            return refusal
        aside = Aside(_STALE, "yes", "no")
        lifted, _, found, _ = yield Calls((aside.lift, *self._reading(), aside.restore))
        if not isinstance(lifted, ReplyError):
            self._aside.append(aside)
        return found

    def read_term(self, found: Any) -> int:
        """What is no term may be somebody's data, so that the step goes without a fence."""
        if isinstance(found, ReplyError) and found.code != "WRONGTYPE":
            raise StepFailedError(self.node, f"GET {self.key}: {said(found)}")
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
        """Raises the fence to this term, on a node that is a primary by the time it runs.

        As a plain SET it would be refused when it is queued, for the node is a replica until then.
        """
        if self.key is None:
            return ()
        return (Part(("EVAL", SET_FENCE, 1, self.key, self.term), Need.JUDGED),)

    def set_aside(self, asides: Sequence[Aside]) -> None:
        """For every write that follows: around the transaction."""
        self._aside += [aside for aside in asides if aside not in self._aside]

    def ahead(self, *commands: Command) -> None:
        """For every write that follows: in front of the transaction, whether or not they are refused."""
        self._ahead = commands

    def set_maxmemory_aside(self) -> Asking:
        """Returns whether that could help."""
        if any(aside.name == _FULL for aside in self._aside):
            self._aside = [aside for aside in self._aside if aside.name != _FULL]
            return False
        limit = whole(setting((yield Call(("CONFIG", "GET", _FULL)))))
        if limit:
            self._aside.append(Aside(_FULL, 0, limit))
        return bool(limit)

    def transact(self, *parts: Part) -> Asking:
        """Do all of it, or nothing. Returns a reply for each part, an error for those that were dropped.

        Without MULTI it is one write: still nothing comes in between, but a stale leader is only found out.
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
                # It was there when it was tried. What was meant to be queued has run, each by itself.
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

    def try_out(self, *commands: Command) -> Asking:
        """Queue the commands and discard them. Returns the replies; none where nothing can be queued."""
        for _ in range(3):
            if not self._transacts:
                return ()
            before, after = self._around()
            words = [self.spelled(each) for each in commands]
            replies = yield Calls((*before, ("MULTI",), *words, *_LEAVE, *after))
            tried = replies[len(before) + 1 : len(before) + 1 + len(commands)]
            if self._turns_otherwise(zip(commands, tried, strict=True)):
                continue
            if not any(isinstance(reply, ReplyError) and reply.code == "OOM" for reply in tried):
                return tried
            if not (yield from self.set_maxmemory_aside()):
                return ()
        return ()

    def attempt(self, *commands: Command) -> Asking:
        """What is well to do and not essential, outside of any transaction; refusals are told."""
        replies = yield Calls(commands, acts=True)
        for words, reply in zip(commands, replies, strict=True):
            if isinstance(reply, ReplyError):
                self.refuse(words, reply)

    def refuse(self, words: Command, error: ReplyError) -> None:
        # Where there is no configuration file, or no handover, nothing is missed.
        if "without a config file" not in error.message and "No failover in progress" not in error.message:
            text = f"{named(words)}: {said(error)}"
            self.refused += [text] if text not in self.refused else []

    def failed(self, words: Command, error: ReplyError) -> StepFailedError:
        return StepFailedError(self.node, f"{named(words)}: {said(error)}")

    def spelled(self, words: Command) -> Command:
        """As the node knows it."""
        if words == ROLE:
            return self._role_words
        return (self._command, *words[1:]) if words[0] == REPLICAOF else words

    # -- inside --------------------------------------------------------------------------------

    def _around(self) -> tuple[tuple[Command, ...], tuple[Command, ...]]:
        return (
            (*self._ahead, *(aside.lift for aside in self._aside)),
            tuple(aside.restore for aside in reversed(self._aside)),
        )

    def _turns_otherwise(self, answers: Iterable[tuple[Command, Any]]) -> bool:
        """Whether REPLICAOF was refused: then the node is told SLAVEOF, which it may know."""
        tries = self._command == REPLICAOF and any(turn_denied(*answer) for answer in answers)
        self._command = SLAVEOF if tries else self._command
        return tries

    def _give_way(
        self,
        parts: Sequence[Part],
        refused: dict[int, ReplyError],
        outcome: ReplyError,
        dropped: dict[int, ReplyError],
    ) -> Asking:
        """Nothing ran: leave out what was refused, or set aside what refuses; else this is the end of it."""
        if self._turns_otherwise((parts[n].words, error) for n, error in refused.items()):
            return
        if any(error.code == "OOM" for error in refused.values()):
            self._transacts = yield from self.set_maxmemory_aside()
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

    def _plainly(self, parts: Sequence[Part], live: Sequence[int], dropped: dict[int, ReplyError]) -> Asking:
        look: tuple[Command, ...] = () if self.key is None else (("GET", self.key),)
        self.acted = True
        replies = yield Calls((*look, *(self.spelled(parts[n].words) for n in live)), acts=True)
        ran = dict(zip(live, replies[len(look) :], strict=True))
        if self._turns_otherwise((parts[n].words, reply) for n, reply in ran.items()):
            if look:
                self._obey(replies[0])
            return (yield from self._plainly(parts, live, dropped))
        outcome = self._results(parts, ran, dropped)
        if look:
            self._obey(replies[0])
        return outcome

    def _obey(self, found: Any) -> None:
        """Nothing was watched: a newer term is only found out behind it."""
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

    def _changed(self) -> Asking:
        """The watched key changed."""
        found = self.read_term((yield Call(("GET", str(self.key)))))
        if found:
            raise FencedError(self.node, found)
        raise StepFailedError(self.node, "the fence changed while it was being checked")
