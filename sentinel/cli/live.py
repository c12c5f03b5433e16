"""``vedette check --live``: checks every sentinel and every node of a configuration, from this host."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from config import Settings
from quorum.votes import majority
from sentinel.nodes.access import node_spec, redis_link
from sentinel.preflight.facts import SEVERITIES, GroupFacts
from sentinel.preflight.gather import gather
from sentinel.preflight.identity_rules import between_groups
from sentinel.preflight.other_monitors import client_id, cluster_tag
from sentinel.preflight.requirements import requirements
from sentinel.preflight.rules import find_problems
from sentinel.process.resolver import Resolver
from sentinel.status.answers import GroupsAnswer
from sentinel.terminal.client import Sentinels
from sentinel.terminal.exits import CliError, ExitCode
from sentinel.terminal.live_members import Finding, MemberSeen, member_findings
from sentinel.terminal.screen import Screen
from sentinel.terminal.show import understood

GROUPS_AT_ONCE = 4
ASKED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Live:
    """The result of the check, errors first."""

    members: tuple[MemberSeen, ...]
    groups: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        return not any(finding.severity == "error" for finding in self.findings)

    def as_json(self) -> dict[str, object]:
        return {
            "members": [
                {
                    "sentinel": member.id,
                    "url": member.url,
                    "reachable": member.answer is not None,
                    "version": member.answer.version if member.answer else None,
                    "clock_ahead_ms": member.ahead_ms,
                }
                for member in self.members
            ],
            "groups": list(self.groups),
            "findings": [asdict(finding) for finding in self.findings],
        }


def look(settings: Settings) -> Live:
    """Raises CliError if a group's TLS files cannot be used."""
    members = ask_members(settings)
    try:
        found = [*member_findings(settings, members), *asyncio.run(_look_at_groups(settings, members))]
    except ssl.SSLError as error:
        reason = error.reason or str(error)
        raise CliError(ExitCode.USAGE, f"a group's TLS files cannot be used: {reason}") from error
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Live(tuple(members), tuple(settings.groups), tuple(found))


def show(screen: Screen, found: Live, file: str) -> None:
    """A table on a terminal, else a line for each finding."""
    if screen.is_terminal:
        rows = [
            (m.id, m.url, _state(m), m.answer.version if m.answer else None, _ahead(m)) for m in found.members
        ]
        screen.table(("SENTINEL", "URL", "STATE", "VERSION", "CLOCK MS"), rows)
        if found.findings:
            screen.table(
                ("", "WHERE", "PROBLEM", "WHAT TO DO"),
                [(f.severity, f.where, f.problem, f.advice) for f in found.findings],
            )
    else:
        for f in found.findings:
            screen.line(f"{f.severity}: {f.where}: {f.problem} ({f.code}). {f.advice}")
    severities = [finding.severity for finding in found.findings]
    counts = [_count(severities.count(severity), severity) for severity in SEVERITIES]
    looked = f"{_count(len(found.members), 'sentinel')} and {_count(len(found.groups), 'group')} looked at"
    verdict = "ok" if found.is_well else "not ok"
    screen.line(f"{file}: {verdict}: {', '.join(counts)}; {looked}")


def ask_members(settings: Settings) -> list[MemberSeen]:
    """The answers of all members, including this one."""
    members = settings.cluster.members
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        return list(pool.map(_ask, members, [f"http://{address}" for address in members.values()]))


def _ask(member: str, url: str) -> MemberSeen:
    began_ms, began = time.time() * 1000, time.monotonic()
    try:
        reply = Sentinels((url,)).get("/v1/groups")
        took_ms = (time.monotonic() - began) * 1000
        answer = understood(reply, GroupsAnswer)
    except CliError as error:
        reasons = error.body.get("reasons") or str(error).splitlines()
        return MemberSeen(member, url, failure=reasons[0])
    theirs_ms = _epoch_ms(answer.now)
    # Its clock was read about half way between the request and the answer.
    ahead_ms = None if theirs_ms is None else round(theirs_ms - began_ms - took_ms / 2, 1)
    return MemberSeen(member, url, answer, ahead_ms=ahead_ms, blur_ms=took_ms / 2)


async def _look_at_groups(settings: Settings, seen: Sequence[MemberSeen]) -> list[Finding]:
    resolver = Resolver(max(group.dns_timeout for group in settings.groups.values()))
    turn = asyncio.Semaphore(GROUPS_AT_ONCE)
    members = settings.cluster.members
    me = client_id(settings.sentinel.id, members, check=True)
    links = {name: redis_link(group, resolver, me) for name, group in settings.groups.items()}
    terms = _newest_terms(seen)

    async def look_at(name: str) -> GroupFacts:
        group = settings.groups[name]
        async with turn:
            facts = await gather(links[name], [node_spec(node) for node in group.nodes], requirements(group))
        return replace(
            facts,
            members=frozenset(members),
            cluster_tag=cluster_tag(members),
            newest_term=terms.get(name),
        )

    looks = await asyncio.gather(*(look_at(name) for name in settings.groups))
    return [
        Finding(p.severity, p.code, p.problem, p.advice, group=name, node=p.node)
        for name, facts in between_groups(dict(zip(settings.groups, looks, strict=True))).items()
        for p in find_problems(facts)
    ]


def _newest_terms(seen: Sequence[MemberSeen]) -> dict[str, int]:
    """The newest term of each group that a majority reported: a minority need not know the newest."""
    reported: dict[str, list[int]] = {}
    for member in seen:
        for group in member.answer.groups if member.answer is not None else ():
            reported.setdefault(group.group, []).append(group.term)
    return {name: max(terms) for name, terms in reported.items() if len(terms) >= majority(len(seen))}


def _epoch_ms(iso: str | None) -> float | None:
    try:
        at = datetime.fromisoformat(iso or "")
        return at.timestamp() * 1000 if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _state(member: MemberSeen) -> str:
    return "reachable" if member.answer is not None else "unreachable"


def _ahead(member: MemberSeen) -> str | None:
    return None if member.ahead_ms is None else f"{member.ahead_ms:+.0f}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
