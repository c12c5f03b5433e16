"""The rules of nodes that refuse: what is essential, what is taken back, and what is tried beforehand."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_PROMOTING = "tests/unit/promotion/test_promoting.py"
_STEPS = "tests/unit/promotion/test_steps.py"
_PATHS = "tests/unit/promotion/test_switchover_paths.py"
_REHEARSING = "tests/unit/promotion/test_rehearsing.py"
_ATTEMPTS = "tests/unit/sentinel/coordination/test_attempts.py"

STEPS = (
    Mutation(
        "leave-without-discard",
        "a user who may not DISCARD gets out of a transaction",
        "L1",
        "promotion/fenced_session.py",
        'tuple[Command, ...] = (("DISCARD",), ("EXEC",))\n',
        'tuple[Command, ...] = (("DISCARD",), ("PING",))\n',
        (f"{_PROMOTING}::test_a_user_who_may_not_discard_can_promote",),
        style="",
    ),
    Mutation(
        "older-turn",
        "where REPLICAOF is not there, or not for us, its older name does it",
        "L1",
        "promotion/fenced_session.py",
        "        return tries\n",
        "        return False\n",
        (f"{_STEPS}::test_where_replicaof_is_not_there_its_older_name_does_it",),
        style="",
    ),
    Mutation(
        "role-otherwise",
        "where ROLE is not there, or not for us, INFO says what the node is",
        "L1",
        "promotion/fenced_session.py",
        "role_said((yield Call(OTHERWISE))) if denied(refused) else refused",
        "refused",
        (f"{_STEPS}::test_what_a_node_is_is_asked_by_info_where_role_is_refused",),
        style="",
    ),
    Mutation(
        "older-turn-obeys",
        "where REPLICAOF is refused without MULTI, a newer term is obeyed before SLAVEOF is tried",
        "S4",
        "promotion/fenced_session.py",
        "            if look:\n                self._obey(replies[0])\n            return",
        "            return",
        (f"{_STEPS}::test_without_multi_a_newer_term_is_obeyed_before_the_older_name_is_tried",),
        style="",
    ),
    Mutation(
        "optional-is-dropped",
        "what a transaction can do without never makes it fail",
        "L1",
        "promotion/fenced_session.py",
        "        dropped.update(refused)\n",
        "        raise self.failed(parts[min(refused)].words, refused[min(refused)])\n",
        (f"{_STEPS}::test_only_replicaof_is_essential_to_a_demotion",),
        style="",
    ),
    Mutation(
        "take-back",
        "whoever refuses the fence behind REPLICAOF NO ONE follows again",
        "S4",
        "promotion/promoting.py",
        "            if self._turned and self._before is not None:\n",
        "            if False:\n",
        (f"{_PROMOTING}::test_where_the_fence_is_refused_the_node_follows_as_before",),
        style="",
    ),
    Mutation(
        "snapshot-set-aside",
        "a failed snapshot does not keep the fence out",
        "L1",
        "promotion/fence_overrides.py",
        '    if setting(stop_writes) == b"yes" and snapshot_failed(persistence):\n',
        "    if False:\n",
        (f"{_PROMOTING}::test_a_failed_snapshot_does_not_keep_the_fence_out",),
        style="",
    ),
    Mutation(
        "set-aside-is-restored",
        "what was set aside is restored in the same write",
        "S7",
        "promotion/fenced_session.py",
        "            tuple(override.restore for override in reversed(self._overrides)),\n",
        "            (),\n",
        (f"{_PROMOTING}::test_a_full_node_is_given_room_for_one_write",),
        style="",
    ),
    Mutation(
        "without-eval",
        "where EVAL is refused the fence is set behind the promotion",
        "S4",
        "promotion/promoting.py",
        "        yield from set_fence(session, self._overrides, self._behind)\n",
        "        yield from session.transact(*(Part(words, Need.MAY) for words in self._behind))\n",
        (f"{_PROMOTING}::test_without_eval_the_fence_is_set_behind_the_promotion",),
        style="",
    ),
    Mutation(
        "fence-in-the-script",
        "a fence that could not be read before is obeyed by the script that would raise it",
        "S4",
        "promotion/promoting.py",
        "        elif isinstance(written, bytes) and session.read_term(written) > session.term:\n",
        "        elif False:\n",
        (f"{_PROMOTING}::test_where_it_may_not_be_told_to_serve_a_newer_fence_takes_the_promotion_back",),
        style="",
    ),
    Mutation(
        "rehearse",
        "a switchover that a node would refuse is refused before anything is done",
        "L1",
        "promotion/rehearsing.py",
        "        if words in refused:\n",
        "        if False:\n",
        (f"{_REHEARSING}::test_what_a_switchover_needs_and_a_node_refuses_is_found_out",),
        style="",
    ),
    Mutation(
        "undone-in-the-same-term",
        "a switchover that fails is undone by the leader that began it",
        "L1",
        "promotion/switchover.py",
        "        return None if maybe_promoted or self.stage is Stage.UNDO else self._undo()\n",
        "        return None\n",
        (f"{_PATHS}::test_a_step_that_fails_is_undone_by_the_same_leader_unless_the_target_may_be_promoted",),
        style="",
    ),
    Mutation(
        "not-undone-if-unknown",
        "nothing is undone in a term that may have promoted the target",
        "S3",
        "promotion/switchover.py",
        "        maybe_promoted = unknown and self.stage in (Stage.HANDOVER, Stage.PROMOTE)\n",
        "        maybe_promoted = False\n",
        (f"{_PATHS}::test_a_step_that_fails_is_undone_by_the_same_leader_unless_the_target_may_be_promoted",),
        style="",
    ),
    Mutation(
        "unsent-is-no-refusal",
        "a lease that runs out before a request drops nothing that an operator asked for",
        "L1",
        "sentinel/coordination/leading.py",
        """\
            case StepUnsent():
                # An operator's request is for the next leader.
                self._wanted.append(StopLeading())
