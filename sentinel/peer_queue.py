"""What waits to be sent to one peer, within limits.

The agreement core allows for lost messages, so a peer that does not read costs memory only up to a
limit. Gossip goes first: a newer report of opinions makes an older one worthless. When only messages of
elections and leaders are left, the link itself is given up.
"""

from __future__ import annotations

from collections import deque

from quorum.messages import Message, Opinions
from sentinel.notes import Note

MAX_MESSAGES = 1024
MAX_NOTES = 256


class PeerQueue:
    def __init__(self) -> None:
        self._messages: deque[tuple[str, Message]] = deque()
        self._notes: deque[Note] = deque(maxlen=MAX_NOTES)

    def put(self, group: str, message: Message) -> bool:
        """False when there is no room, and nothing in the queue that may be dropped."""
        self._messages.append((group, message))
        if len(self._messages) <= MAX_MESSAGES:
            return True
        for index, (_, queued) in enumerate(self._messages):
            if isinstance(queued, Opinions):
                del self._messages[index]
                return True
        self._messages.pop()
        return False

    def put_note(self, note: Note) -> None:
        """Drops the oldest note when there is no room."""
        self._notes.append(note)

    def take(self) -> tuple[list[tuple[str, Message]], list[Note]]:
        """Everything that waits, in order; the queue is empty afterwards."""
        taken = list(self._messages), list(self._notes)
        self._messages.clear()
        self._notes.clear()
        return taken
