"""Judges one node for one sentinel: graded evidence, and a timeout for each grade.

A process that is gone shows at once: its connection closes and new ones are refused, so a short timeout
(``refused_after_s``) only has to be longer than a quick restart. A proxy in front of a node can refuse as
well. So a refusal is no more than silence while a replica reports that its own link to the node is up
(``links``), and right after a change of primary, before a replica was linked to the new one. Silence proves
much less, so its timeout is ``down_after_s``. A connection that closes and can be opened again proves
nothing, unless it is closed again before an answer and a replica reports that its link is down: so it is with
a forwarder whose target is gone. A node that refuses our credentials (password, permission, TLS) lives, for
as long as it says so.

If another server answers in place of the node, as at an address that was given away, the node is silent.

A node that this sentinel could not observe, because of a stall or a lack of files, is unknown: neither up nor
down until it answers, or has not answered for long enough since it could be observed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from quorum.evidence import Evidence, EvidenceKind
from quorum.links import Links
from quorum.messages import Grade


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for which each grade of evidence must last before the node counts as down."""

    refused_after_s: float
    down_after_s: float
    loading_after_s: float

    @property
    def answer_after_s(self) -> float:
        """How long a refusal waits for replicas that were linked to the node and do not answer.

        They may be busy for a moment, and are asked over connections that are given up after as long.
        """
        return max(self.refused_after_s, self.down_after_s / 2)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``since`` is when the evidence for ``grade`` began; ``detail`` says it in words."""

    down: bool
    grade: Grade = Grade.NONE
    since: float = 0.0
    detail: str = ""
    unknown: bool = False
    """It is not known to be down, but it has not been up either since this sentinel could not look."""


def in_time() -> float:
    """Nothing is late here."""
    return 0.0


_UP = Verdict(down=False)
_ANSWERS = frozenset({EvidenceKind.ALIVE, EvidenceKind.LOADING, EvidenceKind.MISCONFIGURED})


class Detector:
    """Invariant: after a valid reply, with the right role and no regression, the node is not down."""

    def __init__(self, patience: Patience, now: float, late_s: Callable[[], float] = in_time) -> None:
        """``late_s``: how late this process asks, and takes in what was answered."""
        self._patience = patience
        self._late_s = late_s
        self.last_valid_at = now
        self.answered_at = now
        """Of these two, a stall of this process moves the first alone."""
        self.reached = False
        """Whether the node has ever answered this process."""
        self.misconfigured: str | None = None
        self.blind: str | None = None
        """Why this sentinel cannot look at the node now; None: it can."""
        self._unknown: str | None = None
        """What made what was known of it worthless; None: it has answered since."""
        self._links = Links()
        self._detail = "not reached yet"
        self._gone_since: float | None = None
        self._gone_grade: Grade | None = None
        self._closed_again = False
        """New connections are closed as well, before anything is answered."""
        self._loading_since: float | None = None
        self._wrong_role_since: float | None = None
        self._regression: tuple[float, str] | None = None
        self._another: str | None = None
        """What answers there now, in words, where that is not the node."""
        self._kept: tuple[object, list[tuple[float, Verdict]]] = (None, [])
        """The grounds, and what they were drawn from: they are asked for at every step."""

    def observe(self, evidence: Evidence, now: float) -> None:
        if evidence.kind is EvidenceKind.BLIND:
            self._unknown = self.blind = evidence.detail or evidence.kind.value
            self._be_patient_anew(now)
            return
        if self.blind is not None:
            self.blind = None
            self._be_patient_anew(now)
        self._detail = evidence.detail or evidence.kind.value
        match evidence.kind:
            case _ if self._another is not None and evidence.kind in _ANSWERS:
                self._detail = self._another
            case EvidenceKind.ALIVE:
                self._alive(now)
                self._loading_since = None
            case EvidenceKind.LOADING:
                self._alive(now)
                if self._loading_since is None:
                    self._loading_since = now
            case EvidenceKind.MISCONFIGURED:
                # Something answers there: it is our key that does not fit.
                self._alive(now)
                self.misconfigured = self._detail
            case EvidenceKind.CLOSED:
                self._closed_again = self._gone_since is not None
                self._gone(now, None)
            case EvidenceKind.REFUSED:
                self._gone(now, Grade.REFUSED)
            case EvidenceKind.UNRESOLVED:
                self._gone(now, Grade.UNRESOLVED)
            case EvidenceKind.UNREACHABLE | EvidenceKind.BLIND:
                pass

    @property
    def _silence_s(self) -> float:
        """What was not read yet proves nothing, so who is late is more patient by that much."""
        return self._patience.down_after_s + self._late_s()

    def confirms(self, evidence: Evidence, now: float) -> bool:
        """Takes in what changes nothing: one more valid reply, or one more refusal. Else returns False."""
        detail = evidence.detail or evidence.kind.value
        if evidence.kind is EvidenceKind.REFUSED and self.blind is None:
            known = self._gone_grade is Grade.REFUSED and self._loading_since is None
            return known and self._detail == detail
        calm = evidence.kind is EvidenceKind.ALIVE and self.reached and self._calm(now)
        if calm:
            self._detail = detail
            self.last_valid_at = self.answered_at = now
        return calm

    def saw_role(self, right: bool, now: float) -> None:
        """Whether the node answers in the role that the committed topology gives it."""
        if right:
            self._wrong_role_since = None
        elif self._wrong_role_since is None:
            self._wrong_role_since = now

    def got_role(self, *, is_made: bool, now: float) -> None:
        """There is a new topology, which may have made the node primary: how it was seen was before."""
        self.saw_role(True, now)
        self.saw_regression(None, now)
        self._links.made_primary(is_made)

    def saw_another(self, detail: str | None, now: float) -> None:
        """What answers is another server, as ``detail`` says; None: it is the node."""
        if detail is not None and self._another is None:
            self._detail = detail
        elif detail is None and self._another is not None:
            self._alive(now)
        self._another = detail

    def saw_regression(self, detail: str | None, now: float) -> None:
        """The data set fell back while replicas still hold data; None takes it back."""
        if detail is None:
            self._regression = None
        elif self._regression is None:
            self._regression = (now, detail)

    def distrust(self, now: float, *, was_down: bool = False) -> None:
        """This process was stalled: what it did not see in that time proves nothing; patience starts anew.

        ``was_down``: so it was called before.
        """
        if was_down and self._unknown is None:
            self._unknown = "not seen since this sentinel was stalled"
        self._be_patient_anew(now)

    def _be_patient_anew(self, now: float) -> None:
        self.last_valid_at = now
        if self._gone_since is not None:
            self._gone_since = now
            self._gone_grade = None
            self._closed_again = False
            self._links.lost(now)
        if self._loading_since is not None:
            self._loading_since = now
        if self._wrong_role_since is not None:
            self._wrong_role_since = now

    @property
    def links(self) -> Links:
        """A replica's report of its link to the node."""
        return self._links

    @property
    def regressed(self) -> bool:
        return self._regression is not None

    def wants_links(self, now: float) -> bool:
        """Whether the replicas' word may change the judgement: it is lost here, and not for long yet."""
        lost = self._gone_since is not None and self.blind is None
        return lost and now < self.last_valid_at + self._silence_s

    def doubtful(self, now: float) -> bool:
        """Down, or on the way to it: closed, or silent for half as long as it may be."""
        return not self._calm(now + self._patience.down_after_s / 2)

    def judge(self, now: float) -> Verdict:
        if self._calm(now):
            return _UP
        for at, verdict in self._kept_grounds():
            if now >= at:
                return verdict
        detail = self._unknown or self.misconfigured or ""
        return Verdict(False, detail=detail, unknown=self._unknown is not None)

    def next_deadline(self, now: float) -> float | None:
        """When ``judge`` would change its mind, or the grade, if nothing more is seen; None if never.

        Who is late now may be in time by then, so a silence is looked at when its own patience is over.
        """
        patient_until = self.last_valid_at + self._patience.down_after_s
        if self._calm(now):
            return patient_until if now < patient_until else self.last_valid_at + self._silence_s
        grounds = self._kept_grounds()

        def grade(when: float) -> Grade:
            return next((verdict.grade for at, verdict in grounds if when >= at), Grade.NONE)

        current = grade(now)
        changes = [at for at, _ in grounds if at > now and grade(at) is not current]
        if self._late_s() and now < patient_until:
            changes.append(patient_until)
        return min(changes, default=None)

    def _calm(self, now: float) -> bool:
        """Whether only silence could make it down, and has not yet."""
        return (
            self._gone_since is None
            and self._loading_since is None
            and self._wrong_role_since is None
            and self._regression is None
            and self._another is None
            and self.misconfigured is None
            and self._unknown is None
            and now < self.last_valid_at + self._silence_s
        )

    def _kept_grounds(self) -> list[tuple[float, Verdict]]:
        seen = (
            self.last_valid_at,
            self._detail,
            self.misconfigured,
            self.blind,
            self._gone_since,
            self._gone_grade,
            self._closed_again,
            self._loading_since,
            self._wrong_role_since,
            self._regression,
            self._links.version,
            self._late_s(),
        )
        if self._kept[0] != seen:
            self._kept = (seen, list(self._grounds()))
        return self._kept[1]

    def _grounds(self) -> Iterator[tuple[float, Verdict]]:
        """Each ground for calling the node down, with when it holds; the most certain first."""
        p = self._patience
        if self._regression is not None:
            since, detail = self._regression
            yield since, Verdict(True, Grade.REGRESSED, since, detail)
        if self.blind is not None:
            return
        linked = self._links.vouching
        gone_grade = self._gone_grade
        if gone_grade is None and self._closed_again and self._links.broken:
            gone_grade = Grade.REFUSED
        if (
            self.misconfigured is None
            and self._gone_since is not None
            and gone_grade is not None
            and not linked
        ):
            verdict = Verdict(True, gone_grade, self._gone_since, self._detail + self._links.told)
            patience_s = p.answer_after_s if self._links.is_awaited else p.refused_after_s
            at = self._gone_since + patience_s
            if self._links.begins:
                # Nobody can tell this from a forwarder that is away, and whoever writes past that loses it.
                at = max(at, self.last_valid_at + self._silence_s)
            yield at, verdict
        still = f"; still linked: {', '.join(linked)}" if linked else ""
        seen = f"no valid reply; last seen: {self._detail}{still}"
        silent = Verdict(True, Grade.SILENT, self.last_valid_at, seen)
        yield self.last_valid_at + self._silence_s, silent
        if self.misconfigured is not None:
            return
        if self._loading_since is not None:
            verdict = Verdict(True, Grade.UNUSABLE, self._loading_since, "still loading its data set")
            yield self._loading_since + p.loading_after_s, verdict
        if self._wrong_role_since is not None:
            verdict = Verdict(True, Grade.UNUSABLE, self._wrong_role_since, "answers as a replica")
            yield self._wrong_role_since + p.down_after_s, verdict

    def _alive(self, now: float) -> None:
        self.last_valid_at = self.answered_at = now
        self.reached = True
        self.misconfigured = None
        self._unknown = None
        self._gone_since = None
        self._gone_grade = None
        self._closed_again = False
        self._links.regained()

    def _gone(self, now: float, grade: Grade | None) -> None:
        if self._gone_since is None:
            self._gone_since = now
            self._links.lost(now)
        self._loading_since = None
        # A refusal is the surer sign: a name that stops resolving later does not take it back.
        if grade is not None and self._gone_grade is not Grade.REFUSED:
            self._gone_grade = grade
        # A dead process has no password: what was misconfigured before no longer matters.
        if grade is Grade.REFUSED:
            self.misconfigured = None
