"""Makes a node a primary and raises the fence in the same transaction; if that is impossible, does neither.

A node that took ``REPLICAOF NO ONE`` and refuses the fence is made a replica of its former primary again, in
the same conversation: no node stays a primary without a term.

Where EVAL is refused (an ACL, ``rename-command``) the fence is a plain SET, which a replica would not even
queue. So it comes in a second transaction, one round trip later, guarded by a WATCH of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from promotion.conversation import (
    Calls,
    FencedError,
    LinkLostError,
    ReplyError,
    StepError,
    StepFailedError,
    StepUnknownError,
)
from promotion.fence_overrides import MIN_REPLICAS, check_for_fence, demand
from promotion.fenced_session import FencedSession, Need, Part, QueueRefusedError, Requests
from promotion.replies import NO_ONE, Command, denied
from promotion.roles import ROLE, role_said
from promotion.setting_override import Override
from promotion.step_types import Promote

CUT_CLIENTS: tuple[Command, ...] = (
    ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
    ("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes"),
)
RESUME: Command = ("CLIENT", "UNPAUSE")
TURN = (Part(NO_ONE, Need.JUDGED), Part(ROLE, Need.JUDGED))


def promote(step: Promote, session: FencedSession) -> Requests:
    """Promote with few round trips and fsyncs: each is time without a primary.

    The node's new role is written to its configuration file later (``Rewrite``). If the node restarts before
    that, it comes back as a replica, and is corrected like any node that is not what was agreed.
    """
    overrides = yield from check_for_fence(session)
    if session.found == session.term and session.found > 0:
        if session.is_master:
            return
        # This very term has promoted another node, which this one follows.
        raise FencedError(session.node, session.found)
    # A node with paused writes would not run the transaction before the pause ends.
    session.ahead(RESUME)
    if step.reinstate:
        # It fails where there is nothing to end.
        yield Calls((("FAILOVER", "ABORT"),), acts=True)
    behind = [*(demand(step.safety) if step.safety is not None else ()), *CUT_CLIENTS]
    yield from _Promotion(session, overrides, behind).take()


def restore(session: FencedSession) -> Requests:
    """Give the role back to a node that was the primary, even if the fence cannot be raised."""
    overrides = yield from check_for_fence(session)
    yield from session.attempt(("FAILOVER", "ABORT"), ("CLIENT", "UNPAUSE"))
    if not session.is_master:
        _check_turned(session, (yield from session.transact(*TURN)))
    yield from try_set_fence(session, overrides, CUT_CLIENTS)


def try_set_fence(
    session: FencedSession, overrides: Sequence[Override], behind: Sequence[Command] = ()
) -> Requests:
    """As ``set_fence``, after the essential part of a step: a refusal is reported, and is no failure."""
    try:
        yield from set_fence(session, overrides, behind)
    except StepFailedError as error:
        session.refused.append(f"the fence was not raised: {error.reason}")


def set_fence(
    session: FencedSession, overrides: Sequence[Override], behind: Sequence[Command] = ()
) -> Requests:
    """Raise the fence of a node that is a primary by now. ``behind`` follows in the same transaction.

    Redis refuses EXEC itself if it would refuse a queued write, so settings are overridden around all of it.
    """
    extras = [Part(words, Need.MAY) for words in behind]
    if session.key is None:
        yield from session.transact(*extras)
        return
    yield from session.watch_again()
    session.override(overrides)
    yield from session.transact(Part(("SET", session.key, session.term)), *extras)


class _Promotion:
    """``overrides``: for settings that would refuse the fence. ``behind``: optional commands after it."""

    def __init__(
        self, session: FencedSession, overrides: Sequence[Override], behind: Sequence[Command]
    ) -> None:
        self._session = session
        self._behind = behind
        self._overrides = overrides
        self._before = session.follows
        self._turned = False

    def take(self) -> Requests:
        try:
            yield from self._turn()
        except StepError as error:
            if self._turned and self._before is not None:
                yield from self._take_back(error)
            raise

    def _turn(self) -> Requests:
        session = self._session
        fence = session.write_fence()
        asked_anew = any(words[2] == MIN_REPLICAS for words in self._behind if words[0] == "CONFIG")
        parts = (
            *TURN,
            *(Part(override.apply, Need.MAY) for override in self._overrides),
            *fence,
            *(
                Part(override.restore, Need.MAY)
                for override in self._overrides
                if not (asked_anew and override.name == MIN_REPLICAS)
            ),
            *(Part(words, Need.MAY) for words in self._behind),
        )
        try:
            replies = yield from session.transact(*parts)
        except FencedError:
            # Without MULTI the newer term is found out only after all commands ran.
            self._turned = session.acted
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
        elif isinstance(written, bytes) and session.read_term(written) > session.term:
            raise FencedError(session.node, session.read_term(written))

    def _turn_then_fence(self) -> Requests:
        """The way without EVAL. It first tries whether the user may SET: a replica's refusal is no denial."""
        session = self._session
        for reply in (yield from session.try_out(("SET", str(session.key), session.term))):
            if isinstance(reply, ReplyError) and denied(reply):
                raise session.failed(("SET", str(session.key)), reply)
        yield from session.watch_again()
        replies = yield from session.transact(*TURN)
        self._note_turned(replies)
        yield from set_fence(session, self._overrides, self._behind)

    def _write_otherwise(self, fence: Part, error: ReplyError) -> Requests:
        """The script was refused when it ran: the node is a primary by now, without a fence."""
        if "OOM" in error.message:
            yield from self._session.override_maxmemory()
        elif not denied(error):
            raise self._session.failed(fence.words, error)
        yield from set_fence(self._session, self._overrides)

    def _note_turned(self, replies: Sequence[object]) -> None:
        self._turned = not isinstance(replies[0], ReplyError)
        _check_turned(self._session, replies)

    def _take_back(self, error: StepError) -> Requests:
        session, followed = self._session, self._before
        assert followed is not None
        words = session.spelled(("REPLICAOF", *followed))
        try:
            (reply,) = yield Calls((words,), acts=True)
        except LinkLostError as lost:
            reply = ReplyError(str(lost))
        if isinstance(reply, ReplyError):
            why = f"it may be a primary without a fence, for {session.failed(words, reply).reason}"
            raise StepUnknownError(session.node, f"{error.reason}; {why}") from None
        session.acted = False


def _check_turned(session: FencedSession, replies: Sequence[object]) -> None:
    for part, reply in zip(TURN, replies, strict=False):
        if isinstance(reply, ReplyError):
            raise session.failed(part.words, reply)
    role = role_said(replies[1])
    if not isinstance(role, list) or role[0] != b"master":
        raise StepFailedError(session.node, "is not a primary after REPLICAOF NO ONE")
