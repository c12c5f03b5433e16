"""The sentinels' opinions of a group's nodes: subjectively down for one, objectively down for a quorum.

An opinion counts while it is fresh: it was heard within ``ttl_s`` and its author is still in touch. Opinions
are sent when they change and repeated in the gossip. A later report replaces an earlier one of the same
author, in whatever order they arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from quorum.detector import Verdict, in_time
from quorum.directives import NOT_YET, TimeCome
from quorum.messages import Entry, Grade, Opinion, Opinions
from quorum.names import Names


@dataclass(frozen=True, slots=True)
class Report:
    """A peer's opinions. On the wire they share a frame with its report on the agreement."""

    version: tuple[int, int]
    opinions: tuple[Opinion, ...]
    time: TimeCome | None = None
    primary: str | None = None
    """The node that it considers primary; None also while that is being changed."""

    @classmethod
    def of(cls, frame: Opinions) -> Report:
        return cls((frame.boot, frame.seq), frame.opinions, frame.time, _settled_primary(frame.committed))


@dataclass(frozen=True, slots=True)
class _Heard:
    """``said`` as the author names the nodes, ``opinions`` by the names that are used here."""

    said: Report
    heard_at: float
    opinions: dict[str, Opinion]
    any_trouble: bool = False
    """Whether any node is down or unwritable by it: almost always none is."""


