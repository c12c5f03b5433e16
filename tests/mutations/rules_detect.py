"""The rules of what a refusal, a silence and a stall prove."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_LINKS = "tests/unit/quorum/test_links.py"
_LINKED = "tests/unit/sentinel/test_linked_replicas.py"
_WORK = "tests/unit/promotion/test_work.py"
_DETECTOR = "tests/unit/quorum/test_detector.py"
_JUDGEMENTS = "tests/unit/sentinel/test_judgements.py"
_EVIDENCE = "tests/unit/sentinel/test_redis_evidence.py"
_RETURNED = "tests/unit/promotion/test_returned.py"

DETECT = (
    Mutation(
        "linked-vouches",
        "a refusal is no more than silence while a replica says that its link is up",
        "S6",
        "quorum/detector.py",
        "            and not linked\n",
        "",
        (_LINKS,),
        style="harmless",
    ),
    Mutation(
        "closed-proves-nothing",
        "connections that are closed unanswered prove nothing unless a replica's link is down as well",
        "S6",
        "quorum/detector.py",
        "if gone_grade is None and self._closed_again and self._links.broken:",
        "if gone_grade is None and self._closed_again:",
        (_LINKS,),
        style="harmless",
    ),
    Mutation(
        "asked-since-the-loss",
        "what a replica was asked before the loss is no answer",
        "S6",
        "quorum/links.py",
        "        return word.asked_at >= self._lost_at\n",
        "        return True\n",
        (_LINKS,),
        style="",
    ),
    Mutation(
        "linked-is-waited-for",
        "a refusal waits a while for a replica that was linked and has not answered yet",
        "S6",
        "quorum/detector.py",
        "patience_s = p.answer_after_s if self._links.is_awaited else p.refused_after_s",
        "patience_s = p.refused_after_s",
        (_LINKS,),
        style="harmless",
    ),
    Mutation(
        "lost-replica-vouches-not",
        "a replica that is lost itself vouches for nobody",
        "L1",
        "quorum/member.py",
        "            hear_link(self._detectors, node, None)\n",
        "            pass\n",
        (f"{_LINKED}::test_a_replica_that_is_lost_as_well_vouches_for_nobody",),
        style="",
    ),
    Mutation(
        "links-are-asked",
        "the replicas of a primary that is lost here are asked for their links",
        "S6",
        "sentinel/situation.py",
        "        if links is None:\n            return ()\n",
        "        return ()\n",
        (_LINKED,),
        style="harmless",
    ),
    Mutation(
        "leader-reads-links",
        "a leader promotes nobody on a refusal while a replica that it read says that its link is up",
        "S6",
        "promotion/work.py",
        "        if still := linked(facts, views):\n",
        "        if still := ():\n",
        (_WORK,),
        style="",
    ),
    Mutation(
        "asked-again",
        "the old primary is asked once more while the intent is committed",
        "S6",
        "promotion/returned.py",
        '        return [AskAgain(facts.primary or "")]\n',
        "        return []\n",
        (_RETURNED, _LINKED),
        style="",
    ),
    Mutation(
        "back-with-its-data",
        "one that is back while the intent is committed stays only if it has what the chosen one has",
        "S7",
        "promotion/returned.py",
        "    return held is not None and held >= successor.offset_bytes\n",
        "    return True\n",
        (_RETURNED,),
        style="",
    ),
    Mutation(
        "back-keys-are-no-proof",
        "that it has as many keys is no proof that it has what the chosen one has",
        "S7",
        "promotion/returned.py",
        "    return held is not None and held >= successor.offset_bytes\n",
        "    return (held is not None and held >= successor.offset_bytes) or back.keys >= successor.keys\n",
        (
            f"{_RETURNED}::test_else_the_chosen_one_is_promoted",
            "tests/simulation/test_restarts.py",
        ),
        style="",
    ),
    Mutation(
        "back-stays",
        "an old primary that is back with its data stays primary",
        "S7",
        "promotion/work.py",
        "        if facts is not None and not facts.down and self._second_look.finds_it_back(views):\n",
        "        if False:\n",
        (_RETURNED,),
        style="",
    ),
    Mutation(
        "blind-knows-nothing",
        "a sentinel that cannot look calls nothing down",
        "S6",
        "quorum/detector.py",
        "        if self.blind is not None:\n            return\n",
        "",
        (_DETECTOR,),
        style="harmless",
    ),
    Mutation(
        "sight-regained",
        "patience starts anew once a sentinel can look again",
        "S6",
        "quorum/detector.py",
        """\
            self.blind = None
            self._be_patient_anew(now)
""",
        """\
            self.blind = None
""",
        (_DETECTOR,),
        style="",
    ),
    Mutation(
        "lack-is-ours",
        "what this machine lacks says nothing of the node",
        "S6",
        "sentinel/redis_evidence.py",
        'return _evidence(EvidenceKind.BLIND, f"cannot connect from here: {text}")',
        'return _evidence(EvidenceKind.MISCONFIGURED, f"cannot connect from here: {text}")',
        (_EVIDENCE,),
        style="",
    ),
    Mutation(
        "misconfigured-for-a-while",
        "a node that refused our key and fell silent is down in time",
        "L1",
        "quorum/detector.py",
        "        silent = Verdict(True, Grade.SILENT, self.last_valid_at, seen)\n",
        "        if self.misconfigured is not None:\n            return\n"
        "        silent = Verdict(True, Grade.SILENT, self.last_valid_at, seen)\n",
        (_DETECTOR,),
        style="",
    ),
    Mutation(
        "stall-makes-unknown",
        "a stall makes no dead node alive",
        "S6",
        "quorum/member.py",
        "detector.distrust(now, was_down=self.board.own_of(node).down)",
        "detector.distrust(now)",
        (_JUDGEMENTS,),
        style="",
    ),
    Mutation(
        "up-when-it-answers",
        "that a node is up again is told once it has answered",
        "S6",
        "sentinel/judgements.py",
        "if node not in self._down or verdict.down or verdict.unknown or self._member.is_odown(node):",
        "if node not in self._down or self._member.is_odown(node):",
        (_JUDGEMENTS,),
        style="",
    ),
)
