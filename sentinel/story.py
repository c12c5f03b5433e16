"""The log: one line per notice, so that a failover reads as a story; as text for people or JSON for machines.

Names and errors come from Redis, peers and files, so control characters in them are escaped: nothing that
a node answers may forge a line or drive a terminal.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from promotion.candidates import Ranking
from sentinel.notices import Notice, NoticeName

logger = logging.getLogger("vedette.story")

MAX_LINE_CHARS = 4000

Fields = Mapping[str, Any]

_ERRORS = frozenset(
    {
        NoticeName.FAILOVER_ABORTED,
        NoticeName.FENCE_IGNORED,
        NoticeName.DATA_LOST,
        NoticeName.STANDS_BACK,
        NoticeName.FOREIGN,
        NoticeName.DOUBLE,
        NoticeName.BALANCED,
        NoticeName.CONTESTED,
        NoticeName.CLUSTERED,
        NoticeName.UNLISTED,
        NoticeName.UNWATCHED,
    }
)
_WARNINGS = frozenset(
    {
        NoticeName.NODE_DOWN,
        NoticeName.QUORUM_DOWN,
        NoticeName.MISCONFIGURED,
        NoticeName.NODE_UNKNOWN,
        NoticeName.DEGRADED,
        NoticeName.NOT_WATCHED,
        NoticeName.DROPPED,
        NoticeName.AMBIGUOUS,
        NoticeName.FAILOVER_STARTED,
        NoticeName.FENCED,
        NoticeName.STEP_FAILED,
        NoticeName.STEP_INCOMPLETE,
        NoticeName.LOSS_MEASURED,
        NoticeName.SELF_FENCED,
        NoticeName.REPAIR_ABORTED,
        NoticeName.PAUSED,
        NoticeName.SCHEDULE_CLOSED,
        NoticeName.ORDER_REFUSED,
        NoticeName.STALLED,
        NoticeName.HELD,
        NoticeName.REGRESSED,
        NoticeName.OVERRULED,
    }
)


def _who(fields: Fields) -> str:
    return f"primary {fields['node']}" if fields.get("primary") else f"{fields['node']}"


def _node_down(f: Fields) -> str:
    return f"{_who(f)} is subjectively down ({f['grade']} for {f['after_ms']} ms): {f['detail']}"


def _quorum_down(f: Fields) -> str:
    return f"{_who(f)} is objectively down, say {', '.join(f['agree'])}"


def _quorum_up(f: Fields) -> str:
    still = f", though {', '.join(f['agree'])} cannot reach it" if f["agree"] else ""
    return f"{_who(f)} is no longer objectively down{still}"


def _elected(f: Fields) -> str:
    because = ", ".join(f["reasons"]) or "nothing any more"
    others = "".join(f"; instead of {who}: {why}" for who, why in (f.get("instead_of") or {}).items())
    return f"elected leader in term {f['term']} because of {because}{others}"


def _chosen(f: Fields) -> str:
    ranking: Ranking | None = f.get("ranking")
    others = [v for v in ranking.verdicts if v.node != f["node"]] if ranking else []
    reasons = "; ".join(f"{v.node}: {v.reason}" for v in others)
    return f"chose {f['node']}" + (f" (not {reasons})" if reasons else "")


def _aborted(what: str) -> Callable[[Fields], str]:
    def say(f: Fields) -> str:
        ranking: Ranking | None = f.get("ranking")
        reasons = "; ".join(f"{v.node}: {v.reason}" for v in ranking.verdicts) if ranking else ""
        retry = f"; next try in {f['retry_after_ms']} ms" if f.get("retry_after_ms") else ""
        return f"{what} in term {f['term']}: {f['reason']}" + (f" ({reasons})" if reasons else "") + retry

    return say


def _topology(f: Fields) -> str:
    was = f" (was {f['previous']}, {f['cause']}, took {f['duration_ms']} ms)" if f["previous"] else ""
    lost = f"; may have lost {f['may_have_lost']}" if f.get("may_have_lost") else ""
    return f"{f['primary']} is primary since term {f['term']}, committed by {f['leader']}{was}{lost}"


def _demoted(f: Fields) -> str:
    lost = f"; {f['may_have_lost']} are gone" if f.get("may_have_lost") else ""
    return f"{f['node']} was a master too, and now replicates from {f['primary']}{lost}"


def _paused(f: Fields) -> str:
    why = f" ({f['reason']})" if f["reason"] else ""
    return f"paused{why}, asked for at {f['by']}: detection goes on, and nothing is changed"


def _scheduled(f: Fields) -> str:
    at = _iso(f["at_ms"] / 1000)
    return f"a switchover to {f['to'] or 'the best replica'} is scheduled for {at}, as {f['operation']}"


def _schedule_closed(f: Fields) -> str:
    why = f": {f['reason']}" if f["reason"] else ""
    return f"the scheduled switchover {f['operation']} is {f['outcome']}{why}"


SENTENCES: dict[NoticeName, Callable[[Fields], str]] = {
    NoticeName.NODE_DOWN: _node_down,
    NoticeName.NODE_UNKNOWN: lambda f: f"{f['node']} is neither known to be up nor to be down: {f['detail']}",
    NoticeName.BLIND: lambda f: f"this sentinel cannot look at {f['node']}: {f['detail']}",
    NoticeName.NODE_UP: lambda f: f"{f['node']} is up again",
    NoticeName.QUORUM_DOWN: _quorum_down,
    NoticeName.QUORUM_UP: _quorum_up,
    NoticeName.MISCONFIGURED: lambda f: f"{f['node']} refuses us, so it lives: {f['detail']}",
    NoticeName.DEGRADED: lambda f: f"primary {f['node']} lives, but {f['detail']}",
    NoticeName.RECOVERED: lambda f: f"primary {f['node']} no longer refuses its clients (-{f['refuses']})",
    NoticeName.DISCOVERED: lambda f: f"{f['node']} is a replica that nobody configured; watching it too",
    NoticeName.NOT_WATCHED: lambda f: f"{f['node']} is a replica that is not watched: {f['reason']}",
    NoticeName.DROPPED: lambda f: f"{f['node']} is not watched any more, {f['reason']}",
    NoticeName.FOREIGN: lambda f: (
        f"{f['node']} is configured, and is neither demoted nor re-pointed: {f['reason']}"
    ),
    NoticeName.DOUBLE: lambda f: (
        f"{f['node']} and {f['reason']} are one server: {f['reason']} is used, and {f['node']} is left out; "
        "list it once"
    ),
    NoticeName.BALANCED: lambda f: (
        f"{f['node']} leads to several servers in turn, so it is no node and is left out: {f['reason']}; "
        "list the name of each server"
    ),
    NoticeName.CONTESTED: lambda f: f"nothing is changed at {f['node']}: {f['reason']}",
    NoticeName.CLUSTERED: lambda f: f"nothing is changed at {f['node']}: it {f['reason']}",
    NoticeName.UNLISTED: lambda f: (
        f"the primary {f['node']} is not among the nodes of the configuration; it is watched all the same"
    ),
    NoticeName.UNWATCHED: lambda f: f"the primary {f['node']} is not watched: nobody here would see it go",
    NoticeName.IDENTIFIED: lambda f: f"{f['node']} is no longer {f['was']}",
    NoticeName.AMBIGUOUS: lambda f: f"it is not clear which node is primary: {f['reason']}",
    NoticeName.REQUESTED: lambda f: (
        f"an operator asks for a {f['kind']}{' to ' + f['node'] if f['node'] else ''}"
    ),
    NoticeName.ELECTED: _elected,
    NoticeName.STEPPED_DOWN: lambda f: f"no longer leader of term {f['term']}: {f['reason']}",
    NoticeName.STANDS_BACK: lambda f: (
        f"this sentinel could promote nobody, and lets {', '.join(f['able'])} lead, who could: {f['reason']}"
    ),
    NoticeName.STANDS_AGAIN: lambda _: "this sentinel could promote a node again",
    NoticeName.FAILOVER_STARTED: lambda f: (
        f"failover from {f['primary']} begins, term {f['term']}: {f['cause']}"
    ),
    NoticeName.HELD: lambda f: f"waiting: {f['reason']}",
    NoticeName.CANDIDATE_CHOSEN: _chosen,
    NoticeName.REGRESSED: lambda f: f"{f['node']} does not get its role back: {f['reason']}",
    NoticeName.OVERRULED: lambda f: f"an operator named {f['node']}, which overrules {f['reason']}",
    NoticeName.INTENT_COMMITTED: lambda f: f"a majority knows that {f['node']} is about to be promoted",
    NoticeName.INTENT_CANCELLED: lambda f: f"{f['node']} need not be promoted any more",
    NoticeName.WRITES_PAUSED: lambda f: f"the writes of {f['node']} are paused, for {f['for_ms']} ms at most",
    NoticeName.WRITES_RESUMED: lambda f: f"{f['node']} takes writes again",
    NoticeName.HANDED_OVER: lambda f: f"{f['node']} has handed over, and takes no writes any more",
    NoticeName.PROMOTED: lambda f: f"promoted {f['node']}, fenced with term {f['term']}",
    NoticeName.TOPOLOGY: _topology,
    NoticeName.REPOINTED: lambda f: f"{f['node']} now replicates from {f['primary']}",
    NoticeName.DEMOTED: _demoted,
    NoticeName.STEP_FAILED: lambda f: f"{f['step']} failed at {f['node']}: {f['reason']}",
    NoticeName.STEP_INCOMPLETE: lambda f: f"{f['step']} went without what {f['node']} refused: {f['reason']}",
    NoticeName.SEALING: lambda f: (
        f"cutting off {', '.join(f['nodes'])}, so that they acknowledge no more writes"
    ),
    NoticeName.SAFETY_KEPT: lambda f: (
        f"{f['node']} now takes writes only while {f['min_replicas']} replicas acknowledge"
    ),
    NoticeName.LOSS_MEASURED: lambda f: (
        f"at most {f['lost_bytes']} bytes of writes were lost when {f['primary']} replaced {f['previous']}"
    ),
    NoticeName.DATA_LOST: lambda f: (
        f"{f['node']} has lost data, and no node holds it any more: {f['may_have_lost']}; only a backup may"
    ),
    NoticeName.SELF_FENCED: lambda f: (
        f"out of touch with the majority for {f['cut_off_ms']} ms: pausing the writes of {f['node']}"
    ),
    NoticeName.SELF_FENCE_ENDED: lambda f: f"the writes of {f['node']} are no longer paused: {f['reason']}",
    NoticeName.FENCED: lambda f: f"{f['node']} refused the command: it has seen term {f['found_term']}",
    NoticeName.FENCE_IGNORED: lambda f: (
        f"the fence at {f['node']} holds {f['found']}, which is more than 2^32 above term {f['term']}: "
        "no leader wrote it, so it counts as missing, and is written over; find out which client does"
    ),
    NoticeName.FAILOVER_ABORTED: _aborted("failover given up"),
    NoticeName.REPAIR_ABORTED: _aborted("re-pointing given up"),
    NoticeName.WORK_DONE: lambda f: f"nothing left to do in term {f['term']}",
    NoticeName.PAUSED: _paused,
    NoticeName.RESUMED: lambda _: "no longer paused: what is due is done now",
    NoticeName.SCHEDULED: _scheduled,
    NoticeName.SCHEDULE_CLOSED: _schedule_closed,
    NoticeName.ORDER_DONE: lambda f: f"a majority agreed on order {f['operation']} in term {f['term']}",
    NoticeName.ORDER_REFUSED: lambda f: f"order {f['operation']} was not carried out: {f['reason']}",
    NoticeName.STALLED: lambda f: f"this process did not run for {f['gap_ms']} ms: it distrusts what it saw",
}
"""Every notice has its sentence here; a test holds the table against the names."""


def tell(notice: Notice) -> None:
    """Write the notice to the log. What was told a moment ago is for whoever looks closely."""
    if notice.fields.get("again"):
        level = logging.DEBUG
    elif notice.name in _ERRORS:
        level = logging.ERROR
    else:
        grave = notice.name in _WARNINGS or bool(notice.fields.get("may_have_lost"))
        level = logging.WARNING if grave else logging.INFO
    logger.log(level, SENTENCES[notice.name](notice.fields), extra={"notice": notice})


def clean(text: str) -> str:
    """Printable on one line, whatever was in it, and not endless."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return safe if len(safe) <= MAX_LINE_CHARS else f"{safe[:MAX_LINE_CHARS]}... ({len(safe)} characters)"


class TextFormatter(logging.Formatter):
    """``2026-01-31T12:00:00.123Z WARNING mymaster: 127.0.0.1:6379 is ...``"""

    def format(self, record: logging.LogRecord) -> str:
        notice: Notice | None = getattr(record, "notice", None)
        where = notice.group if notice else record.name.removeprefix("sentinel.")
        line = f"{_iso(record.created)} {record.levelname:<7} {clean(where)}: {clean(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One object a line: ``at_ms``, ``level``, ``message``; for a notice ``event``, ``group``, its fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at_ms": round(record.created * 1000, 3),
            "time": _iso(record.created),
            "level": record.levelname.lower(),
            "message": clean(record.getMessage()),
        }
        notice: Notice | None = getattr(record, "notice", None)
        if notice is None:
            line["logger"] = record.name
        else:
            line |= {"event": notice.name.value, "group": notice.group}
            line |= {key: value for key, value in notice.fields.items() if not isinstance(value, Ranking)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def set_up_logging(form: Literal["text", "json"], level: str) -> None:
    """Log to standard output, where a container's or systemd's log is taken from."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # It tells of each request.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def _iso(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds * 1000) % 1000:03d}Z"
