"""How one sentinel acts on the nodes: the production conversations, held with the model over the network.

As the executor does: a connection for each step, the lease checked before each request, a time limit, and
the conversation told when the connection is lost. Between the check and the sending the process may be
stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from promotion.conversation import (
    Call,
    Calls,
    Conversation,
    FencedError,
    LinkLostError,
    Pause,
    ReplyError,
    Request,
    StepError,
    StepUnknownError,
    Word,
)
from promotion.executor import LATE_TRIPS, missing
from promotion.failover_to import GRACE_S
from promotion.step_types import Handover, Promote, Repoint, Step, Taken
from promotion.steps import conversation
from sentinel.coordination.inputs import GroupInput, Perform, StepDone, StepFailed, StepFenced, StepUnsent
from sentinel.process.limits import STEP_S
from tests.simulation.balancing import reaches_another
from tests.simulation.model_redis.limits import TOO_MANY_CLIENTS
from tests.simulation.wire import Wire

if TYPE_CHECKING:
    from tests.simulation.host import Host


class Taking:
    """One step under way."""

    def __init__(self, host: Host, perform: Perform) -> None:
        self._host = host
        self._perform = perform
        self._boots = host.boots
        self._talk: Conversation = conversation(perform.step, perform.term, host.shape.fence_key)
        self._node = host.world.servers[perform.step.node]
        self._wire = Wire(
            host.name,
            self._node,
            host.world.network,
            partial(self._lost, "closed"),
            forwarded=True,
        )
        self._over = False
        self._borrowed = False
        self._unanswered: tuple[Word, ...] | None = None

    def begin(self) -> None:
        step = self._perform.step
        limit_s = STEP_S + LATE_TRIPS * self._host.late_s()
        limit_s += step.timeout_s + GRACE_S if isinstance(step, Handover) else 0.0
        self._host.world.schedule.at(limit_s, partial(self._lost, "no answer in time"))
        if reaches_another(self._host, step.node, self._node):
            self._lost("another process answers there than was looked at")
        elif self._leads():
            self._wire.open(self._introduce, partial(self._turned_away, "connection refused"))

    def _introduce(self) -> None:
        """As redis-py does when it has connected; whoever is turned away hears it here."""
        if self._host.world.denied(self._host.name, self._perform.step.node):
            self._lost("WRONGPASS")
            return

        def introduced(reply: Any) -> None:
            if reply == ReplyError(TOO_MANY_CLIENTS):
                self._turned_away(TOO_MANY_CLIENTS)
            else:
                self._go_on(None)

        self._unanswered = ("CLIENT", "SETNAME", f"vedette-{self._host.name}")
        self._wire.send(self._unanswered, introduced)

    def _turned_away(self, why: str) -> None:
        """The connection that watches the node is there, and does as well."""
        watching = self._host.probing.open_wire(self._perform.step.node)
        if self._over or watching is None:
            self._lost(why)
            return
        self._wire.close()
        self._wire, self._borrowed = watching, True
        self._go_on(None)

    def _leads(self) -> bool:
        brain = self._host.brain
        if self._over or brain is None or self._host.boots != self._boots:
            return False
        if not brain.lease_valid(self._perform.term, self._host.now):
            self._end(StepUnsent(self._perform.token))
            return False
        self._host.world.checks.holds_lease(self._host, self._perform.term)
        return True

    def _go_on(self, reply: Any) -> None:
        self._unanswered = None
        self._host.when_awake(partial(self._hear, reply))

    def _hear(self, reply: Any) -> None:
        if self._over or self._host.boots != self._boots:
            return
        request = self._advance(lambda: self._talk.send(reply))
        if request is not None and self._leads() and self._host.boundary():
            # Whoever was stopped here goes on later, and looks at nothing again.
            self._host.when_awake(partial(self._say, request))

    def _advance(self, go_on: Callable[[], Request]) -> Request | None:
        """The conversation's next request; None if it is over."""
        try:
            return go_on()
        except StopIteration as end:
            taken: Taken = end.value
            done = StepDone(self._perform.token, taken.measured, taken.refused, taken.absurd_fence)
            self._end(done)
        except FencedError as fenced:
            self._host.world.coverage.add("a stale leader refused by GET")
            self._end(StepFenced(self._perform.token, fenced.found_term))
        except StepError as error:
            unknown = isinstance(error, StepUnknownError)
            self._end(StepFailed(self._perform.token, str(error), unknown))
        except LinkLostError as lost:
            self._end(StepFailed(self._perform.token, f"{self._perform.step.node}: {lost}"))
        return None

    def _say(self, request: Request) -> None:
        if self._over or self._host.boots != self._boots:
            return
        match request:
            case Pause(seconds):
                self._host.world.schedule.at(seconds, partial(self._go_on, None))
            case Call(words):
                self._unanswered = words
                self._wire.send(words, self._go_on)
            case Calls(commands, acts):
                # One write: the node takes them one after the other.
                replies: list[Any] = []
                self._unanswered = commands[0]
                delay_s = self._host.world.late_s() if acts else 0.0
                for words in commands:
                    self._wire.send(words, partial(self._gather, replies, commands), delay_s)

    def _gather(self, replies: list[Any], commands: tuple[tuple[Word, ...], ...], reply: Any) -> None:
        if commands[len(replies)] == ("EXEC",) and not isinstance(reply, ReplyError):
            if reply is None:
                self._host.world.coverage.add("a stale leader's EXEC refused by WATCH")
            else:
                self._host.world.checks.executed(self._host, self._perform)
        replies.append(reply)
        if len(replies) == len(commands):
            self._go_on(tuple(replies))
        else:
            self._unanswered = commands[len(replies)]

    def _lost(self, why: str) -> None:
        if not self._over and self._host.boots == self._boots:
            self._host.when_awake(partial(self._told_lost, why))

    def _told_lost(self, why: str) -> None:
        if not self._over and self._host.boots == self._boots:
            self._advance(lambda: self._talk.throw(LinkLostError(missing(why, self._unanswered))))

    def _end(self, outcome: GroupInput) -> None:
        if self._over:
            return
        self._over = True
        if self._borrowed:
            self._wire.send(("UNWATCH",), lambda _reply: None)
        else:
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