""",
        """\
            case StepUnsent():
                facts = self._situation.facts(at.now)
                self._do(work.step_failed(step, "no lease", facts, at.now), at)
""",
        (
            "tests/unit/sentinel/coordination/test_lease_check.py::"
            "test_a_lease_that_ran_out_before_a_request_is_no_refusal_and_the_next_leader_takes_the_request_up",
        ),
        style="",
    ),
    Mutation(
        "every-repetition-backs-off",
        "also what may well succeed at once waits longer each time",
        "L1",
        "sentinel/coordination/attempts.py",
        "        own_s = (self._soon if soon else self._pause).next_s()\n",
        "        own_s = 0.0 if soon else self._pause.next_s()\n",
        (f"{_ATTEMPTS}::test_what_may_well_succeed_at_once_is_repeated_at_once_only_the_first_time",),
        style="",
    ),
    Mutation(
        "all-back-off-together",
        "whoever fails next waits twice as long as whoever failed before",
        "L1",
        "sentinel/coordination/leading.py",
        "        least_s = self._member.standing.next_wait_s(at.now)\n",
        "        least_s = 0.0\n",
        ("tests/simulation/test_refusals.py::test_attempts_that_fail_everywhere_become_rarer_whoever_leads",),
        style="",
    ),
    Mutation(
        "uncut-is-left-out",
        "a replica that could not be cut off a moment ago is left out where others are enough",
        "L1",
        "promotion/sealing.py",
        "        if not self._suffices(left_out, views, eligible, facts):\n",
        "        if True:\n",
        (
            "tests/unit/promotion/test_sealing.py"
            "::test_one_that_could_not_be_cut_off_a_moment_ago_is_left_out_where_others_are_there",
        ),
        style="lasting",
    ),
    Mutation(
        "uncut-is-needed",
        "it is tried again where too few could vouch, or be promoted, without it",
        "L1",
        "promotion/sealing.py",
        "        if not self._suffices(left_out, views, eligible, facts):\n",
        "        if False:\n",
        ("tests/unit/promotion/test_sealing.py::test_where_nobody_else_could_be_promoted_it_is_tried_again",),
        style="lasting",
    ),
    Mutation(
        "mute-follows-last",
        "a replica that answered no step keeps no other from following",
        "L1",
        "promotion/plan.py",
        "    rest.sort(key=lambda step: step.node in last)\n",
        "",
        (
            "tests/unit/promotion/test_work.py::test_a_replica_that_answers_no_step_keeps_no_other_from_following",
        ),
        style="lasting",
    ),
    Mutation(
        "repetitions-told-once",
        "what each attempt does before it fails is told once",
        "L1",
        "sentinel/coordination/attempts.py",
        "        return known and self.repeating\n",
        "        return False\n",
        (f"{_ATTEMPTS}::test_what_each_attempt_does_before_it_fails_is_told_once",),
        style="",
    ),
    Mutation(
        "no-term-stops-nobody",
        "what is no term in the fence is left alone, and stops nobody",
        "L1",
        "promotion/fenced_session.py",
        "            self.key = None\n",
        "            pass\n",
        ("tests/unit/promotion/test_steps.py::test_what_is_no_term_is_told_and_left_alone_and_stops_nobody",),
        style="",
    ),
    Mutation(
        "paused-writes-are-resumed",
        "writes that somebody paused at a replica do not hold up its promotion",
        "L1",
        "promotion/promoting.py",
        "    session.ahead(RESUME)\n",
        "",
        (
            "tests/unit/promotion/test_promoting.py::"
            "test_the_fence_is_watched_then_read_then_raised_in_the_transaction_that_promotes",
        ),
        style="",
    ),
    Mutation(
        "known-refusals-at-once",
        "a switchover that a node is known to refuse is refused when it is asked for",
        "L1",
        "sentinel/web/operations.py",
        "        if reasons:\n",
        "        if False:\n",
        (
            "tests/unit/sentinel/web/test_http_switchover_refused.py::"
            "test_what_a_node_would_refuse_is_told_with_the_reasons_and_nothing_is_begun",
        ),
        style="",
    ),
)
