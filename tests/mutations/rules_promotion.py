"""The rules of acting: what comes before a promotion, the fence, and what is pointed at what."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_EXECUTOR = "tests/integration/test_executor.py"
_LEASE_CHECK = (
    "tests/unit/sentinel/coordination/test_lease_check.py::"
    "test_a_lease_covers_the_commands_of_its_own_term_only_and_only_while_it_lasts"
)
_WORK = "tests/unit/promotion/test_work.py"
_CANDIDATES = "tests/unit/promotion/test_candidates.py"

PROMOTION = (
    Mutation(
        "lease-before-each-command",
        "without a valid lease no command is sent",
        "S4",
        "sentinel/coordination/coordinator.py",
        "return view.term == term and view.lease_valid(now)",
        "return True",
        (_LEASE_CHECK,),
        style="gentle",
    ),
    Mutation(
        "lease-of-that-term",
        "a command is sent only under the lease of its own term",
        "S4",
        "sentinel/coordination/coordinator.py",
        "return view.term == term and view.lease_valid(now)",
        "return view.lease_valid(now)",
        (_LEASE_CHECK,),
        style="gentle",
    ),
    Mutation(
        "executor-guard",
        "the executor asks for the lease before each send",
        "S4",
        "promotion/executor.py",
        "    if not guard():\n",
        "    if False:\n",
        (f"{_EXECUTOR}::test_a_lease_that_ran_out_sends_nothing",),
        style="",
    ),
    Mutation(
        "lease-to-propose",
        "without a valid lease nothing is proposed",
        "S4",
        "quorum/raft/register.py",
        """\
        if not self.lease_valid(now):
            raise NotLeaderError(f"{self.self_id} does not lead in term {self.state.term}")
""",
        "",
        (
            "tests/unit/quorum/raft/test_register_leader.py::"
            "test_without_a_lease_nothing_can_be_proposed_and_nothing_changes",
        ),
    ),
    Mutation(
        "intent-first",
        "the intent is committed before the promotion",
        "S5",
        "promotion/work.py",
        """\
        note, write = self._planned.intend()
        return [note, *again, write]
""",
        """\
        self._enter(Phase.PROMOTING)
        return [self._planned.intend()[0], Run(self._planned.promote)]
""",
        (f"{_WORK}::test_the_best_replica_is_promoted_and_the_rest_follow_by_turns",),
    ),
    Mutation(
        "intent-goes-first",
        "a successor goes for the intent that may be carried out already",
        "S3",
        "promotion/work.py",
        """\
        if facts.intent is not None:
            return self._finish_or_supersede(facts.intent, wiped, views, facts, now)
""",
        "",
        (_WORK,),
        style="gentle",
    ),
    Mutation(
        "read-anew",
        "a leader reads every node anew before it decides",
        "S7",
        "sentinel/coordination/leading.py",
        "                self._wanted.append(Read(self._under_way.read(), nodes))\n",
        "                self.read_done(ReadDone(self._under_way.read(), frozenset(nodes)), at)\n",
        ("tests/unit/sentinel/coordination/test_read_anew.py",),
        style="durable",
    ),
    Mutation(
        "watch-the-fence",
        "the fence is watched, so that a stale leader's EXEC fails",
        "S4",
        "promotion/fenced_session.py",
        'return () if self.key is None else (("WATCH", self.key), ("GET", self.key))',
        'return () if self.key is None else (("PING",), ("GET", self.key))',
        (f"{_EXECUTOR}::test_a_leader_that_slept_before_exec_is_refused_by_redis",),
        style="gentle",
    ),
    Mutation(
        "get-the-fence",
        "the fence is read, so that a stale leader stops",
        "S4",
        "promotion/fenced_session.py",
        """\
        if self.found is not None and self.found > self.term:
            raise FencedError(self.node, self.found)
