"""The rules about writes: durability, planned switchover, write safety, self-fencing."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_DURABILITY = "tests/unit/promotion/test_durability.py"
_SWITCHING = "tests/unit/promotion/test_switching.py"
_SEALING = "tests/unit/promotion/test_sealing.py"
_STEPS = "tests/unit/promotion/test_steps.py"
_FENCE = "tests/unit/sentinel/test_self_fence.py"

WRITES = (
    Mutation(
        "durability-count",
        "enough replicas vouch for what WAIT acknowledged",
        "S7",
        "promotion/durability.py",
        "if len(self.seen) >= self.needed:",
        "if True:",
        (f"{_DURABILITY}::test_with_too_few_nothing_is_promoted_and_the_reason_names_who_is_missing",),
        style="durable",
    ),
    Mutation(
        "durability-newest",
        "of these only the newest is promoted",
        "S7",
        "promotion/durability.py",
        "elif counted[view.name] < newest:",
        "elif False:",
        (f"{_DURABILITY}::test_only_the_newest_of_those_seen_may_be_promoted",),
        style="durable",
    ),
    Mutation(
        "durability-history",
        "an offset counts in the primary's history only",
        "S7",
        "promotion/durability.py",
        """        (view.replid != history, "its history is not the primary's"),\n""",
        "",
        (f"{_DURABILITY}::test_who_may_have_lost_what_it_acknowledged_does_not_vouch",),
        style="durable",
    ),
    Mutation(
        "durability-connected",
        "a replica that restarted vouches once it was connected",
        "S7",
        "promotion/durability.py",
        """\
        (not view.link_up and view.link_down_s is None, "was never connected since it started"),
""",
        "",
        (f"{_DURABILITY}::test_who_may_have_lost_what_it_acknowledged_does_not_vouch",),
        style="durable",
    ),
    Mutation(
        "sealed-before-the-choice",
        "replicas are cut off before the choice",
        "S7",
        "promotion/sealing.py",
        "return self._rules.acknowledged_by is not None or self._waits(facts)",
        "return self._waits(facts)",
        (f"{_SEALING}::test_every_replica_is_cut_off_before_the_newest_is_promoted",),
        style="durable",
    ),
    Mutation(
        "only-the-sealed-count",
        "who could not be cut off does not vouch",
        "S7",
        "promotion/durability.py",
        """        (sealed_only and not view.sealed, "could not be cut off from the primary"),\n""",
        "",
        (f"{_SEALING}::test_one_that_could_not_be_cut_off_may_hold_more_than_is_known",),
        style="durable",
    ),
    Mutation(
        "fence-wait",
        "a promotion across a partition waits until the old primary refuses writes",
        "S7",
        "promotion/work.py",
        "if now < self._sealing.until:",
        "if False:",
        (f"{_SEALING}::test_across_a_partition_it_waits_until_the_old_primary_refuses_writes",),
    ),
    Mutation(
        "switchover-pauses",
        "a switchover pauses the writes",
        "S7",
        "promotion/steps.py",
        '(("CLIENT", "PAUSE", round(step.for_s * 1000), "WRITE"),)',
        '(("CLIENT", "PAUSE", 1, "WRITE"),)',
        (f"{_STEPS}::test_the_pause_lasts_as_long_as_it_was_asked_for_and_ends_by_itself",),
        style="gentle",
    ),
    Mutation(
        "switchover-catches-up",
        "a switchover waits until the target has all",
        "S7",
        "promotion/switching.py",
        "if self.stage is Stage.CATCH_UP and ready:",
        "if self.stage is Stage.CATCH_UP:",
        (f"{_SWITCHING}::test_it_waits_until_the_target_has_all_that_the_primary_has",),
        style="gentle",
    ),
    Mutation(
        "switchover-verifies",
        "a switchover looks again once the old primary is a replica",
        "S7",
        "promotion/switching.py",
        "if self.stage is Stage.VERIFY and ready:",
        "if self.stage is Stage.VERIFY:",
        (f"{_SWITCHING}::test_it_looks_again_once_the_old_primary_takes_no_writes",),
        style="gentle",
    ),
    Mutation(
        "disarm",
        "a successor cuts off whoever was about to promote the intent's target",
        "S4",
        "promotion/work.py",
        "if usable and not self._disarmed and not facts.gone_by_all:",
        "if False:",
        (f"{_SWITCHING}::test_a_successor_promotes_the_target_only_if_it_has_all",),
        style="gentle",
    ),
    Mutation(
        "switchover-whole",
        "a successor promotes a switchover's target only if it has all",
        "S7",
        "promotion/reinstating.py",
        "return target if caught_up(node, target, views) else node",
        "return target",
        (f"{_SWITCHING}::test_a_successor_promotes_the_target_only_if_it_has_all",),
        style="gentle",
    ),
    Mutation(
        "cancelled-is-thawed",
        "a cancelled switchover resumes the writes",
        "L1",
        "promotion/work.py",
        'if cause != SWITCHOVER or old is None or not old.reachable or old.role != "master":',
        "if True:",
        (f"{_SWITCHING}::test_a_successor_that_cancels_it_resumes_the_writes",),
        style="gentle",
    ),
    Mutation(
        "safety-at-promotion",
        "write_safety is set in the transaction that promotes",
        "S7",
        "promotion/steps.py",
        """\
    if step.safety is not None:
        commands += _demand(step.safety)
    elif kept and write:
""",
        """\
    if kept and write:
""",
        (f"{_STEPS}::test_what_a_primary_demands_of_writes_is_set_before_anybody_can_write_to_it",),
    ),
    Mutation(
        "self-fence",
        "a sentinel cut off from the majority pauses its primary",
        "S7",
        "sentinel/self_fence.py",
        "cut_off = self.cut_off_s(now) > self._lease_s",
        "cut_off = False",
        (f"{_FENCE}::test_nobody_is_paused_before_the_peers_could_be_found",),
    ),
    Mutation(
        "self-fence-lasts",
        "the pause ends only when the majority agrees that it is the primary",
        "S7",
        "sentinel/self_fence.py",
        "elif node == primary and agree(node, self._regained_at):",
        "elif node == primary:",
        ("tests/unit/sentinel/test_self_fence_end.py",),
    ),
)
