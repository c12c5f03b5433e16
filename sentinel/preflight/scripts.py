"""A rule about long scripts, which look like a hang: a server that runs one answers only after a time that it
is busy.

Only scripts that ran are reported: every server has the setting, and most run no long script.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from sentinel.preflight.facts import GroupFacts, NodeFacts, Problem

ASK_SCRIPTS: tuple[tuple[str, ...], ...] = (("INFO", "latencystats"), ("INFO", "commandstats"))
"""The first needs Redis 7.0."""
BUSY_SETTINGS = ("busy-reply-threshold", "lua-time-limit")
"""The setting's name from 7.0 on, and the older one."""

_SCRIPT = r"(?:eval|evalsha|fcall)(?:_ro)?"
_PERCENTILE = re.compile(
    rf"^latency_percentiles_usec_{_SCRIPT}:[^\r\n]*p99\.9=([0-9]{{1,15}}(?:\.[0-9]+)?)", re.MULTILINE
)
_MEAN = re.compile(rf"^cmdstat_{_SCRIPT}:[^\r\n]*usec_per_call=([0-9]{{1,15}}(?:\.[0-9]+)?)", re.MULTILINE)
_SHARE = 0.5
"""The share of ``down_after`` within which a server must say that it is busy; half of that is long."""


def longest_script_s(replies: Sequence[object]) -> float | None:
    """The duration in the replies to ``ASK_SCRIPTS``; None if no script was run, or it may not be read."""
    for pattern, reply in zip((_PERCENTILE, _MEAN), replies, strict=True):
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else ""
        if taken_us := [float(found) for found in pattern.findall(text)]:
            return max(taken_us) / 1e6
    return None


def long_scripts(facts: GroupFacts) -> Iterator[Problem]:
    in_time_s = _SHARE * facts.required.down_after_s
    for node in facts.seen:
        busy_s, longest_s = _busy_after_s(node), node.longest_script_s
        if busy_s is None or longest_s is None or busy_s <= in_time_s or longest_s < _SHARE * in_time_s:
            continue
        setting = next(name for name in BUSY_SETTINGS if name in node.settings)
        yield Problem(
            node.name,
            "warning",
            "long-scripts",
            f"has run scripts of {longest_s:.1f} s, and {_says_so(busy_s)} ({setting}): one that is longer "
            f"than down_after ({facts.required.down_after_s:g} s) is taken for a hang, and failed over",
            f"CONFIG SET {setting} {round(in_time_s * 400)} at each node, then CONFIG REWRITE; or raise "
            "down_after.",
        )


def _busy_after_s(node: NodeFacts) -> float | None:
    """The time after which the server says that it is busy; infinite for 0 or less; None if unknown."""
    for name in BUSY_SETTINGS:
        text = node.settings.get(name, "")
        if re.fullmatch(r"-?[0-9]{1,15}", text, re.ASCII):
            return int(text) / 1000 if int(text) > 0 else math.inf
    return None


def _says_so(busy_s: float) -> str:
    when = f"only after {busy_s:g} s" if math.isfinite(busy_s) else "never"
    return f"says that it is busy {when}"