""",
        "",
        ("tests/unit/promotion/test_steps.py::test_a_newer_term_ends_it_before_anything_is_done",),
        style="gentle",
    ),
    Mutation(
        "write-the-fence",
        "a promotion raises the fence",
        "S4",
        "promotion/promoting.py",
        "        fence = session.write_fence()\n",
        "        fence: tuple[Part, ...] = ()\n",
        (f"{_EXECUTOR}::test_promotion_writes_the_fence_and_the_next_replica_gets_it",),
        style="gentle",
    ),
    Mutation(
        "last-words",
        "without reading them anew, replicas are compared by what they said after the primary was gone",
        "S7",
        "promotion/witness.py",
        "        view.age_s < gone_s and view.role",
        "        view.role",
        ("tests/unit/promotion/test_witness.py::test_what_was_said_before_the_end_is_not_the_last_word",),
    ),
    Mutation(
        "one-promotion-a-term",
        "a term promotes one node",
        "S3",
        "promotion/promoting.py",
        """\
        # This very term has promoted another node, which this one follows.
        raise FencedError(session.node, session.found)
""",
        "",
        (f"{_EXECUTOR}::test_one_term_does_not_promote_two_nodes",),
        style="gentle",
    ),
    Mutation(
        "full-before-empty",
        "an empty replica is not promoted beside a full one",
        "S7",
        "promotion/candidates.py",
        "if not view.keys and any(other.keys for other in eligible):",
        "if False:",
        (f"{_CANDIDATES}::test_a_replica_that_still_holds_its_data_saves_it_from_a_wiped_primary",),
        style="durable",
    ),
    Mutation(
        "former-before-new",
        "of a wiped primary's replicas only those that still hold what it lost are promoted",
        "S7",
        "promotion/current_ranking.py",
        "**_wiped_along(views, facts), ",
        "",
        (
            "tests/unit/promotion/test_last_resort.py::"
            "test_who_followed_a_wiped_primary_is_not_preferred_for_what_clients_wrote_since",
        ),
    ),
    Mutation(
        "first-sync",
        "a replica in its first synchronisation is not promoted",
        "S7",
        "promotion/candidates.py",
        '        (view.sync_in_progress and not view.keys, "in its first full sync, holds no data yet"),\n',
        "",
        (f"{_CANDIDATES}::test_each_filter_rejects_and_says_why",),
    ),
    Mutation(
        "newest-first",
        "of equal priority the newest is promoted",
        "S7",
        "promotion/candidates.py",
        "-offset_bytes, view.version",
        "0, view.version",
        (f"{_CANDIDATES}::test_priority_then_offset_then_zone_then_run_id",),
        style="durable",
    ),
    Mutation(
        "nothing-follows-the-empty",
        "nothing is pointed at an empty primary",
        "S7",
        "promotion/plan.py",
        "if not target.keys and holders:",
        "if False:",
        ("tests/unit/promotion/test_plan.py::test_a_wiped_primary_does_not_wipe_even_the_last_holder",),
        style="durable",
    ),
    Mutation(
        "follow-a-master-only",
        "nothing is pointed at a primary that answers as a replica",
        "S7",
        "promotion/plan.py",
        'if target.role != "master":',
        "if False:",
        ("tests/unit/promotion/test_plan.py::test_nothing_is_pointed_at_a_primary_that_is_none",),
    ),
    Mutation(
        "stranded-is-promoted",
        "a replica that followed another one, dead too, is a last resort",
        "L1",
        "promotion/current_ranking.py",
        "    if found is None:\n",
        "    if True:\n",
        (
            "tests/unit/promotion/test_stranded.py::"
            "test_the_last_of_a_chain_whose_others_are_gone_is_promoted_and_the_reason_told",
        ),
        style="",
    ),
    Mutation(
        "stranded-is-cut-off",
        "whoever follows a server that serves is somebody's, and not promoted",
        "S7",
        "promotion/stranded.py",
        "        and _is_cut_off(view, views, max_link_down_s)\n",
        "",
        ("tests/unit/promotion/test_stranded.py::test_who_need_not_hold_the_newest_data_is_not_promoted",),
        style="",
    ),
    Mutation(
        "demotion-tells-the-loss",
        "what a master that is demoted had taken alone is told",
        "S7",
        "promotion/plan.py",
        "        shared_bytes(view, target),\n",
        "        None,\n",
        (
            "tests/unit/promotion/test_lost_writes.py::"
            "test_what_a_master_by_hand_has_taken_alone_is_told_when_it_is_demoted",
        ),
        style="",
    ),
)
