"""The queue of messages to one peer, within limits.

The agreement core tolerates lost messages, so a peer that does not read costs memory only up to a limit. If
more messages wait than that, those go that a later one of their group makes worthless (``superseded``). So
the length is bounded by the number of groups, and thousands of groups that elect in one turn keep their link.
If even that is too much, the link itself is given up.
"""

from __future__ import annotations

from collections import deque

from quorum.messages import Message
from sentinel.peers.notes import Note
from sentinel.peers.superseded import Item, newest

MAX_MESSAGES = 1024
"""Up to this number, messages wait without a check whether they are still needed."""
MAX_NEWEST = 64 * 1024
"""The most messages that may wait although no other one makes them worthless."""
MAX_NOTES = 256


class PeerQueue:
    def __init__(self) -> None:
        self._messages: list[Item] = []
        self._notes: deque[Note] = deque(maxlen=MAX_NOTES)
        self._look_at = MAX_MESSAGES

    def put(self, group: str, message: Message) -> bool:
        """False when there is no room, and nothing in the queue that may be dropped."""
        self._messages.append((group, message))
        if len(self._messages) > self._look_at:
            self._messages = newest(self._messages)
            # Twice as many before the next look, or a look would be taken at each message.
            self._look_at = max(MAX_MESSAGES, 2 * len(self._messages))
        if len(self._messages) > MAX_NEWEST:
            self._messages = newest(self._messages)
        return len(self._messages) <= MAX_NEWEST

    def put_note(self, note: Note) -> None:
        """Drops the oldest note when there is no room."""
        self._notes.append(note)

    def take(self) -> tuple[list[Item], list[Note]]:
        """Everything that waits, in order; the queue is empty afterwards."""
        taken = self._messages, list(self._notes)
        self._messages, self._look_at = [], MAX_MESSAGES
        self._notes.clear()
        return taken
