"""TCP as far as replication feels it: a handshake, two ordered streams, and closing, over a lossy ``route``.

What is lost is sent again, at first soon and then ever less often, and what was sent after it waits for it.
Retries stay within ``MAX_RETRY_S``, where a real kernel goes up to minutes: after a partition heals, a
connection that is still open goes on within that time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tests.simulation.model_redis.messages import Message

if TYPE_CHECKING:
    from tests.simulation.model_redis.world import ModelWorld

FIRST_RETRY_S = 0.2
MAX_RETRY_S = 3.2
SYN_RETRIES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
MAX_UNSENT = 200_000
"""Beyond it the connection is closed, as Redis does when a replica's output buffer is full."""


class Process(Protocol):
    """The server at one end. ``deliver`` runs the action now, or when the process goes on."""

    host: str

    def deliver(self, action: Callable[[], None]) -> None: ...


class End:
    """One end of a connection. The owner sets ``on_message`` and ``on_closed`` before anything can arrive."""

    def __init__(self, world: ModelWorld, process: Process) -> None:
        self._world = world
        self.process = process
        self.peer: End = self
        self.open = True
        self.on_message: Callable[[Message], None] = lambda message: None
        self.on_closed: Callable[[], None] = lambda: None
        self._unsent: deque[Message | None] = deque()
        self._retry_s = FIRST_RETRY_S
        self._last_arrival = 0.0

    def send(self, message: Message) -> None:
        if not self.open:
            return
        self._send(message)
        if len(self._unsent) > MAX_UNSENT:
            self._unsent.clear()
            self.close()
            self.on_closed()

    def close(self) -> None:
        """Our own doing: the peer is told, ``on_closed`` is not called here."""
        if self.open:
            self.open = False
            self._send(None)

    def _send(self, message: Message | None) -> None:
        self._unsent.append(message)
        if len(self._unsent) == 1:
            self._try()

    def _try(self) -> None:
        """Sends all that waits, or plans to try again."""
        if not self._unsent:
            return
        now = self._world.now
        delay_s = self._world.route(self.process.host, self.peer.process.host, now)
        if delay_s is None:
            self._world.events.at(now + self._retry_s, self._try)
            self._retry_s = min(MAX_RETRY_S, self._retry_s * 2)
            return
        self._retry_s = FIRST_RETRY_S
        self._last_arrival = max(self._last_arrival, now + delay_s)
        for message in self._unsent:
            self._arrive(message)
        self._unsent.clear()

    def _arrive(self, message: Message | None) -> None:
        peer = self.peer
        self._world.events.at(self._last_arrival, lambda: peer.process.deliver(lambda: peer.receive(message)))

    def receive(self, message: Message | None) -> None:
        if not self.open:
            return
        if message is None:
            self.open = False
            self._unsent.clear()
            self.on_closed()
        else:
            self.on_message(message)


class Dial:
    """A connection being made: ``on_up`` is called with our end, or ``on_refused``; neither once given up."""

    def __init__(
        self,
        world: ModelWorld,
        process: Process,
        address: tuple[str, int],
        on_up: Callable[[End], None],
        on_refused: Callable[[], None],
    ) -> None:
        self._world = world
        self._process = process
        self._address = address
        self._on_up = on_up
        self._on_refused = on_refused
        self._given_up = False
        self._tries = 0
        self._end: End | None = None
        self._try()

    def give_up(self) -> None:
        self._given_up = True
        if self._end is not None:
            self._end.close()

    def _try(self) -> None:
        if self._given_up:
            return
        now = self._world.now
        target = self._world.listening(self._process.host, self._address)
        there_s = self._world.route(self._process.host, target.host, now) if target is not None else 0.0
        if target is None:
            # Nobody has this address: as good as a closed port.
            self._world.events.at(now, lambda: self._process.deliver(self._refused))
        elif there_s is not None:
            found = target
            self._world.events.at(now + there_s, lambda: self._knock(found))
        else:
            self._again()

    def _again(self) -> None:
        if self._tries == len(SYN_RETRIES_S):
            self._process.deliver(self._refused)
            return
        self._tries += 1
        self._world.events.at(self._world.now + SYN_RETRIES_S[self._tries - 1], self._try)

    def _knock(self, target: Target) -> None:
        """The kernel accepts for a process that hangs, and refuses where none runs."""
        if self._given_up:
            return
        now = self._world.now
        back_s = self._world.route(target.host, self._process.host, now)
        if back_s is None:
            self._again()
            return
        if not target.running:
            self._world.events.at(now + back_s, lambda: self._process.deliver(self._refused))
            return
        ours, theirs = End(self._world, self._process), End(self._world, target)
        ours.peer, theirs.peer = theirs, ours
        self._end = ours
        target.deliver(lambda: target.accept(theirs))
        self._world.events.at(now + back_s, lambda: self._process.deliver(self._up))

    def _up(self) -> None:
        if not self._given_up and self._end is not None:
            self._on_up(self._end)

    def _refused(self) -> None:
        if not self._given_up:
            self._on_refused()


class Target(Process, Protocol):
    running: bool

    def accept(self, end: End) -> None: ...