class OpinionBoard:
    """``quorum`` is how many sentinels must agree, this one included, for objectively down."""

    def __init__(
        self,
        self_id: str,
        quorum: int,
        ttl_s: float,
        names: Names | None = None,
        late_s: Callable[[], float] = in_time,
    ) -> None:
        self._names = names or Names()
        self._self_id = self_id
        self._quorum = quorum
        self._ttl_s = ttl_s
        self._late_s = late_s
        self._own: dict[str, Opinion] = {}
        self._reports: dict[str, _Heard] = {}
        self.time = NOT_YET
        """The opinion of this sentinel's own clock on the schedule."""

    @property
    def _lasts_s(self) -> float:
        """A newer report of a peer may not be read yet."""
        return self._ttl_s + self._late_s()

    def time_come(self, needed: int, now: float) -> TimeCome:
        """What ``needed`` sentinels say of the schedule that has come by this one's clock.

        Who is of a release that does not say agrees with this one, as it did when each went by its own clock.
        """
        own = self.time
        fresh = [r.said.time for r in self._reports.values() if now < r.heard_at + self._lasts_s]
        said = [own, *(own if time is None else time for time in fresh)]
        of_it = [time for time in said if own.operation and time.operation == own.operation]
        if len(of_it) < needed:
            return NOT_YET
        return TimeCome(own.operation, sum(time.late for time in of_it) >= needed)

    def set_own(self, opinion: Opinion) -> bool:
        """True if this sentinel changed its mind."""
        if self.own_of(opinion.node) == opinion:
            return False
        self._own[opinion.node] = opinion
        return True

    def holds(self, node: str, verdict: Verdict, unwritable: bool) -> bool:
        """Whether that is what this sentinel thinks of ``node`` already. Asked at every step."""
        own = self._own.get(node)
        if own is None:
            return not (verdict.down or verdict.unknown or unwritable)
        same = own.down is verdict.down and own.grade is verdict.grade and own.unknown is verdict.unknown
        return same and own.unwritable is unwritable

    def own(self) -> tuple[Opinion, ...]:
        """As the peers are told: with what they may know the nodes by."""
        return tuple(self._names.signed(opinion) for opinion in self._own.values())

    def own_of(self, node: str) -> Opinion:
        return self._own.get(node, Opinion(node, down=False))

    def forget_node(self, node: str) -> None:
        self._own.pop(node, None)

    def record(self, author: str, report: Report, now: float) -> None:
        known = self._reports.get(author)
        if known is not None and report.version <= known.said.version:
            return
        trouble = any(opinion.down or opinion.unwritable for opinion in report.opinions)
        self._reports[author] = _Heard(report, now, self._in_own_words(report.opinions), trouble)

    def repeats(self, author: str, frame: Opinions, now: float) -> bool:
        """Whether it only says what the last one said, which counts still: then it counts for longer.

        Nearly every frame does, so it is not taken apart for that.
        """
        known = self._reports.get(author)
        if known is None or now >= known.heard_at + self._lasts_s:
            return False
        said, (boot, seq) = known.said, known.said.version
        same = frame.boot == boot and frame.seq > seq and frame.opinions == said.opinions
        if not (same and frame.time == said.time and _settled_primary(frame.committed) == said.primary):
            return False
        if self._in_own_words(said.opinions) != known.opinions:
            return False  # Another node is meant by it, by what is known of their names since.
        again = Report((boot, frame.seq), said.opinions, said.time, said.primary)
        self._reports[author] = _Heard(again, now, known.opinions, known.any_trouble)
        return True

    def rename(self, nodes: Iterable[str], aliases: Mapping[str, str]) -> None:
        """Take over the names in use: all reports about the nodes are assigned again."""
        self._names.watch(nodes, aliases)
        for author, report in self._reports.items():
            self._reports[author] = replace(report, opinions=self._in_own_words(report.said.opinions))

    def _in_own_words(self, said: tuple[Opinion, ...]) -> dict[str, Opinion]:
        """A peer that has two names for a node means it by the name used here, or by the first."""
        opinions: dict[str, Opinion] = {}
        for opinion in said:
            node = self._names.meant(opinion)
            if node == opinion.node or node not in opinions:
                opinions[node] = opinion
        return opinions

    def forget(self, author: str) -> None:
        """The author is out of touch. Its version is kept, so that a late report stays late."""
        known = self._reports.get(author)
        if known is not None:
            self._reports[author] = _Heard(Report(known.said.version, ()), float("-inf"), {})

    def forget_all(self) -> None:
        for author in list(self._reports):
            self.forget(author)

    def supporters(self, node: str, since: float) -> frozenset[str]:
        """The sentinels that reported after ``since`` that ``node`` is the primary, up, and not being
        replaced.
        """
        return frozenset(
            author
            for author, report in self._reports.items()
            if report.heard_at > since
            and report.said.primary is not None
            and self._names.local(report.said.primary) == node
            and _is_up(report.opinions.get(node))
        )

    def speaks_of(self, node: str) -> bool:
        """Whether anybody ever said that ``node`` was not up: of most nodes nobody did."""
        return node in self._own or any(node in report.opinions for report in self._reports.values())

    def down(self, node: str, now: float) -> dict[str, Grade]:
        """The sentinels whose fresh opinion is that ``node`` is down, with their grades."""
        agree = dict(self._others(node, now))
        own = self._own.get(node)
        if own is not None and own.down:
            agree[self._self_id] = own.grade
        return dict(sorted(agree.items()))

    def unknown(self, node: str, now: float) -> frozenset[str]:
        """The sentinels whose fresh opinion is that nothing is known of ``node``."""
        said = {self._self_id: self._own.get(node)}
        for author, report in self._reports.items():
            if now < report.heard_at + self._lasts_s:
                said[author] = report.opinions.get(node)
        return frozenset(who for who, opinion in said.items() if opinion is not None and opinion.unknown)

    def odown(self, node: str, now: float) -> bool:
        """Objectively down: a quorum agrees, and this sentinel is one of them."""
        own = self._own.get(node)
        return own is not None and own.down and 1 + sum(1 for _ in self._others(node, now)) >= self._quorum

    def unwritable(self, node: str, now: float) -> bool:
        """A quorum, this sentinel included, has seen it refuse writes for long enough."""
        own = self._own.get(node)
        if own is None or not own.unwritable:
            return False
        others = sum(
            opinion.unwritable
            for report in self._reports.values()
            if report.any_trouble and now < report.heard_at + self._lasts_s
            for opinion in (report.opinions.get(node),)
            if opinion is not None
        )
        return 1 + others >= self._quorum

    def next_expiry(self, now: float) -> float | None:
        """The time when the next report that calls a node down or unwritable goes stale."""
        expiries = [
            report.heard_at + self._lasts_s for report in self._reports.values() if report.any_trouble
        ]
        return min((at for at in expiries if at > now), default=None)

    def _others(self, node: str, now: float) -> Iterator[tuple[str, Grade]]:
        """The other sentinels whose fresh opinion is that ``node`` is down."""
        for author, report in self._reports.items():
            opinion = report.opinions.get(node) if report.any_trouble else None
            if opinion is not None and opinion.down and now < report.heard_at + self._lasts_s:
                yield author, opinion.grade


def _settled_primary(committed: Entry) -> str | None:
    settled = committed.topology is not None and committed.intent is None
    return committed.topology.primary if settled and committed.topology is not None else None


def _is_up(opinion: Opinion | None) -> bool:
    """An author mentions a node only once it was not up."""
    return opinion is None or not (opinion.down or opinion.unknown)
