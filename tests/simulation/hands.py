"""How one sentinel acts on the nodes: the production conversations, held with the model over the network.

As the executor does: a connection for each step, the lease checked before each request, a time limit, and
an outcome that is unknown once EXEC was sent. Between the check and the sending the process may be stopped.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from promotion.conversation import (
    Call,
    Calls,
    Conversation,
    FencedError,
    Pause,
    ReplyError,
    Request,
    StepError,
    Transact,
    Word,
)
from promotion.handover import GRACE_S
from promotion.step_types import Demoted, Handover, Promote, Repoint, Step
from promotion.steps import conversation
from sentinel.group_inputs import GroupInput, Perform, StepDone, StepFailed, StepFenced
from tests.simulation.wire import Wire

if TYPE_CHECKING:
    from tests.simulation.host import Host

STEP_TIMEOUT_S = 2.0


class Taking:
    """One step under way."""

    def __init__(self, host: Host, perform: Perform) -> None:
        self._host = host
        self._perform = perform
        self._boots = host.boots
        self._talk: Conversation = conversation(perform.step, perform.term, host.shape.fence_key)
        self._wire = Wire(
            host.name,
            host.world.servers[perform.step.node],
            host.world.network,
            partial(self._lost, "closed"),
            forwarded=True,
        )
        self._sent = False
        self._over = False

    def begin(self) -> None:
        step = self._perform.step
        limit_s = STEP_TIMEOUT_S + (step.timeout_s + GRACE_S if isinstance(step, Handover) else 0.0)
        self._host.world.schedule.at(limit_s, partial(self._lost, "no answer in time"))
        if self._leads():
            self._wire.open(self._introduce, partial(self._lost, "connection refused"))

    def _introduce(self) -> None:
        """As redis-py does when it has connected; whoever is turned away hears it here."""

        def introduced(reply: Any) -> None:
            if isinstance(reply, ReplyError):
                self._lost(reply.message)
            else:
                self._go_on(None)

        self._wire.send(("CLIENT", "SETNAME", f"vedette-{self._host.name}"), introduced)

    def _leads(self) -> bool:
        brain = self._host.brain
        if self._over or brain is None or self._host.boots != self._boots:
            return False
        if not brain.lease_valid(self._perform.term, self._host.now):
            self._end(StepFailed(self._perform.token, "the lease has run out"))
            return False
        self._host.world.checks.holds_lease(self._host, self._perform.term)
        return True

    def _go_on(self, reply: Any) -> None:
        self._host.when_awake(partial(self._hear, reply))

    def _hear(self, reply: Any) -> None:
        if self._over or self._host.boots != self._boots:
            return
        try:
            request = self._talk.send(reply)
        except StopIteration as end:
            result = end.value if isinstance(end.value, Demoted) else None
            self._end(StepDone(self._perform.token, result))
        except FencedError as fenced:
            self._host.world.coverage.add("a stale leader refused by GET")
            self._end(StepFenced(self._perform.token, fenced.found_term))
        except StepError as error:
            self._end(StepFailed(self._perform.token, str(error)))
        else:
            if self._leads() and self._host.boundary():
                # Whoever was stopped here goes on later, and looks at nothing again.
                self._host.when_awake(partial(self._say, request))

    def _say(self, request: Request) -> None:
        if self._over or self._host.boots != self._boots:
            return
        match request:
            case Pause(seconds):
                self._host.world.schedule.at(seconds, partial(self._go_on, None))
            case Call(words):
                self._wire.send(words, self._go_on)
            case Calls(commands):
                replies: list[Any] = []
                for words in commands:
                    self._wire.send(words, partial(self._gather, replies, len(commands)))
            case Transact(commands):
                self._sent = True
                self._transact(commands)

    def _gather(self, replies: list[Any], wanted: int, reply: Any) -> None:
        replies.append(reply)
        if len(replies) == wanted:
            self._go_on(tuple(replies))

    def _transact(self, commands: tuple[tuple[Word, ...], ...]) -> None:
        """MULTI to EXEC in one write: the node takes them one after the other."""
        refused: list[ReplyError] = []

        def queued(reply: Any) -> None:
            if isinstance(reply, ReplyError):
                refused.append(reply)

        def executed(reply: Any) -> None:
            if reply is None:
                self._host.world.coverage.add("a stale leader's EXEC refused by WATCH")
                self._go_on(None)
            elif isinstance(reply, ReplyError):
                self._go_on(refused[0] if refused else reply)
            else:
                self._host.world.checks.executed(self._host, self._perform)
                self._go_on(tuple(reply))

        delay_s = self._host.world.late_s()
        for words in (("MULTI",), *commands):
            self._wire.send(words, queued, delay_s)
        self._wire.send(("EXEC",), executed, delay_s)

    def _lost(self, why: str) -> None:
        if not self._over and self._host.boots == self._boots:
            said = "sent, answer lost" if self._sent else "not sent"
            node = self._perform.step.node
            reason = f"{node}: {why} ({said})"
            self._host.when_awake(lambda: self._end(StepFailed(self._perform.token, reason)))

    def _end(self, outcome: GroupInput) -> None:
        if self._over:
            return
        self._over = True
        self._wire.close()
        if self._host.boots == self._boots:
            self._host.world.tell(self._host.name, _shown(self._perform.step, outcome))
            self._host.feed(outcome)


class Hands:
    def __init__(self, host: Host) -> None:
        self._host = host

    def take(self, perform: Perform) -> None:
        self._host.world.checks.performing(self._host, perform)
        if self._host.world.foreign is not None:
            self._host.world.foreign.performing(self._host.name, perform)
        Taking(self._host, perform).begin()

    def say(self, node: str, words: tuple[str, ...]) -> None:
        """Once; nobody waits for the reply."""
        host = self._host
        wire = Wire(host.name, host.world.servers[node], host.world.network, forwarded=True)
        wire.open(lambda: wire.send(words, lambda _reply: wire.close()), lambda: None)


def _shown(step: Step, outcome: GroupInput) -> str:
    what = f"{type(step).__name__} {step.node}"
    if isinstance(step, Repoint):
        what += f" -> {step.primary_host}:{step.primary_port}"
    elif isinstance(step, Handover):
        what += f" -> {step.target}"
    elif isinstance(step, Promote) and step.reinstate:
        what += " (reinstate)"
    how = outcome.reason if isinstance(outcome, StepFailed) else type(outcome).__name__
    return f"{what}: {how}"
