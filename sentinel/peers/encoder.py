"""Encodes each message once, however many peers it goes to: in one turn of the event loop, mostly all."""

from __future__ import annotations

from collections import OrderedDict

from quorum.messages import Message
from sentinel.peers.wire import encode_item

MAX_REMEMBERED = 256


class Encoder:
    """Remembers what it encoded last. One for all links of a sentinel."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[str, Message, bytes]] = OrderedDict()
        """By the identity of the message, which is kept meanwhile, so that nothing else can have it."""

    def item(self, group: str, message: Message) -> bytes:
        """One message, as it stands in a batch. Raises UnsendableError."""
        known = self._known.get(id(message))
        if known is not None and known[0] == group:
            return known[2]
        encoded = encode_item(group, message)
        self._known[id(message)] = (group, message, encoded)
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
        return encoded
