"""Reads server-sent events as the standard says (HTML, "Interpreting an event stream"), line by line."""

from __future__ import annotations

import http.client
import json
from types import TracebackType
from typing import Any

Event = tuple[str, dict[str, Any]]
"""Type and data."""


class EventParser:
    def __init__(self) -> None:
        self.last_id = ""
        self.comments = 0
        self.retry = ""
        self._type = self._data = ""

    def feed(self, line: str) -> Event | None:
        """The event that this line completes, if it does."""
        field, _, value = line.rstrip("\n").partition(":")
        value = value.removeprefix(" ")
        match field:
            case "id":
                self.last_id = value
            case "retry":
                self.retry = value
            case "event":
                self._type = value
            case "data":
                self._data += value
            case "":
                self.comments += line != "\n"
        if line != "\n":
            return None
        type_, data, self._type, self._data = self._type, self._data, "", ""
        return (type_, json.loads(data)) if data else None


class EventStream:
    """A connection to a sentinel process, for tests without an event loop."""

    def __init__(self, port: int, query: str = "", last_id: str | None = None) -> None:
        self.parser = EventParser()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {} if last_id is None else {"Last-Event-ID": last_id}
        self._connection.request("GET", f"/v1/events{query}", headers=headers)
        self._response = self._connection.getresponse()
        assert self._response.status == 200

    def until(self, *types: str) -> list[Event]:
        """Everything up to the first event of one of these types."""
        found: list[Event] = []
        while not found or found[-1][0] not in types:
            line = self._response.readline()
            assert line, f"the stream ended after {found}"
            event = self.parser.feed(line.decode())
            if event is not None:
                found.append(event)
        return found

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._response.close()
        self._connection.close()
