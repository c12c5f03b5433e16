"""The rules of what operators have told a group: a pause holds, and a schedule runs once."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_AGREED = "tests/unit/quorum/test_directives.py"
_WORK = "tests/unit/promotion/test_work.py"
_PAUSING = "tests/unit/sentinel/coordination/test_pausing.py"
_SCHEDULING = "tests/unit/sentinel/coordination/test_scheduling.py"

DIRECTIVES = (
    Mutation(
        "directives-carried-on",
        "a leader carries on what operators have told the group",
        "S8",
        "quorum/raft/journal.py",
        "told = self.state.entry.directives if directives is None else directives",
        "told = Directives() if directives is None else directives",
        (f"{_AGREED}::test_a_leader_carries_on_what_it_inherited_whatever_it_proposes",),
        style="",
    ),
    Mutation(
        "directives-on-disk-before-told",
        "a pause is on disk before anybody is told",
        "S8",
        "quorum/raft/journal.py",
        " and new.directives == before.directives",
        "",
        (f"{_AGREED}::test_they_are_on_disk_before_anybody_is_told",),
        style="",
    ),
    Mutation(
        "paused-no-election",
        "in a paused group nobody stands for a dead primary",
        "S8",
        "quorum/member.py",
        "self.primary in self._odown and not self.paused:",
        "self.primary in self._odown:",
        (f"{_AGREED}::test_while_paused_nobody_stands_for_a_dead_primary_but_it_is_told",),
        style="",
    ),
    Mutation(
        "paused-no-contradiction",
        "in a paused group nobody stands for a node that is astray",
        "S8",
        "sentinel/coordination/work_left.py",
        "self._situation.contradicted(now) and not self._member.paused:",
        "self._situation.contradicted(now):",
        (f"{_PAUSING}::test_nothing_is_re_pointed_or_demoted",),
        style="",
    ),
    Mutation(
        "paused-no-failover",
        "whoever leads a paused group promotes nobody by itself",
        "S8",
        "promotion/work.py",
        "if facts.paused and facts.intent is None and not (self.request and self.request.names_node):",
        "if False:",
        (f"{_WORK}::test_in_a_paused_group_a_dead_primary_is_left_alone",),
    ),
    Mutation(
        "paused-no-repair",
        "whoever leads a paused group re-points nobody, unless it changed the primary",
        "S8",
        "promotion/work.py",
        "if facts.down or (facts.paused and self.target is None):",
        "if facts.down:",
        (f"{_WORK}::test_in_a_paused_group_an_unsettled_entry_is_settled",),
    ),
    Mutation(
        "paused-named-only",
        "in a paused group an operator has to name the node",
        "S8",
        "promotion/actions.py",
        "return self.candidate is not None",
        "return True",
        (f"{_PAUSING}::test_what_an_operator_leaves_to_be_chosen_is_refused",),
    ),
    Mutation(
        "schedule-paused",
        "a schedule is dropped if the group is paused at its time",
        "S8",
        "sentinel/coordination/orders.py",
        "    if paused:\n",
        "    if False:\n",
        (f"{_SCHEDULING}::test_it_is_dropped_if_the_group_is_paused_at_its_time",),
    ),
    Mutation(
        "schedule-once",
        "a schedule is taken out in the write that announces the change",
        "S8",
        "sentinel/coordination/ordering.py",
        "return directives.close(Outcome.STARTED) if self._waits(directives) else directives",
        "return directives",
        (f"{_SCHEDULING}::test_at_its_time_it_is_carried_out_once",),
    ),
)
