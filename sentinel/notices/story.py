"""The log: one line for each notice, so that a failover reads as a story; as text for people, JSON for
machines.

Names and errors come from Redis, peers and files, so control characters in them are escaped: no answer of a
node can forge a line or control a terminal.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Literal

from sentinel.notices.notice import Notice, details
from sentinel.notices.sentences import sentence
from sentinel.notices.severity import level_of
from sentinel.process.instants import iso

logger = logging.getLogger("vedette.story")

MAX_LINE_CHARS = 4000


def tell(notice: Notice) -> None:
    """Write the notice to the log."""
    logger.log(level_of(notice), sentence(notice), extra={"notice": notice})


def clean(text: str) -> str:
    """``text`` on one line, with control characters escaped and its length limited."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return safe if len(safe) <= MAX_LINE_CHARS else f"{safe[:MAX_LINE_CHARS]}... ({len(safe)} characters)"


class TextFormatter(logging.Formatter):
    """``2026-01-31T12:00:00.123Z WARNING mymaster: 127.0.0.1:6379 is ...``"""

    def format(self, record: logging.LogRecord) -> str:
        notice: Notice | None = getattr(record, "notice", None)
        where = notice.group if notice else record.name.removeprefix("sentinel.")
        at = iso(int(record.created * 1000))
        line = f"{at} {record.levelname:<7} {clean(where)}: {clean(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One object a line: ``at_ms``, ``level``, ``message``; for a notice ``event``, ``group``, its fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at_ms": round(record.created * 1000, 3),
            "time": iso(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "message": clean(record.getMessage()),
        }
        notice: Notice | None = getattr(record, "notice", None)
        if notice is None:
            line["logger"] = record.name
        else:
            line |= {"event": notice.event.name, "group": notice.group, **details(notice)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def set_up_logging(form: Literal["text", "json"], level: str) -> None:
    """Log to standard output, from where containers and systemd take their logs."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # It logs each request.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
