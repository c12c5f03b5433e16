"""Reports TLS certificates that expire soon, while there is time to renew them. Pure.

An expired certificate closes no open connection, but prevents new ones: both a sentinel's and a client's.
"""

from __future__ import annotations

from collections.abc import Iterator

from sentinel.preflight.facts import GroupFacts, Problem, Severity

DAY_S = 86_400.0
SOON_S = 14 * DAY_S
"""Automatic renewal happens a month or more before the end: if it is this close, renewal has failed."""
AT_ONCE_S = 2 * DAY_S


def certificates(facts: GroupFacts) -> Iterator[Problem]:
    if facts.tls.trouble:
        yield Problem(
            None,
            "error",
            "tls-files",
            facts.tls.trouble,
            "Put a certificate and the key that belongs to it in place; no restart is needed.",
        )
    renewed = "it is used as soon as the file changes, without a restart"
    own = ("this sentinel's certificate (tls.cert_file)", f"Renew it: {renewed}.")
    trusted = ("the last certificate in tls.ca_file", f"Add its successor: {renewed}.")
    yield from _ending(None, facts.tls.own_ends_s, facts.at_s, *own)
    yield from _ending(None, facts.tls.ca_ends_s, facts.at_s, *trusted)
    for node in facts.nodes:
        advice = "Renew it there (CONFIG SET tls-cert-file loads it): every client would be cut off as well."
        yield from _ending(node.name, node.certificate_ends_s, facts.at_s, "its TLS certificate", advice)


def _ending(node: str | None, ends_s: float | None, at_s: float, what: str, advice: str) -> Iterator[Problem]:
    if ends_s is None or ends_s - at_s >= SOON_S:
        return
    left_s = ends_s - at_s
    severity: Severity = "error" if left_s < AT_ONCE_S else "warning"
    when = "has ended" if left_s <= 0 else f"ends in {_span(left_s)}"
    yield Problem(node, severity, "certificate", f"{what} {when}: then no new connection can be made", advice)


def _span(seconds: float) -> str:
    return f"{seconds / DAY_S:.0f} days" if seconds >= 2 * DAY_S else f"{seconds / 3600:.0f} hours"
