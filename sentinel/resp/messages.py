"""One message for the subscribers of the Sentinel protocol, which may be thousands."""

from __future__ import annotations

from sentinel.resp.client import Client
from sentinel.resp.codec import Push, encode

SWITCHED = "+switch-master"


class Message:
    """Encoded once for all clients that get the same bytes."""

    def __init__(self, channel: str, text: str) -> None:
        self.channel = channel
        self.is_urgent = channel == SWITCHED
        self.text = text
        self._patterns = ("*", channel)
        self._written: dict[tuple[str | None, int], bytes] = {}

    def is_for(self, client: Client) -> bool:
        return self.channel in client.channels or any(p in client.patterns for p in self._patterns)

    def tell(self, client: Client) -> None:
        if self.channel in client.channels:
            client.write(self._for(None, client.protocol))
        for pattern in self._patterns:
            if pattern in client.patterns:
                client.write(self._for(pattern, client.protocol))

    def _for(self, pattern: str | None, protocol: int) -> bytes:
        if (pattern, protocol) not in self._written:
            head = ("message",) if pattern is None else ("pmessage", pattern)
            self._written[pattern, protocol] = encode(Push((*head, self.channel, self.text)), protocol)
        return self._written[pattern, protocol]
