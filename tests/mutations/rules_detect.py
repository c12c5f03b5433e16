"""The rules of what a refusal, a silence and a stall prove."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_LINKS = "tests/unit/quorum/test_links.py"
_LINKED = "tests/unit/sentinel/test_linked_replicas.py"
_WORK = "tests/unit/promotion/test_work.py"

DETECT = (
    Mutation(
        "linked-vouches",
        "a refusal is no more than silence while a replica says that its link is up",
        "S6",
        "quorum/detector.py",
        "if self._gone_since is not None and self._gone_grade is not None and not linked:",
        "if self._gone_since is not None and self._gone_grade is not None:",
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
        "if facts.gone_by_all and facts.cause == REFUSED and (still := linked(facts.primary, views)):",
        "if not facts.down and (still := linked(facts.primary, views)):",
        (_WORK,),
        style="",
    ),
)
