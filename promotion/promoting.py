"""Making a node a primary, with the fence raised in the same transaction; or not at all.

A node that took ``REPLICAOF NO ONE`` and refuses the fence is made a replica again of whom it followed, in
the same conversation: nobody is left as a primary that no term stands for.

Where EVAL is refused (an ACL, ``rename-command``) the fence is a plain SET, which a replica would not even
queue: so it comes in a second transaction, one round trip behind, guarded by a WATCH of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.aside import Aside
from promotion.conversation import (
    Calls,
    FencedError,
    LinkLostError,
    ReplyError,
    StepError,
    StepFailedError,
    StepUnknownError,
)
from promotion.replies import NO_ONE, Command, denied
from promotion.roles import ROLE, role_said
from promotion.settings_aside import MIN_REPLICAS, check_for_fence, demand
from promotion.step_types import Promote
from promotion.talk import Asking, Need, Part, QueueRefusedError, Talk

CUT_CLIENTS: tuple[Command, ...] = (
    ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
    ("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes"),
)
RESUME: Command = ("CLIENT", "UNPAUSE")
TURN = (Part(NO_ONE, Need.JUDGED), Part(ROLE, Need.JUDGED))


def promote(step: Promote, talk: Talk) -> Asking:
    """Every round trip, and every fsync of the node's, is time without a primary: so both are few here.

    What it has become is written to its configuration later (``Rewrite``): should it be lost before, the node
    comes back as a replica, and is put right as any node that is not what was agreed.
    """
    lifted = yield from check_for_fence(talk)
    if talk.found == talk.term and talk.found > 0:
        if talk.is_master:
            return
        # This very term has promoted another node, and this one follows it.
        raise FencedError(talk.node, talk.found)
    # A node whose writes are paused, by whomever, would not run the transaction before that ends.
    talk.ahead(RESUME)
    if step.reinstate:
        # It fails where there is nothing to end.
        yield Calls((("FAILOVER", "ABORT"),), acts=True)
    behind = [*(demand(step.safety) if step.safety is not None else ()), *CUT_CLIENTS]
    yield from _Promotion(talk, lifted, behind).take()


def restore(talk: Talk) -> Asking:
    """The node was the primary and is known as such, so it is again, with the fence or without."""
    lifted = yield from check_for_fence(talk)
    yield from talk.attempt(("FAILOVER", "ABORT"), ("CLIENT", "UNPAUSE"))
    if not talk.is_master:
        _check_turned(talk, (yield from talk.transact(*TURN)))
    yield from set_fence_or_tell(talk, lifted, CUT_CLIENTS)


def set_fence_or_tell(talk: Talk, lifted: Sequence[Aside], behind: Sequence[Command] = ()) -> Asking:
    """As ``set_fence``, where the step has done what matters by now: a refusal is told, and no failure."""
    try:
        yield from set_fence(talk, lifted, behind)
    except StepFailedError as error:
        talk.refused.append(f"the fence was not raised: {error.reason}")


def set_fence(talk: Talk, lifted: Sequence[Aside], behind: Sequence[Command] = ()) -> Asking:
    """Raise the fence of a node that is a primary by now. ``behind`` follows in the same transaction.

    EXEC itself is refused where a queued write would be, so what refuses it is set aside around all of it.
    """
    extras = [Part(words, Need.MAY) for words in behind]
    if talk.key is None:
        yield from talk.transact(*extras)
        return
    yield from talk.watch_again()
    talk.set_aside(lifted)
    yield from talk.transact(Part(("SET", talk.key, talk.term)), *extras)


class _Promotion:
    """``lifted``: what would refuse the fence. ``behind`` is for when it is a primary, and not essential."""

    def __init__(self, talk: Talk, lifted: Sequence[Aside], behind: Sequence[Command]) -> None:
        self._talk = talk
        self._behind = behind
        self._lifted = lifted
        self._before = talk.follows
        self._turned = False

    def take(self) -> Asking:
        try:
            yield from self._turn()
        except StepError as error:
            if self._turned and self._before is not None:
                yield from self._take_back(error)
            raise

    def _turn(self) -> Asking:
        talk = self._talk
        fence = talk.write_fence()
        asked_anew = any(words[2] == MIN_REPLICAS for words in self._behind if words[0] == "CONFIG")
        parts = (
            *TURN,
            *(Part(aside.lift, Need.MAY) for aside in self._lifted),
            *fence,
            *(
                Part(aside.restore, Need.MAY)
                for aside in self._lifted
                if not (asked_anew and aside.name == MIN_REPLICAS)
            ),
            *(Part(words, Need.MAY) for words in self._behind),
        )
        try:
            replies = yield from talk.transact(*parts)
        except FencedError:
            # Without MULTI it was only found out when all had been done.
            self._turned = talk.acted
            raise
        except QueueRefusedError as refused:
            if refused.part not in fence or not (denied(refused.error) or refused.error.code == "MASTERDOWN"):
                raise
            yield from self._turn_then_fence()
            return
        self._note_turned(replies)
        if not fence:
            return
        written = replies[parts.index(fence[0])]
        if isinstance(written, ReplyError):
            yield from self._write_otherwise(fence[0], written)
        elif isinstance(written, bytes) and talk.read_term(written) > talk.term:
            raise FencedError(talk.node, talk.read_term(written))

    def _turn_then_fence(self) -> Asking:
        """Without EVAL. Whether SET is allowed is tried first: a replica refuses it for another reason."""
        talk = self._talk
        for reply in (yield from talk.try_out(("SET", str(talk.key), talk.term))):
            if isinstance(reply, ReplyError) and denied(reply):
                raise talk.failed(("SET", str(talk.key)), reply)
        yield from talk.watch_again()
        replies = yield from talk.transact(*TURN)
        self._note_turned(replies)
        yield from set_fence(talk, self._lifted, self._behind)

    def _write_otherwise(self, fence: Part, error: ReplyError) -> Asking:
        """The script was refused when it ran, so the node is a primary by now, without a fence."""
        if "OOM" in error.message:
            yield from self._talk.set_maxmemory_aside()
        elif not denied(error):
            raise self._talk.failed(fence.words, error)
        yield from set_fence(self._talk, self._lifted)

    def _note_turned(self, replies: Sequence[object]) -> None:
        self._turned = not isinstance(replies[0], ReplyError)
        _check_turned(self._talk, replies)

    def _take_back(self, error: StepError) -> Asking:
        talk, followed = self._talk, self._before
        assert followed is not None
        words = talk.spelled(("REPLICAOF", *followed))
        try:
            (reply,) = yield Calls((words,), acts=True)
        except LinkLostError as lost:
            reply = ReplyError(str(lost))
        if isinstance(reply, ReplyError):
            why = f"it may be a primary without a fence, for {talk.failed(words, reply).reason}"
            raise StepUnknownError(talk.node, f"{error.reason}; {why}") from None
        talk.acted = False


def _check_turned(talk: Talk, replies: Sequence[object]) -> None:
    for part, reply in zip(TURN, replies, strict=False):
        if isinstance(reply, ReplyError):
            raise talk.failed(part.words, reply)
    role = role_said(replies[1])
    if not isinstance(role, list) or role[0] != b"master":
        raise StepFailedError(talk.node, "is not a primary after REPLICAOF NO ONE")
